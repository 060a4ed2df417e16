"""Open files have their unsaved text (oe_lsp/server/session/open_files.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.experience.files.disk import DiskFiles
from engine.experience.files.port import Entry
from oe_lsp.server.session.open_files import OpenFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "experience.yaml").write_text("name: saved\n")
    return tmp_path


def files(folder: Path, opened: Mapping[str, str]) -> OpenFiles:
    return OpenFiles(DiskFiles(folder), texts(folder, opened))


def texts(folder: Path, opened: Mapping[str, str]) -> dict[Path, str]:
    return {folder / name: text for name, text in opened.items()}


@pytest.mark.parametrize("path", ["inner/experience.yaml", "./inner/experience.yaml", "other/../inner/experience.yaml"])
def test_an_open_file_has_its_text_in_the_editor(folder: Path, path: str) -> None:
    assert files(folder, {}).text(path) == "name: saved\n"
    assert files(folder, {"inner/experience.yaml": "name: typed\n"}).text(path) == "name: typed\n"


def test_an_open_file_that_is_not_on_disk_is_missing(folder: Path) -> None:
    view = files(folder, {"inner/new.yaml": "name: typed\n"})

    assert view.entry("inner/new.yaml") is Entry.NOTHING
    assert view.text("inner/new.yaml") is None


def test_a_view_reads_a_file_once(folder: Path) -> None:
    opened = texts(folder, {"inner/experience.yaml": "name: typed\n"})
    view = OpenFiles(DiskFiles(folder), opened)
    assert view.text("inner/experience.yaml") == "name: typed\n"

    opened.clear()

    assert view.text("inner/experience.yaml") == "name: typed\n"


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ({}, {}, True),
        ({"inner/experience.yaml": "a"}, {"inner/experience.yaml": "a"}, True),
        ({}, {"inner/experience.yaml": "name: saved\n"}, True),
        ({}, {"inner/other.yaml": "a"}, True),
        ({}, {"inner/experience.yaml": "a"}, False),
        ({"inner/experience.yaml": "a"}, {"inner/experience.yaml": "b"}, False),
        ({"inner/experience.yaml": "a"}, {}, False),
    ],
)
def test_a_refreshed_view_is_a_new_one_if_a_file_it_has_read_has_changed(
    folder: Path, before: Mapping[str, str], after: Mapping[str, str], is_same: bool
) -> None:
    view = files(folder, before)
    view.text("inner/experience.yaml")

    assert (view.refreshed(texts(folder, after)) is view) is is_same


def test_a_view_knows_which_files_it_has_read(folder: Path) -> None:
    view = files(folder, {})
    view.text("./inner/experience.yaml")
    view.entry("inner/other.yaml")

    assert view.has_read(folder / "inner" / "experience.yaml")
    assert not view.has_read(folder / "inner" / "other.yaml")
