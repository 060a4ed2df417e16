"""What a row of a timeline shows, in words: times, waits, calls and retries."""

from __future__ import annotations

from collections.abc import Iterator

from engine.log.humanize import duration, shortened
from engine.log.reading.view import NodeStatus
from engine.report.executions import Execution
from engine.report.timing.spans import Span, SpanKind, spans
from engine.report.timing.waits import Wait

_MOST = 12
_LONGEST = 300
_TIMED = {SpanKind.CALL, SpanKind.LIMIT}
_SHOWN = {SpanKind.CALL, SpanKind.TOKENS, SpanKind.LIMIT, SpanKind.RETRY}
_DID_NOT_RUN = {
    NodeStatus.CACHED: "restored",
    NodeStatus.SKIPPED: "skipped",
    NodeStatus.CANCELLED: "cancelled",
    NodeStatus.FAILED: "failed without starting",
    NodeStatus.PENDING: "has not started",
    NodeStatus.RUNNING: "running",
    NodeStatus.COMPLETED: "completed",
}


def sentences(execution: Execution, wait: Wait | None, waits_for: tuple[str, ...] = ()) -> Iterator[str]:
    """When it ran, what it waited for, and its calls and retries; the first dozen of these.

    `waits_for` are the ids of predecessors that have not ended.
    """
    yield _times(execution)
    if wait is not None:
        yield wait.text
    if execution.error is not None:
        yield shortened(execution.error.message, _LONGEST)
    if waits_for and execution.status is NodeStatus.PENDING:
        more = f" and {len(waits_for) - _MOST} more" if len(waits_for) > _MOST else ""
        yield f"waits for {', '.join(waits_for[:_MOST])}{more}"
    shown = [span for span in spans(execution) if span.kind in _SHOWN]
    for span in shown[:_MOST]:
        yield _span(span, execution.started_ms or 0.0)
    if len(shown) > _MOST:
        yield f"and {len(shown) - _MOST} more calls and attempts"


def took(execution: Execution) -> str:
    """Its duration or, if it did not run, why: `2.1 s`, `running`, `restored`, `skipped`."""
    if execution.status is NodeStatus.PENDING:
        return ""
    if execution.started_ms is None:
        return _DID_NOT_RUN[execution.status].partition(" ")[0]
    if execution.ended_ms is None:
        return "running" if execution.status is NodeStatus.RUNNING else execution.status.value
    return duration(execution.ended_ms - execution.started_ms)


def _times(execution: Execution) -> str:
    started, ended = execution.started_ms, execution.ended_ms
    if started is None:
        what = _DID_NOT_RUN[execution.status]
        reason = f": {execution.reason}" if execution.reason else ""
        return what + (f" {_at(ended)}" if ended is not None else "") + reason
    if ended is None:
        return f"{execution.status.value} since {duration(started)} after the start of the run"
    return f"{execution.status.value}: started {_at(started)}, took {duration(ended - started)}"


def _at(ms: float) -> str:
    return f"after {duration(ms)}" if ms >= 0.5 else "with the run"


def _span(span: Span, started: float) -> str:
    at = f"after {duration(span.start - started)}"
    took_ = f" ({duration(span.end - span.start)})" if span.end is not None and span.kind in _TIMED else ""
    return f"{at}: {shortened(span.text, _LONGEST)}{took_}"
