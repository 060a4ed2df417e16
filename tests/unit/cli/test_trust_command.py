"""Trusted folders are remembered in the user's state folder; `oe trust` adds, lists and removes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.trusted_folders import TrustedFolders
from engine.user_folder import STATE_FOLDER_VARIABLE, state_folder
from tests.unit.cli.conftest import Oe


def test_no_folder_is_trusted_at_first(tmp_path: Path) -> None:
    assert not TrustedFolders(tmp_path / "state").contains(tmp_path)


def test_a_trusted_folder_is_trusted_by_the_next_server(tmp_path: Path) -> None:
    TrustedFolders(tmp_path / "state").add(tmp_path / "a")

    remembered = TrustedFolders(tmp_path / "state")

    assert remembered.contains(tmp_path / "a")
    assert not remembered.contains(tmp_path / "b")


def test_a_second_folder_does_not_replace_the_first(tmp_path: Path) -> None:
    folders = TrustedFolders(tmp_path)

    folders.add(tmp_path / "a")
    folders.add(tmp_path / "b")

    assert folders.contains(tmp_path / "a")
    assert folders.contains(tmp_path / "b")


def test_a_link_is_trusted_with_its_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    folders = TrustedFolders(tmp_path / "state")

    folders.add(tmp_path / "link")

    assert folders.contains(tmp_path / "real")


@pytest.mark.parametrize("content", ["", "{", "{}", "[1, null]", "\x00"])
def test_a_damaged_file_trusts_nothing_and_is_replaced_by_the_next_answer(tmp_path: Path, content: str) -> None:
    folders = TrustedFolders(tmp_path)
    (tmp_path / "trusted-folders.json").write_text(content)

    assert not folders.contains(tmp_path)
    folders.add(tmp_path)
    assert folders.contains(tmp_path)


def test_the_state_folder_is_the_platforms_unless_the_environment_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STATE_FOLDER_VARIABLE, raising=False)
    assert state_folder().name == "oe-lsp"

    monkeypatch.setenv(STATE_FOLDER_VARIABLE, str(tmp_path))
    assert state_folder() == tmp_path


def test_the_command_trusts_a_folder_for_the_server_and_revokes_it(tmp_path: Path, oe: Oe) -> None:
    state, folder = tmp_path / "state", tmp_path / "flow"
    folder.mkdir()
    (folder / "experience.yaml").write_text("name: flow\n")

    added = oe("trust", cwd=folder, OE_STATE_DIR=str(state))
    listed = oe("trust", "--list", OE_STATE_DIR=str(state))

    assert (added.code, added.err) == (0, "")
    assert listed.out == f"{folder}\n"
    assert TrustedFolders(state).contains(folder)
    assert not TrustedFolders(state).contains(tmp_path)

    removed = oe("trust", "--remove", "flow/experience.yaml", OE_STATE_DIR=str(state))

    assert removed.out == f"no longer trusted: {folder}\n"
    assert TrustedFolders(state).all() == ()


def test_the_command_refuses_a_missing_folder(tmp_path: Path, oe: Oe) -> None:
    state = str(tmp_path / "state")

    missing = oe("trust", "nowhere", OE_STATE_DIR=state)
    unknown = oe("trust", "--remove", ".", OE_STATE_DIR=state)
    both = oe("trust", ".", "--list", OE_STATE_DIR=state)

    assert (missing.code, missing.err) == (1, "oe: no such folder or file: nowhere\n")
    assert (unknown.code, unknown.err) == (1, f"oe: {tmp_path} is not trusted. `oe trust --list` shows what is.\n")
    assert (both.code, "only one of PATH, --list and --remove" in both.err) == (2, True)
