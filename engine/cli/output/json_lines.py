"""Reports a run as JSON, one object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engine.cli.log_options import LogLevel
from engine.cli.output.event_levels import level_of
from engine.cli.output.printing import LineWriter
from engine.cli.output.reporter import RunEnd
from engine.json_types import Json
from engine.log.events.codec import to_json
from engine.log.events.events import Record
from engine.visible import visible_json


class JsonReporter:
    """Writes the event's own fields between `level` and `msg` (docs/design.md, The oe command)."""

    def __init__(self, level: LogLevel) -> None:
        self._level = level
        self._out = LineWriter()

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
