"""Fingerprints of files: correct after every change, and no reads where nothing changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.cache.keys.fingerprint_store import keep, recall
from engine.cache.keys.fingerprints import BIG, Fingerprints
from engine.canonical import hash_bytes


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are opened."""
    opened: list[str] = []
    real: Callable[..., Any] = Path.open

    def opening(self: Path, *args: Any, **options: Any) -> Any:
        opened.append(self.name)
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", opening)
    return opened


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def later() -> int:
    """A clock for which no change is young: from a young one nothing may be concluded."""
    return time.time_ns() + 10**12


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path: Path, reads: list[str]) -> None:
    file = written(tmp_path / "a.py", b"one")
    fingerprints = Fingerprints(clock=later)
    reads.clear()

    first = fingerprints.of(file)

    assert fingerprints.of(file) is first
    assert reads == ["a.py"]
    assert first.digest == hash_bytes(b"one")


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    fingerprints = Fingerprints()
    for number in range(200):
        content = f"{number:03}".encode()
        file.write_bytes(content)
        assert fingerprints.of(file).digest == hash_bytes(content)


def test_a_change_whose_time_was_set_back_is_seen(tmp_path: Path) -> None:
    file = written(tmp_path / "a.py", b"one")
    fingerprints = Fingerprints(clock=later)
    before = file.stat()
    fingerprints.of(file)

    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert fingerprints.of(file).digest == hash_bytes(b"two")


def test_another_file_under_the_same_name_is_seen(tmp_path: Path) -> None:
    file, other = written(tmp_path / "a.py", b"one"), written(tmp_path / "b.py", b"two")
    fingerprints = Fingerprints(clock=later)
    fingerprints.of(file)

    other.replace(file)

    assert fingerprints.of(file).digest == hash_bytes(b"two")


def test_line_ends_change_no_text(tmp_path: Path) -> None:
    unix, windows, binary = (tmp_path / name for name in ("unix.md", "windows.md", "binary"))
    unix.write_bytes(b"a\nb\n")
    windows.write_bytes(b"a\r\nb\r\n")
    binary.write_bytes(b"a\r\nb\r\n\0")
    of = Fingerprints().of

    assert of(unix).text_digest == of(windows).text_digest
    assert of(unix).digest != of(windows).digest
    assert of(binary).text_digest == of(binary).digest


@pytest.mark.parametrize("name", ["gone", "folder"])
def test_what_is_no_file_has_no_digest(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()

    assert Fingerprints().of(tmp_path / name).digest is None


def test_index_is_found_across_the_pieces_in_which_a_big_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "big.jsonl"
    file.write_bytes(b"." * (BIG - 3) + b"$index" + b"." * BIG)

    assert Fingerprints().of(file).names_index


def test_a_later_process_reads_no_big_file_again(tmp_path: Path, reads: list[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    file = written(tmp_path / "rows.jsonl", b"x" * BIG)
    fingerprints = Fingerprints(clock=later)
    first = fingerprints.of(file)
    keep(data, fingerprints.to_remember())
    reads.clear()

    assert Fingerprints(recall(data)).of(file) == first
    assert "rows.jsonl" not in reads


def test_a_young_file_is_not_remembered(tmp_path: Path) -> None:
    file = written(tmp_path / "rows.jsonl", b"x" * BIG)
    os.utime(file, ns=(0, later()))
    fingerprints = Fingerprints()
    fingerprints.of(file)

    assert fingerprints.to_remember() == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v": 1, "files": {"/x": [1]}}', b'{"v": 2, "files": {}}'])
def test_a_memory_that_cannot_be_read_is_no_memory(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fingerprints.json").write_bytes(content)

    assert recall(tmp_path) == {}
