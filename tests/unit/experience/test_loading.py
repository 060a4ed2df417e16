"""An experience from disk: found, read within limits, and without errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.experience.load import (
    ExperienceNotFoundError,
    InvalidExperienceError,
    UnreadableExperienceError,
    load,
)

VALID = """\
name: größe
version: 1.0.0
state: {schema: {}}
graph: {nodes: [{id: a, kind: tool, impl: ./a.py}], edges: []}
"""


@pytest.fixture(autouse=True)
def tool(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def run(given): ...\n")


@pytest.mark.parametrize("named", [True, False], ids=["the file", "its directory"])
def test_an_experience_is_loaded_from(named: bool, tmp_path: Path) -> None:
    file = tmp_path / "experience.yaml"
    file.write_text(VALID, encoding="utf-8")

    loaded = load(file if named else tmp_path)

    assert loaded.experience.name == "größe"
    assert (loaded.path, loaded.directory, loaded.text) == (file, tmp_path, VALID)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_the_text(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(VALID, encoding=encoding)

    assert load(tmp_path).text == VALID


def test_another_suffix_works_when_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "experience.yml"
    file.write_text(VALID, encoding="utf-8")

    assert load(file).path == file
    with pytest.raises(ExperienceNotFoundError, match=r"experience\.yaml in .*; to use experience\.yml, give its path"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["", "missing.yaml"])
def test_what_is_not_there_is_reported_with_where_it_was_looked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExperienceNotFoundError, match=str(tmp_path)):
        load(tmp_path / name)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "experience.yaml"
    with file.open("wb") as stream:
        stream.truncate(5 * 1024 * 1024 + 1)

    with pytest.raises(UnreadableExperienceError, match="exceeds 5 MiB"):
        load(tmp_path)


def test_text_that_is_no_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_bytes(b"name: x\nversion: \xe9\n")

    with pytest.raises(UnreadableExperienceError, match="not UTF-8: byte 0xe9 on line 2"):
        load(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "experience.yaml")

    with pytest.raises(UnreadableExperienceError, match="not a regular file"):
        load(tmp_path)


def test_an_experience_with_errors_is_refused_with_all_of_them_at_their_places(tmp_path: Path) -> None:
    file = tmp_path / "experience.yaml"
    file.write_text(VALID.replace("tool", "tol") + "runtim: {}\n", encoding="utf-8")

    with pytest.raises(InvalidExperienceError) as caught:
        load(tmp_path)

    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{file}:4:31: error OE205 ")
    assert second.startswith(f"{file}:5:1: error OE204 ")


def test_an_experience_with_warnings_only_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(VALID.replace("kind:", "phse: x, kind:"), encoding="utf-8")

    assert [problem.severity.value for problem in load(tmp_path).analysis.problems] == ["warning"]
