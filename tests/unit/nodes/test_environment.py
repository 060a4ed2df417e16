"""Which interpreter runs a tool, and how many at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.nodes.environment import find_node, find_python
from engine.nodes.kind import NodeError
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench


@pytest.fixture(autouse=True)
def no_choice_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OE_PYTHON", raising=False)


def make_program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_without_any_choice_it_is_our_own_python(tmp_path: Path) -> None:
    assert find_python(tmp_path, None) == sys.executable


def test_a_virtual_environment_beside_the_experience_beats_our_own(tmp_path: Path) -> None:
    beside = make_program(tmp_path / ".venv/bin/python")

    assert find_python(tmp_path, None) == str(beside)


def test_the_variable_beats_the_virtual_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(tmp_path / ".venv/bin/python")
    monkeypatch.setenv("OE_PYTHON", str(make_program(tmp_path / "other")))

    assert find_python(tmp_path, None) == str(tmp_path / "other")


def test_the_option_beats_the_variable_and_may_be_the_name_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OE_PYTHON", "/nowhere")

    assert find_python(tmp_path, "sh") == shutil.which("sh")


def test_a_choice_that_is_no_program_is_an_error_that_names_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OE_PYTHON", "/nowhere/python")

    with pytest.raises(NodeError, match="OE_PYTHON names /nowhere/python, which is no program"):
        find_python(tmp_path, None)


def test_without_node_the_error_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NodeError, match=r"install Node\.js 18 or newer"):
        find_node()


async def test_a_program_that_is_no_python_fails_the_node_with_what_it_printed(tmp_path: Path) -> None:
    program = make_program(tmp_path / "fake", "#!/bin/sh\necho this is no Python\nexit 4\n")
    bench = Bench(tmp_path, ToolKind(tmp_path, python=str(program)))
    bench.write("a.py", "def run(i): return {}")

    with pytest.raises(NodeError, match=r"(?s)ended with exit code 4.*this is no Python"):
        await bench.call("a.py")
    await bench.kind.close()


async def test_a_program_that_cannot_be_started_fails_the_node(tmp_path: Path) -> None:
    program = make_program(tmp_path / "broken", "#!/nowhere/sh\n")
    bench = Bench(tmp_path, ToolKind(tmp_path, python=str(program)))
    bench.write("a.py", "def run(i): return {}")

    with pytest.raises(NodeError, match="broken could not be started: No such file"):
        await bench.call("a.py")
    await bench.kind.close()


def test_of_the_cores_only_those_count_that_this_process_may_use() -> None:
    one = next(iter(os.sched_getaffinity(0)))

    said = subprocess.run(
        [sys.executable, "-c", "from engine.nodes.environment import cores; print(cores())"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {one}),
    ).stdout

    assert said == "1\n"
