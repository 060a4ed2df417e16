"""Files that killed processes left: unfinished logs, locks and cancel files of runs that never started, temporary
files. A prune removes them, but none of a living process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.log.storage.disk import Disk
from engine.log.storage.lock import may_be_held, remove_unheld
from engine.log.storage.run_store import PIN, RunStore, is_run_id

_SUFFIXES = (".jsonl.new", ".cancel", PIN, ".lock")
"""In the order of removal: the next prune finds the others by the lock."""

_ID_LENGTH = 36
_TEMPORARY = (".tmp", ".tmp-wal", ".tmp-shm", ".tmp-journal")
_TEMPORARY_AGE_NS = 3_600 * 10**9
"""Temporary files have no lock, and live for milliseconds. After an hour, their writer is dead, or can do without."""


def leftovers(store: RunStore, now_ns: int) -> Iterator[Path]:
    """The leftovers in a folder. `now_ns` is the time by the clock of its disk."""
    runs = [path for path in _files(store.runs) if _is_leftover(store, path)]
    yield from sorted(runs, key=lambda path: _SUFFIXES.index(path.name[_ID_LENGTH:]))
    for path in _files(store.data):
        if path.name.endswith(_TEMPORARY) and _written_ns(path) < now_ns - _TEMPORARY_AGE_NS:
            yield path


def remove_leftover(path: Path, disk: Disk) -> None:
    """Remove a leftover, unless it is gone or belongs to a living run by now. Raises OSError."""
    lock = path.with_name(path.name[:_ID_LENGTH] + _SUFFIXES[-1])
    if path == lock and not path.is_symlink():
        remove_unheld(lock, disk)
    elif not may_be_held(lock):
        path.unlink(missing_ok=True)


def _is_leftover(store: RunStore, path: Path) -> bool:
    run_id, rest = path.name[:_ID_LENGTH], path.name[_ID_LENGTH:]
    if rest not in _SUFFIXES or not is_run_id(run_id):
        return False
    # The log is checked last: it gets its name while the lock is held, and keeps it.
    return not may_be_held(store.lock(run_id)) and not store.log(run_id).exists()


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file() or path.is_symlink()]
    except FileNotFoundError:
        return []


def _written_ns(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except FileNotFoundError:
        return 0
