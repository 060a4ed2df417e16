"""What each attempt printed: `.openexpertise/output/<run-id>/<attemptId>.log` (docs/design.md, The run log)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.log.secrets import MASK, Secrets
from engine.log.store import RunStore, is_run_id

LIMIT_BYTES = 10_000_000
"""How much of one attempt's output is kept."""

CUT = b"\n[oe: 10 MB of output are kept; the rest is not]\n"


def output_folder(store: RunStore, run_id: str) -> Path:
    """Where the attempts of a run leave what they printed. Raises ValueError for text that is no run id."""
    if not is_run_id(run_id):
        raise ValueError(f"not a run id: {run_id!r}")
    return store.data / "output" / run_id


@dataclass(frozen=True, slots=True)
class Outputs:
    """The output files of one run, in `folder`, without `secrets`. Without a folder nothing is kept."""

    folder: Path | None = None
    secrets: Secrets = field(default_factory=Secrets)

    @contextlib.contextmanager
    def of(self, attempt_id: str, warn: Callable[[str], object]) -> Iterator[OutputFile]:
        """The file of one attempt, closed in the end; `warn` hears of what could not be kept."""
        file = OutputFile(None if self.folder is None else self.folder / f"{attempt_id}.log", self.secrets)
        try:
            yield file
        finally:
            file.close()
            if file.problem is not None:
                warn(file.problem)


class OutputFile:
    """Takes what an attempt prints. The file is made with the first byte, so that silence leaves none.

    Writing never raises: what cannot be kept is not worth the attempt. `problem` then says what went wrong.
    """

    def __init__(self, path: Path | None, secrets: Secrets) -> None:
        self.path = path
        self.problem: str | None = None
        self._secrets = secrets.texts
        self._held = b""
        self._left = LIMIT_BYTES
        self._descriptor = -1

    def write(self, data: bytes) -> None:
        """Append `data`, up to the limit, with secrets masked even where they come in pieces."""
        if self.path is None or self._left < 0 or self.problem is not None:
            return
        data = self._held + data
        for secret in self._secrets:
            data = data.replace(secret, MASK.encode())
        whole = len(data) - _begun(data, self._secrets)
        self._held = data[whole:]
        self._append(data[:whole])

    def close(self) -> None:
        """Write what was held back and let go of the file."""
        held, self._held = self._held, b""
        self._append(held)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._left = -1

    def _append(self, data: bytes) -> None:
        if not data or self.path is None or self._left < 0 or self.problem is not None:
            return
        kept = data if len(data) <= self._left else data[: self._left] + CUT
        self._left -= len(data)
        try:
            if self._descriptor < 0:
                self._descriptor = _create(self.path)
            left = memoryview(kept)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self.problem = f"what it prints cannot be kept in {self.path}: {error.strerror}"


def _begun(data: bytes, secrets: tuple[bytes, ...]) -> int:
    """How many bytes at the end of `data` may be the beginning of a secret."""
    return max((_overlap(data, secret) for secret in secrets), default=0)


def _overlap(data: bytes, secret: bytes) -> int:
    longest = min(len(data), len(secret) - 1)
    return next((length for length in range(longest, 0, -1) if data.endswith(secret[:length])), 0)


def _create(path: Path) -> int:
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
