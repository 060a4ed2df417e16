"""The key of a user: created once, readable by its owner alone, and never a reason for a run to fail."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.cache.keys.user_key import KEY_FILE, load_key, user_key


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"

    first, second = load_key(folder), load_key(folder)

    assert first == second
    assert len(first.content) == 32
    assert first.problem is None
    assert (mode(folder), mode(folder / KEY_FILE)) == (0o700, 0o600)
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_every_folder_has_its_own_key_and_its_id_does_not_reveal_it(tmp_path: Path) -> None:
    one, other = load_key(tmp_path / "a"), load_key(tmp_path / "b")

    assert one.content != other.content
    assert one.id != other.id
    assert one.id not in one.content.hex()
    assert one.content.hex() not in repr(one)
    assert repr(one.content) not in repr(one)


def test_processes_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_key(tmp_path).content, range(64)))

    assert len(keys) == 1


def test_on_a_disk_without_hard_links_it_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)

    assert load_key(tmp_path) == load_key(tmp_path)


@pytest.mark.parametrize("content", [b"short", b"x" * 33])
def test_a_damaged_key_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)

    key = load_key(tmp_path)

    assert key.problem is None
    assert (tmp_path / KEY_FILE).read_bytes() == key.content != content
    assert mode(tmp_path / KEY_FILE) == 0o600


def test_a_key_that_others_may_read_becomes_its_owner_s_alone(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)

    assert load_key(tmp_path) == key
    assert mode(tmp_path / KEY_FILE) == 0o600


@pytest.mark.parametrize("what", ["a link", "a folder", "a file where the folder should be"])
def test_a_key_that_cannot_be_kept_is_valid_for_this_process_and_the_problem_is_reported(
    tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "state"
    if what == "a file where the folder should be":
        folder.write_text("")
    else:
        folder.mkdir()
    if what == "a link":
        (tmp_path / "elsewhere").write_bytes(b"k" * 32)
        (folder / KEY_FILE).symlink_to(tmp_path / "elsewhere")
    if what == "a folder":
        (folder / KEY_FILE).mkdir()

    one, other = load_key(folder), load_key(folder)

    assert one.id != other.id
    assert one.problem is not None
    assert str(folder / KEY_FILE) in one.problem
    assert "OE_STATE_DIR" in one.problem


def test_it_is_in_the_folder_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OE_STATE_DIR", str(tmp_path / "named"))

    assert user_key() == load_key(tmp_path / "named")
