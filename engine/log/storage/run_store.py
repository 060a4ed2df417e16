"""Where runs live on disk: the paths under `.openexpertise/`, and finding a run by its id
(docs/design.md, The run log).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.log.storage.blobs import Blobs
from engine.log.storage.disk import DISK, Disk, Thing
from engine.log.storage.run_files import RUN_ID, RUNS_FOLDER, newest_runs, run_ids
from engine.log.storage.safe_open import DATA_FOLDER

_RUN_ID_PREFIX = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")


class RunNotFoundError(LookupError):
    """No run, or more than one, answers to the id that was given. The message is for the user."""


def is_run_id(text: str) -> bool:
    """Whether `text` is a whole run id; only such text may become part of a file name (docs/design.md, Trust)."""
    return RUN_ID.fullmatch(text) is not None


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
        return self.data / RUNS_FOLDER

    @property
    def blobs(self) -> Blobs:
        """The contents that the logs name."""
        from engine.log.storage.blobs import BLOB_FOLDER, Blobs  # a list of runs does without

        return Blobs(self.data / BLOB_FOLDER)

    def log(self, run_id: str) -> Path:
        """The log of a run. Raises ValueError for text that is no run id."""
        return self._file(run_id, "jsonl")

    def lock(self, run_id: str) -> Path:
        """The file whose lock says that the run is going on."""
        return self._file(run_id, "lock")

    def cancel(self, run_id: str) -> Path:
        """The file whose existence asks the run to end."""
        return self._file(run_id, "cancel")

    def prepare(self, disk: Disk = DISK) -> None:
        """Make the folders, for the user alone and unseen by git. Raises OSError."""
        disk.make_folder(Thing.DATA, self.data)
        ignore = self.data / ".gitignore"
        if not ignore.exists():
            disk.write_whole(Thing.DATA, ignore, b"*\n")  # before there is anything to hide
        disk.make_folder(Thing.DATA, self.runs)

    def run_ids(self) -> list[str]:
        """The ids of all runs, the one that began last first, whatever the clock said (engine.log.writing.run_order).

        Raises OSError where the folder cannot be read, or a symbolic link leads to it.
        """
        return newest_runs(self.runs)

    def known_ids(self) -> list[str]:
        """As `run_ids`, in no order and without a look into the logs."""
        return run_ids(self.runs)

    def find(self, wanted: str) -> str:
        """The run id that `wanted`, a whole id or an unambiguous beginning of one, stands for.
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
                f"'{wanted}' is the beginning of {len(matches)} runs: {', '.join(matches[:5])}. Give more of it."
            )
        return matches[0]

    def _file(self, run_id: str, suffix: str) -> Path:
        if not is_run_id(run_id):
            raise ValueError(f"not a run id: {run_id!r}")
        return self.runs / f"{run_id}.{suffix}"
