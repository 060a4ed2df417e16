"""What `run` and `resume` print while a run goes on: the choice of a reporter, and the one for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from engine.cli.levels import LogLevel, level_of
from engine.cli.options import LogFormat, LogOptions
from engine.cli.stdout import Stdout
from engine.expressions import Json
from engine.log.codec import to_json
from engine.log.events import Record
from engine.runner.preparation import Preparation
from engine.runner.session import Ended


class Reporter(Protocol):
    """Sees every record of a run, then its end."""

    def record(self, record: Record) -> None:
        """A record was written."""

    def ended(self, preparation: Preparation, ended: Ended) -> None:
        """The run ended; this line is printed at every level."""


def reporter(log: LogOptions) -> Reporter:
    """The reporter that the options ask for."""
    if log.format is LogFormat.JSON:
        return JsonReporter(log.level, Stdout())
    from engine.cli.pretty import PrettyReporter  # rich takes 80 ms, which machines need not wait for

    return PrettyReporter(log.level, Stdout())


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

    def ended(self, preparation: Preparation, ended: Ended) -> None:
        """See Reporter."""
        line: dict[str, Json] = {"level": "info", "runId": ended.run_id, "status": ended.finished.status.value}
        if preparation.original is not None:
            self._print({**line, "originalRunId": preparation.original.run_id, "msg": "resume complete"})
        else:
            self._print({**line, "finalState": dict(ended.final_state), "msg": "run complete"})

    def _print(self, line: Mapping[str, Json]) -> None:
        self._out.line(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
