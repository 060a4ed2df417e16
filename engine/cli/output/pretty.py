"""Reports a run to people, one line per event, in colour on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TextIO, cast

from rich.text import Text

from engine.cli.log_options import LogLevel
from engine.cli.output.console import TerminalStream, VisibleConsole
from engine.cli.output.event_levels import level_of
from engine.cli.output.final_values import last_value_lines
from engine.cli.output.printing import LineWriter
from engine.cli.output.reporter import RunEnd
from engine.cli.output.shell_commands import inspect_command, resume_command
from engine.log.events.events import (
    NodeActivity,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeEvent,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeTokens,
    NodeWarning,
    Record,
    RunFinished,
    RunStarted,
    RunStatus,
    RunWarning,
)
from engine.log.humanize import budget_text, counts_text, duration, failed_items_text, higher_budget, place_text, sum_of
from engine.log.reading.view import NodeStatus, RunView
from engine.report.status_signs import SIGNS

_ENDINGS = {
    RunStatus.SUCCESS: ("✓ succeeded", "green"),
    RunStatus.FAILURE: ("✗ failed", "red"),
    RunStatus.CANCELLED: ("■ cancelled", "yellow"),
    RunStatus.WAITING: ("… waiting", "yellow"),
}
_NAME_WIDTH = 24


class PrettyReporter:
    """Prints a line per event. Items of a fan-out get a line only when they fail."""

    def __init__(self, level: LogLevel) -> None:
        self._level = level
        self._out = LineWriter()
        self._console = VisibleConsole(file=cast(TextIO, TerminalStream(sys.stdout)), highlight=False, soft_wrap=True)
        self._view = RunView()
        self._printed: set[tuple[str, str]] = set()

    def record(self, record: Record) -> None:
        """See Reporter."""
        self._view.apply(record)
        event = record.event
        level = LogLevel.INFO if isinstance(event, NodeStarted) else level_of(event)
        if not self._level.shows(LogLevel.DEBUG if self._is_routine_item(event) else level):
            return
        if isinstance(event, RunStarted):
            self._print(run_headline(record.run_id, event))
        elif isinstance(event, RunWarning):
            self._print(warning_line(event))
        elif not isinstance(event, RunFinished) and not self._was_printed(event):
            self._print(node_line(event))

    def ended(self, end: RunEnd) -> None:
        """See Reporter."""
        rest = inspect_command(end.run_id, end.folder)
        values = last_value_lines(end.wrote, rest) if self._level.shows(LogLevel.INFO) else ()
        for line in (*values, *end_lines(end, self._view)):
            self._print(line)

    def close(self) -> None:
        """See Reporter."""

    def _is_routine_item(self, event: object) -> bool:
        return bool(getattr(event, "scope", ())) and not isinstance(event, (NodeFailed, NodeWarning, NodeAttempt))

    def _was_printed(self, event: NodeEvent) -> bool:
        """Whether another item failed or warned with the same message, which is printed once."""
        if not isinstance(event, (NodeFailed, NodeWarning)) or not event.scope:
            return False
        message = (event.node_id, event.message if isinstance(event, NodeWarning) else event.error.message)
        was_printed = message in self._printed
        self._printed.add(message)
        return was_printed

    def _print(self, text: Text) -> None:
        with self._console.capture() as captured:
            self._console.print(text)
        self._out.line(captured.get().rstrip("\n"))


def end_lines(end: RunEnd, view: RunView) -> Iterator[Text]:
    """How the run ended, and the command that resumes it unless it succeeded."""
    finished = end.finished
    words, style = _ENDINGS[finished.status]
    failed = view.failed_at
    where = f" at {failed.node_id}" if failed is not None and finished.status is RunStatus.FAILURE else ""
    if finished.status is RunStatus.SUCCESS and (items := view.failed_items).failed:
        where, style = f", {failed_items_text(items.failed, items.total)}", "yellow"
    if finished.budget is not None:
        where = f": {budget_text(finished.budget)}"
    summary = f" · {counts_text(finished.counts)} · {duration(finished.duration_ms)}"
    yield Text.assemble((words + where, style), summary, f" · run {end.run_id}")
    is_isolated = view.started is not None and view.started.kind is not None
    if finished.status is not RunStatus.SUCCESS and not is_isolated:
        higher = "" if finished.budget is None else f" {higher_budget(finished.budget)}"
        yield Text(f"Resume with: {resume_command(end.run_id, end.folder)}{higher}", "dim")


def run_headline(run_id: str, event: RunStarted) -> Text:
    """The first line of a report of a run."""
    name = f"{event.experience.name} {event.experience.version}" if event.experience else "experience"
    done = "resuming" if event.kind is None else f"{event.kind} {event.address} of"
    resumes = f", {done} {event.original_run_id}" if event.original_run_id else ""
    count = f"{len(event.nodes)} {'node' if len(event.nodes) == 1 else 'nodes'}"
    return Text.assemble((name, "bold"), f" · {count} · run {run_id}{resumes}")


def warning_line(event: RunWarning) -> Text:
    """A warning of the run as a whole."""
    return Text(f"  ! {event.message}", "yellow")


def node_line(event: NodeEvent) -> Text:
    """The line for an event of a node or of an item."""
    name = place_text(event.node_id, event.scope)
    status, detail = _event_text(event)
    sign, style = SIGNS[status] if status else (" ", "dim")
    return Text.assemble("  ", (sign, style), f" {name:<{_NAME_WIDTH}} ", detail)


def _event_text(event: NodeEvent) -> tuple[NodeStatus | None, str]:
    """The status that an event gives its node, if any, and the text beside it."""
    if isinstance(event, NodeStarted):
        return NodeStatus.RUNNING, f"{event.items} items" if event.items is not None else "started"
    if isinstance(event, NodeCached):
        return NodeStatus.CACHED, f"restored, saves {duration(event.duration_ms)}"
    if isinstance(event, NodeCompleted):
        items = f"{counts_text(event.counts)} · " if event.counts else ""
        return NodeStatus.COMPLETED, f"{items}{duration(event.duration_ms)}"
    if isinstance(event, NodeFailed):
        ended = event.counts
        message = f"{ended.failed} of {sum_of(ended)} items failed" if ended and ended.failed else event.error.message
        return NodeStatus.FAILED, message
    return _other_text(event)


def _other_text(event: NodeEvent) -> tuple[NodeStatus | None, str]:
    if isinstance(event, NodeSkipped):
        return NodeStatus.SKIPPED, f"skipped: {event.reason}"
    if isinstance(event, NodeCancelled):
        return NodeStatus.CANCELLED, event.reason
    if isinstance(event, NodeAttempt):
        return None, f"attempt {event.attempt} failed, next in {duration(event.wait_ms)}: {event.error.message}"
    if isinstance(event, NodeActivity):
        return None, event.activity
    if isinstance(event, NodeTokens):
        return None, f"{event.tokens_in} tokens in, {event.tokens_out} out"
    assert isinstance(event, NodeWarning)
    return None, f"! {event.message}"
