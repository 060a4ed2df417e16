"""What `run`, `resume` and `inspect --follow` print while a run goes on: the choice of a reporter, and the one for
machines.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from engine.cli.log_options import LogFormat, LogLevel, LogOptions
from engine.cli.output.event_levels import level_of
from engine.cli.output.stdout import Stdout
from engine.expressions import Json
from engine.log.events.codec import to_json
from engine.log.events.events import Record, RunFinished, RunStatus
from engine.visible import visible_json

EXIT_CODES = {RunStatus.SUCCESS: 0, RunStatus.FAILURE: 1, RunStatus.WAITING: 3, RunStatus.CANCELLED: 130}
"""What `run`, `resume` and `inspect --follow` exit with (docs/design.md, The oe command)."""


class RunEnd(Struct, frozen=True):
    """How a run ended, and what its reader needs to go on: the experience's `folder`, the run that it resumed."""

    run_id: str
    finished: RunFinished
    folder: Path
    original_run_id: str | None
    final_state: Mapping[str, Json]


class Reporter(Protocol):
    """Sees every record of a run, then its end; `close` comes last, whatever happened."""

    def record(self, record: Record) -> None:
        """A record was written."""

    def ended(self, end: RunEnd) -> None:
        """The run ended; this is printed at every level."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def reporter(log: LogOptions) -> Reporter:
    """The reporter that the options ask for: a table that lives where a person watches, lines everywhere else."""
    if log.format is LogFormat.JSON:
        return JsonReporter(log.level, Stdout())
    # rich takes 80 ms, which machines need not wait for
    if log.level is LogLevel.INFO and _is_watched():
        from engine.cli.output.live import LiveReporter

        return LiveReporter()
    from engine.cli.output.pretty import PrettyReporter

    return PrettyReporter(log.level, Stdout())


def _is_watched() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


class JsonReporter:
    """One JSON object a line: the event's own fields between `level` and `msg` (docs/design.md, The oe command)."""

    def __init__(self, level: LogLevel, out: Stdout) -> None:
        self._level = level
        self._out = out

    def record(self, record: Record) -> None:
        """See Reporter."""
        level = level_of(record.event)
        if self._level.shows(level):
            self._print({"level": level.value, **to_json(record), "msg": record.event.type})

    def ended(self, end: RunEnd) -> None:
        """See Reporter."""
        line: dict[str, Json] = {"level": "info", "runId": end.run_id, "status": end.finished.status.value}
        items = end.finished.failed_items
        if items is not None and items.failed:
            line["failedItems"] = {"failed": items.failed, "total": items.total}
        if end.original_run_id is not None:
            self._print({**line, "originalRunId": end.original_run_id, "msg": "resume complete"})
        else:
            self._print({**line, "finalState": dict(end.final_state), "msg": "run complete"})

    def close(self) -> None:
        """See Reporter."""

    def _print(self, line: Mapping[str, Json]) -> None:
        self._out.line(visible_json(json.dumps(line, ensure_ascii=False, separators=(",", ":"))))
