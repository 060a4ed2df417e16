"""Removes runs: their logs, the outputs of their attempts, and the blobs that no other log refers to.

Never waits for a run, and no run waits for this. A run that is running or starts meanwhile loses nothing: a blob that
it uses has a time (`Blobs.keep`) not before that of its lock.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.log.events.events import RunFinished, RunStarted, RunStatus
from engine.log.prune.leftovers import leftovers, remove_leftover
from engine.log.reading.head_tail import Ends, read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.disk import DISK, Disk, FileKind, Operation
from engine.log.storage.lock import may_be_held
from engine.log.storage.run_store import RunStore, is_run_id
from engine.log.storage.safe_open import open_own, refuse_links
from engine.log.writing.attempt_outputs import OUTPUT_FOLDER, output_folder

_CHUNK = 1 << 20
_DIGEST_PREFIX = 12
"""The fewest hex digits with which a log refers to a content (inputParts)."""

_HEX = re.compile(rb"[0-9a-f]{12,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".going"
_UNFINISHED = ".tmp"


class Choice(Struct, frozen=True):
    """The wanted runs to be removed, the newest first, and those that are kept: because they are `running`, `pinned`,
    or `needed` to resume a kept run, which is the value.
    """

    removed: tuple[str, ...]
    running: tuple[str, ...]
    needed: Mapping[str, str]
    pinned: tuple[str, ...] = ()


class Removal(Struct, frozen=True):
    """The files to remove: those of `runs`, and those that belong to no log. `size` is the sum of their bytes.

    A blob is removed only if its time is still before `unused_since_ns` then.
    """

    runs: tuple[str, ...]
    outputs: tuple[Path, ...]
    leftovers: tuple[Path, ...]
    blobs: tuple[Path, ...]
    size: int
    unused_since_ns: int


def choose(store: RunStore, wanted: Collection[str]) -> Choice:
    """Decide which of the `wanted` runs may be removed. Reads the first and last lines of logs."""
    running = {run_id for run_id in wanted if may_be_held(store.lock(run_id))}
    pinned = store.pinned_ids() - running
    removed = [run_id for run_id in wanted if run_id not in running and run_id not in pinned]
    needed: dict[str, str] = {}
    for kept in store.run_ids():
        if kept not in removed:
            for original in _needed_originals(store, kept):
                if original in removed:
                    removed.remove(original)
                    needed[original] = kept
    return Choice(
        tuple(removed),
        tuple(run_id for run_id in wanted if run_id in running),
        needed,
        tuple(run_id for run_id in wanted if run_id in pinned),
    )


def forced(choice: Choice) -> Choice:
    """The same, with the pinned and the needed runs removed, too: a resume of a run that needs one of these runs again
    what only that one completed.
    """
    return replace(choice, removed=(*choice.removed, *choice.needed, *choice.pinned))


def plan_removal(store: RunStore, run_ids: Collection[str]) -> Removal:
    """All files to remove with these runs. Raises OSError, also if a symbolic link leads out of the folder."""
    for folder in (store.runs, store.blobs.folder, store.data / OUTPUT_FOLDER):
        refuse_links(folder)
    # The order matters. A run that holds a lock now refers to its blobs sooner or later; one that takes a lock later is
    # younger than the mark; and the log of one that has released its lock is read after that, and is complete.
    now = _now_ns(store)
    since = _unused_mark(now, tuple(_held_since_ns(store)))
    staying = [run_id for run_id in store.run_ids() if run_id not in run_ids]
    blobs = tuple(_unused_blobs(store, staying, since))
    outputs = tuple(_outputs_without_log(store, run_ids))
    rest = tuple(leftovers(store, now))
    beside = (path for run_id in run_ids for path in (*_beside(store, run_id), store.log(run_id)))
    size = sum(_size(path) for path in (*beside, *outputs, *rest, *blobs))
    return Removal(tuple(run_ids), outputs, rest, blobs, size, since)


def remove(store: RunStore, removal: Removal, disk: Disk = DISK) -> None:
    """Remove these files; missing ones are no error. A log is removed after its other files, and blobs after the logs,
    so that the next prune finds what a killed one left. Raises OSError.
    """
    _restore_moved_blobs(store)
    for run_id in removal.runs:
        outputs, *beside = _beside(store, run_id)
        _remove_folder(disk, outputs)
        for path in (*beside, store.log(run_id)):
            _remove_file(disk, FileKind.LOG, path)
    for outputs in removal.outputs:
        _remove_folder(disk, outputs)
    for path in removal.leftovers:
        remove_leftover(path, disk)
    for blob in removal.blobs:
        _remove_unused(disk, blob, removal.unused_since_ns)


def _needed_originals(store: RunStore, run_id: str) -> Iterator[str]:
    """The runs that a resume of this one would also read: those before it, until one that is complete."""
    seen = {run_id}
    while True:
        try:
            ends = read_ends(store.log(run_id))
        except (UnreadableLogError, OSError):
            return
        original = _original(ends)
        if original is None or original in seen or _is_complete(ends):
            return
        seen.add(original)
        yield original
        run_id = original


def _original(ends: Ends) -> str | None:
    started = ends.started.event
    if not isinstance(started, RunStarted) or started.kind is not None:
        return None
    original = started.original_run_id
    return original if original is not None and is_run_id(original) else None


def _is_complete(ends: Ends) -> bool:
    """Whether each node was restored or completed: only then a log holds all that earlier logs hold."""
    finished = ends.finished.event if ends.finished is not None else None
    return isinstance(finished, RunFinished) and finished.status is RunStatus.SUCCESS and not finished.counts.skipped


def _now_ns(store: RunStore) -> int:
    """The time by the clock of the disk, like the times of blobs and locks."""
    mark = store.data / f"prune.{uuid.uuid4().hex}.tmp"
    mark.touch(mode=0o600)
    try:
        return mark.stat().st_mtime_ns
    finally:
        mark.unlink()


def _unused_mark(now_ns: int, held_since_ns: tuple[int, ...]) -> int:
    """The mark: blobs with a later time are kept. If a run started in the future, the clock was set back during it,
    so that times do not show what it has used since: all blobs are kept.
    """
    earliest = min([now_ns, *held_since_ns])
    return 0 if max([now_ns, *held_since_ns]) > now_ns else earliest


def _held_since_ns(store: RunStore) -> Iterator[int]:
    for lock in store.runs.glob("*.lock"):
        if may_be_held(lock):
            with contextlib.suppress(FileNotFoundError):
                yield lock.stat().st_mtime_ns


def _unused_blobs(store: RunStore, staying: Iterable[str], since_ns: int) -> Iterator[Path]:
    """The blobs, finished or not, that no kept log refers to, and that no run has used since the mark."""
    found = {path.name: path for path in _entries(store.blobs.folder) if _is_older(path, since_ns)}
    unused = {name[:_DIGEST_PREFIX] for name in found if _DIGEST.fullmatch(name)}
    for run_id in staying if unused else ():
        unused -= _references_in(store.log(run_id), unused)
    for name, path in found.items():
        if name.endswith(_UNFINISHED) or (_DIGEST.fullmatch(name) and name[:_DIGEST_PREFIX] in unused):
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_older(path: Path, moment_ns: int) -> bool:
    """Whether a file's time is before that moment; False if it is gone."""
    try:
        return path.lstat().st_mtime_ns < moment_ns
    except FileNotFoundError:
        return False


def _references_in(log: Path, wanted: Collection[str]) -> set[str]:
    """Those of the wanted digests that occur anywhere in a log. Empty if the log is gone."""
    found: set[str] = set()
    try:
        with open_own(log) as file:
            rest = b""
            while chunk := file.read(_CHUNK):
                text = rest + chunk
                found.update(digest.group()[:_DIGEST_PREFIX].decode() for digest in _HEX.finditer(text))
                rest = text[-64:]  # a digest may span two chunks
    except FileNotFoundError:
        return set()
    return found.intersection(wanted)


def _outputs_without_log(store: RunStore, run_ids: Collection[str]) -> Iterator[Path]:
    """The output folders of runs without a log. A running run has its log before any output."""
    for path in _entries(store.data / OUTPUT_FOLDER):
        run_id = path.name
        if not is_run_id(run_id) or run_id in run_ids or store.log(run_id).exists():
            continue
        if not may_be_held(store.lock(run_id)):
            yield path


def _beside(store: RunStore, run_id: str) -> tuple[Path, ...]:
    return output_folder(store, run_id), store.cancel(run_id), store.pin(run_id), store.lock(run_id)


def _size(path: Path) -> int:
    try:
        if path.is_dir() and not path.is_symlink():
            return sum(_size(Path(entry.path)) for entry in os.scandir(path))
        return path.lstat().st_size
    except OSError:
        return 0


def _remove_folder(disk: Disk, folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        _remove_file(disk, FileKind.OUTPUT, folder)
        return
    disk.before(FileKind.OUTPUT, Operation.DELETE)
    while folder.is_dir():
        with contextlib.suppress(FileNotFoundError):  # another prune removes it, too
            shutil.rmtree(folder)


def _remove_file(disk: Disk, kind: FileKind, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        disk.delete(kind, path)


def _remove_unused(disk: Disk, blob: Path, since_ns: int) -> None:
    """Remove a blob, unless a run has started to use it.

    Once it is moved aside, a run that keeps the same content writes it again; one that did before renewed its time.
    """
    aside = blob.with_name(blob.name + _ASIDE)
    with contextlib.suppress(FileNotFoundError):
        blob.rename(aside)
        if aside.lstat().st_mtime_ns < since_ns:
            disk.delete(FileKind.BLOB, aside)
        else:
            aside.rename(blob)


def _restore_moved_blobs(store: RunStore) -> None:
    """Restore blobs that a prune moved aside when it was killed: a run may be using them."""
    for aside in store.blobs.folder.glob(f"*{_ASIDE}"):
        blob = aside.with_name(aside.name.removesuffix(_ASIDE))
        with contextlib.suppress(FileNotFoundError):
            aside.unlink() if blob.exists() else aside.rename(blob)
