"""Removes runs: their logs, what their attempts left, and the contents that no other log names.

Nothing here waits for a run, and no run for this. A run that is under way, or begins meanwhile, loses nothing: what it
keeps in a blob has, from that moment on, a time (`Blobs.keep`) that is not before the one of its lock.
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

from engine.log.events.events import RunFinished, RunStatus
from engine.log.prune.leftovers import leftovers, remove_leftover
from engine.log.reading.head_tail import Ends, read_ends
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.disk import DISK, Act, Disk, Thing
from engine.log.storage.lock import may_be_held
from engine.log.storage.run_store import RunStore, is_run_id
from engine.log.storage.safe_open import open_own, refuse_links
from engine.log.writing.attempt_outputs import OUTPUT_FOLDER, output_folder

_CHUNK = 1 << 20
_NAMED = 12
"""So many hex digits name a content in a log at least (inputParts)."""

_HEX = re.compile(rb"[0-9a-f]{12,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".going"
_UNFINISHED = ".tmp"


class Choice(Struct, frozen=True):
    """Which of the wanted runs go, the newest first. Those stay that are `running`, and those without which a run that
    stays, the value in `needed`, could not be resumed as well as with them.
    """

    going: tuple[str, ...]
    running: tuple[str, ...]
    needed: Mapping[str, str]


class Removal(Struct, frozen=True):
    """What goes: logs with all that belongs to them, and what belongs to no log. `size` is the sum of their bytes.

    A blob goes only if its time is still before `unused_since_ns` then.
    """

    runs: tuple[str, ...]
    outputs: tuple[Path, ...]
    leftovers: tuple[Path, ...]
    blobs: tuple[Path, ...]
    size: int
    unused_since_ns: int


def choose(store: RunStore, wanted: Collection[str]) -> Choice:
    """Of the runs that are `wanted` to go, those that may. Reads the ends of logs."""
    running = {run_id for run_id in wanted if may_be_held(store.lock(run_id))}
    going = [run_id for run_id in wanted if run_id not in running]
    needed: dict[str, str] = {}
    for kept in store.run_ids():
        if kept not in going:
            for forebear in _forebears(store, kept):
                if forebear in going:
                    going.remove(forebear)
                    needed[forebear] = kept
    return Choice(tuple(going), tuple(run_id for run_id in wanted if run_id in running), needed)


def plan_removal(store: RunStore, going: Collection[str]) -> Removal:
    """What would go with these runs. Raises OSError, also where a symbolic link leads to what is not ours to remove."""
    for folder in (store.runs, store.blobs.folder, store.data / OUTPUT_FOLDER):
        refuse_links(folder)
    # In this order. Whoever is seen to hold a lock names its blobs in its log sooner or later; whoever takes one later
    # is younger than the mark; and the log of whoever has let go of one is read after that, and is whole.
    now = _now_ns(store)
    since = _before_all(now, tuple(_held_since_ns(store)))
    staying = [run_id for run_id in store.run_ids() if run_id not in going]
    blobs = tuple(_unnamed(store, staying, since))
    outputs = tuple(_outputs_without_log(store, going))
    rest = tuple(leftovers(store, now))
    beside = (path for run_id in going for path in (*_beside(store, run_id), store.log(run_id)))
    size = sum(_size(path) for path in (*beside, *outputs, *rest, *blobs))
    return Removal(tuple(going), outputs, rest, blobs, size, since)


def carry_out(store: RunStore, removal: Removal, disk: Disk = DISK) -> None:
    """Remove it. What is gone already is no error. A log goes after what belongs to it, and blobs after the logs, so
    that a prune that was killed left nothing that the next one does not find. Raises OSError.
    """
    _put_back_what_lies_aside(store)
    for run_id in removal.runs:
        outputs, *beside = _beside(store, run_id)
        _remove_folder(disk, outputs)
        for path in (*beside, store.log(run_id)):
            _remove_file(disk, Thing.LOG, path)
    for outputs in removal.outputs:
        _remove_folder(disk, outputs)
    for path in removal.leftovers:
        remove_leftover(path, disk)
    for blob in removal.blobs:
        _remove_unused(disk, blob, removal.unused_since_ns)


def _forebears(store: RunStore, run_id: str) -> Iterator[str]:
    """The runs that a resume of this one would read, too: those before it, until one that lacks nothing."""
    seen = {run_id}
    while True:
        try:
            ends = read_ends(store.log(run_id))
        except (UnreadableLogError, OSError):
            return
        original = _original(ends)
        if original is None or original in seen or _lacks_nothing(ends):
            return
        seen.add(original)
        yield original
        run_id = original


def _original(ends: Ends) -> str | None:
    original: str | None = getattr(ends.started.event, "original_run_id", None)
    return original if original is not None and is_run_id(original) else None


def _lacks_nothing(ends: Ends) -> bool:
    """Whether each node was restored or completed: only then a log holds all that the runs before it held."""
    finished = ends.finished.event if ends.finished is not None else None
    return isinstance(finished, RunFinished) and finished.status is RunStatus.SUCCESS and not finished.counts.skipped


def _now_ns(store: RunStore) -> int:
    """The time by the clock of the disk, which is the one that the times of blobs and locks come from."""
    mark = store.data / f"prune.{uuid.uuid4().hex}.tmp"
    mark.touch(mode=0o600)
    try:
        return mark.stat().st_mtime_ns
    finally:
        mark.unlink()


def _before_all(now_ns: int, held_since_ns: tuple[int, ...]) -> int:
    """The mark: blobs with a later time stay. A run that began in the future tells that the clock was set back while
    it went on, so that no time says what it has kept since: all stay.
    """
    earliest = min([now_ns, *held_since_ns])
    return 0 if max([now_ns, *held_since_ns]) > now_ns else earliest


def _held_since_ns(store: RunStore) -> Iterator[int]:
    for lock in store.runs.glob("*.lock"):
        if may_be_held(lock):
            with contextlib.suppress(FileNotFoundError):
                yield lock.stat().st_mtime_ns


def _unnamed(store: RunStore, staying: Iterable[str], since_ns: int) -> Iterator[Path]:
    """The blobs, and the beginnings of some, that no log that stays names, and that nobody has kept since then."""
    found = {path.name: path for path in _entries(store.blobs.folder) if _is_older(path, since_ns)}
    unnamed = {name[:_NAMED] for name in found if _DIGEST.fullmatch(name)}
    for run_id in staying if unnamed else ():
        unnamed -= _names_in(store.log(run_id), unnamed)
    for name, path in found.items():
        if name.endswith(_UNFINISHED) or (_DIGEST.fullmatch(name) and name[:_NAMED] in unnamed):
            yield path


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_older(path: Path, moment_ns: int) -> bool:
    """Whether a file's time is before that moment; one that has gone is nobody's concern."""
    try:
        return path.lstat().st_mtime_ns < moment_ns
    except FileNotFoundError:
        return False


def _names_in(log: Path, wanted: Collection[str]) -> set[str]:
    """Those of the names that stand somewhere in a log, whatever the line says, or is. None where it has gone."""
    names: set[str] = set()
    try:
        with open_own(log) as file:
            rest = b""
            while chunk := file.read(_CHUNK):
                text = rest + chunk
                names.update(found.group()[:_NAMED].decode() for found in _HEX.finditer(text))
                rest = text[-64:]  # what stands on the border is read again, whole
    except FileNotFoundError:
        return set()
    return names.intersection(wanted)


def _outputs_without_log(store: RunStore, going: Collection[str]) -> Iterator[Path]:
    """What attempts left of runs whose logs somebody took away. A run that goes on has its log first."""
    for path in _entries(store.data / OUTPUT_FOLDER):
        run_id = path.name
        if not is_run_id(run_id) or run_id in going or store.log(run_id).exists():
            continue
        if not may_be_held(store.lock(run_id)):
            yield path


def _beside(store: RunStore, run_id: str) -> tuple[Path, ...]:
    return output_folder(store, run_id), store.cancel(run_id), store.lock(run_id)


def _size(path: Path) -> int:
    try:
        if path.is_dir() and not path.is_symlink():
            return sum(_size(Path(entry.path)) for entry in os.scandir(path))
        return path.lstat().st_size
    except OSError:
        return 0


def _remove_folder(disk: Disk, folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        _remove_file(disk, Thing.OUTPUT, folder)
        return
    disk.reach(Thing.OUTPUT, Act.DELETE)
    while folder.is_dir():
        with contextlib.suppress(FileNotFoundError):  # another prune takes away the same
            shutil.rmtree(folder)


def _remove_file(disk: Disk, thing: Thing, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        disk.delete(thing, path)


def _remove_unused(disk: Disk, blob: Path, since_ns: int) -> None:
    """Take a blob away, unless somebody began to use it.

    Once it lies aside, whoever keeps the same content writes it anew; whoever did before has given it a new time.
    """
    aside = blob.with_name(blob.name + _ASIDE)
    with contextlib.suppress(FileNotFoundError):
        blob.rename(aside)
        if aside.lstat().st_mtime_ns < since_ns:
            disk.delete(Thing.BLOB, aside)
        else:
            aside.rename(blob)


def _put_back_what_lies_aside(store: RunStore) -> None:
    """A prune that was killed at that very moment may have left a blob that somebody uses."""
    for aside in store.blobs.folder.glob(f"*{_ASIDE}"):
        blob = aside.with_name(aside.name.removesuffix(_ASIDE))
        with contextlib.suppress(FileNotFoundError):
            aside.unlink() if blob.exists() else aside.rename(blob)
