"""The runs of a folder: their paths under `.openexpertise/`, their order, and how a run is found by its id
(docs/design.md, The run log).
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from engine.log.events.timestamps import moment
from engine.log.storage.blobs import BLOB_FOLDER, Blobs
from engine.log.storage.disk import DISK, Disk, FileKind
from engine.log.storage.safe_open import DATA_FOLDER, refuse_links
from engine.regular_files import open_regular

PIN = ".pin"
"""The suffix of the files that keep runs from being pruned."""

_LOG = ".jsonl"
_RUN_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RUN_ID_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")
_BEGINNING = re.compile(
    rb'\{"type":"run\.started","seq":0,"ts":"([0-9T:.Z+-]{1,40})","runId":"[^"]{1,40}","v":\d+'
    rb'(?:,"order":(\d{1,15})\b)?(?:,"kind":"([a-z]{1,20})")?'
)
_BEGINNING_BYTES = 256


class RunNotFoundError(LookupError):
    """No run, or more than one, has the given id. The message is for the user."""


def is_run_id(text: str) -> bool:
    """Whether `text` is a whole run id; only such text may become part of a file name (docs/design.md, Trust)."""
    return _RUN_ID.fullmatch(text) is not None


class RunStore(Struct, frozen=True):
    """The runs of the experience in `directory`."""

    directory: Path

    @property
    def data(self) -> Path:
        """The folder that holds everything the engine writes."""
        return self.directory / DATA_FOLDER

    @property
    def runs(self) -> Path:
        """The folder of the run logs."""
        return self.data / "runs"

    @property
    def blobs(self) -> Blobs:
        """The contents that the logs refer to."""
        return Blobs(self.data / BLOB_FOLDER)

    def log(self, run_id: str) -> Path:
        """The log of a run. Raises ValueError for text that is no run id."""
        return self._file(run_id, _LOG)

    def lock(self, run_id: str) -> Path:
        """The file that is locked while the run is running."""
        return self._file(run_id, ".lock")

    def cancel(self, run_id: str) -> Path:
        """The file whose existence requests the cancellation of the run."""
        return self._file(run_id, ".cancel")

    def pin(self, run_id: str) -> Path:
        """The file whose existence keeps the run from being pruned."""
        return self._file(run_id, PIN)

    def prepare(self, disk: Disk = DISK) -> None:
        """Make the folders, private to the user and ignored by git. Raises OSError."""
        disk.make_folder(FileKind.DATA, self.data)
        ignore = self.data / ".gitignore"
        if not ignore.exists():
            disk.write_whole(FileKind.DATA, ignore, b"*\n")  # before there is anything to hide
        disk.make_folder(FileKind.DATA, self.runs)

    def run_ids(self) -> list[str]:
        """The ids of all runs, the last started first, whatever the clock said (engine.log.writing.run_order).

        Raises OSError where the folder cannot be read, or a symbolic link leads to it.
        """
        return [_run_id(log) for log in sorted(_logs(self.runs), key=_start_order, reverse=True)]

    def whole_run_ids(self) -> list[str]:
        """As `run_ids`, without the isolated runs of one node: `latest` is the first of these."""
        return [
            _run_id(log) for log in sorted(_logs(self.runs), key=_start_order, reverse=True) if not _is_isolated(log)
        ]

    def known_ids(self) -> list[str]:
        """As `run_ids`, in no order and without opening the logs."""
        return [_run_id(log) for log in _logs(self.runs)]

    def pinned_ids(self) -> frozenset[str]:
        """The ids of the runs that are pinned. Raises OSError as `run_ids` does."""
        return frozenset(entry.name.removesuffix(PIN) for entry in _files(self.runs, PIN))

    def find(self, wanted: str) -> str:
        """The run id that `wanted` is, or is an unambiguous prefix of.

        Raises RunNotFoundError, and OSError as `run_ids` does.
        """
        ids = self.known_ids()
        if wanted in ids:
            return wanted
        if not _RUN_ID_PREFIX.fullmatch(wanted):
            raise RunNotFoundError(f"'{wanted}' is not a run id. `oe runs` lists the runs of this experience.")
        matches = [run_id for run_id in ids if run_id.startswith(wanted)]
        if not matches:
            raise RunNotFoundError(
                f"run log not found: {self.runs / wanted}.jsonl. `oe runs` lists the runs of this experience."
            )
        if len(matches) > 1:
            raise RunNotFoundError(
                f"'{wanted}' matches {len(matches)} runs: {', '.join(matches[:5])}. Use a longer id."
            )
        return matches[0]

    def _file(self, run_id: str, suffix: str) -> Path:
        if not is_run_id(run_id):
            raise ValueError(f"not a run id: {run_id!r}")
        return self.runs / f"{run_id}{suffix}"


def _logs(runs: Path) -> list[os.DirEntry[str]]:
    return _files(runs, _LOG)


def _files(runs: Path, suffix: str) -> list[os.DirEntry[str]]:
    """The files of runs with this suffix."""
    refuse_links(runs)
    try:
        with os.scandir(runs) as entries:
            return [entry for entry in entries if entry.name.endswith(suffix) and is_run_id(entry.name[: -len(suffix)])]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _run_id(log: os.DirEntry[str]) -> str:
    return log.name.removesuffix(_LOG)


def _is_isolated(log: os.DirEntry[str]) -> bool:
    try:
        started = None if log.is_symlink() else _started(log.path, log.inode())
    except OSError:
        return False
    return started is not None and started[2] is not None


def _start_order(log: os.DirEntry[str]) -> tuple[int, float, str]:
    """The run's place in the order of runs, 0 in logs of older versions; its time in seconds; and its name."""
    try:
        started = None if log.is_symlink() else _started(log.path, log.inode())
        order, seconds = started[:2] if started else (0, log.stat(follow_symlinks=False).st_mtime)
    except OSError:
        order, seconds = 0, 0.0
    return order, seconds, log.name


@lru_cache(maxsize=4096)
def _started(path: str, inode: int) -> tuple[int, float, str | None] | None:  # noqa: ARG001 - a new file has a new first line
    """The place, the time and the kind in a log's first line; None where `oe` did not write it. Raises OSError."""
    with open_regular(path) as file:
        found = _BEGINNING.match(file.read(_BEGINNING_BYTES))
    if found is None:
        return None
    try:
        kind = found[3].decode() if found[3] else None
        return int(found[2] or 0), moment(found[1].decode()).timestamp(), kind
    except (ValueError, OverflowError):
        return None
