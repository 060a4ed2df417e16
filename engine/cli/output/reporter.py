"""What reports a run while it goes on, and what it needs at its end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from engine.json_types import Json
from engine.log.events.events import Record, RunFinished, RunStatus

EXIT_CODES = {RunStatus.SUCCESS: 0, RunStatus.FAILURE: 1, RunStatus.WAITING: 3, RunStatus.CANCELLED: 130}
"""The exit codes of `run`, `resume` and `inspect --follow` (docs/design.md, The oe command)."""


class RunEnd(Struct, frozen=True):
    """The end of a run. `folder` is that of its experience, `wrote` what it wrote to each field of the state."""

    run_id: str
    finished: RunFinished
    folder: Path
    original_run_id: str | None
    final_state: Mapping[str, Json]
    wrote: Mapping[str, Json] = field(default_factory=dict)


class Reporter(Protocol):
    """Gets every record of a run, then its end. `close` is called last, also after an error."""

    def record(self, record: Record) -> None:
        """Report a record of the log."""

    def ended(self, end: RunEnd) -> None:
        """Report the end of the run, at every level."""

    def close(self) -> None:
        """Restore the terminal."""
