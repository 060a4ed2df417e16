"""The files of an attempt in `.openexpertise/output/<run-id>/`: `<attemptId>.log` has its output, `.exchange.jsonl` its
exchange with a model (docs/design.md, The run log).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct, field

from engine.log.secrets.masking import MaskedStream, Secrets
from engine.log.storage.disk import DISK, Disk, FileKind
from engine.log.storage.run_store import RunStore, is_run_id
from engine.log.storage.safe_open import refuse_links
from engine.log.writing.llm_transcript import LlmTranscript

OUTPUT_FOLDER = "output"

LIMIT_BYTES = 10_000_000
"""The most output that is kept of an attempt."""

CUT = b"\n[oe: output is limited to 10 MB; the rest was dropped]\n"


def output_folder(store: RunStore, run_id: str) -> Path:
    """The folder for the output of a run's attempts. Raises ValueError for text that is no run id."""
    if not is_run_id(run_id):
        raise ValueError(f"not a run id: {run_id!r}")
    return store.data / OUTPUT_FOLDER / run_id


class Outputs(Struct, frozen=True):
    """The output files of one run, in `folder`, with `secrets` masked. Without a folder, nothing is kept."""

    folder: Path | None = None
    secrets: Secrets = field(default_factory=Secrets)
    disk: Disk = DISK

    def of(self, attempt_id: str, warn: Callable[[str], object]) -> contextlib.AbstractContextManager[OutputFile]:
        """The file for the output of an attempt; `warn` is called if it could not be written."""
        return self._kept(f"{attempt_id}.log", self.secrets, warn)

    @contextlib.contextmanager
    def exchange(self, attempt_id: str, warn: Callable[[str], object]) -> Iterator[LlmTranscript]:
        """The file for an attempt's exchange with a model; as `of`."""
        # The transcript masks values: masking its JSON could replace a number or a brace.
        with self._kept(f"{attempt_id}.exchange.jsonl", Secrets(), warn) as file:
            yield LlmTranscript(file.write, self.secrets)

    @contextlib.contextmanager
    def _kept(self, name: str, secrets: Secrets, warn: Callable[[str], object]) -> Iterator[OutputFile]:
        file = OutputFile(self.folder, name, secrets, self.disk)
        try:
            yield file
        finally:
            file.close()
            if file.problem is not None:
                warn(file.problem)


class OutputFile:
    """The file `name` of an attempt, created with the first byte. Without a folder, nothing is kept.

    Writing never raises, since lost output must not fail the attempt. `problem` then says what went wrong.
    """

    def __init__(self, folder: Path | None, name: str, secrets: Secrets, disk: Disk = DISK) -> None:
        self._folder = folder
        self._name = name
        self.problem: str | None = None
        self._masked = MaskedStream(secrets)
        self._disk = disk
        self._left = LIMIT_BYTES
        self._descriptor = -1

    @property
    def path(self) -> Path | None:
        """The path of the file, if it is kept."""
        return None if self._folder is None else self._folder / self._name

    def write(self, data: bytes) -> None:
        """Append `data`, up to the limit, with secrets masked even across calls."""
        if self._folder is None or self._left < 0 or self.problem is not None:
            return
        self._append(self._masked.feed(data))

    def close(self) -> None:
        """Write the rest and close the file."""
        self._append(self._masked.end())
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._left = -1

    def _append(self, data: bytes) -> None:
        path = self.path if data else None
        if path is None or self._left < 0 or self.problem is not None:
            return
        kept = data if len(data) <= self._left else data[: self._left] + CUT
        self._left -= len(data)
        try:
            if self._descriptor < 0:
                self._descriptor = _create(self._disk, path)
            self._disk.write_all(FileKind.OUTPUT, self._descriptor, kept)
        except OSError as error:
            self.problem = f"output cannot be written to {path}: {error.strerror}"


def _create(disk: Disk, path: Path) -> int:
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)  # not synced: these files hold no results
    refuse_links(path.parent)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return disk.create(FileKind.OUTPUT, path, exclusive=False)
