"""What an execution did from its start to its end: calls, waits, attempts, as far as its log tells. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from engine.log.events.events import ActivityKind, NodeAttempt, NodeTokens
from engine.log.humanize import duration, money, tokens_text
from engine.report.executions import Execution

RATE_LIMITED = "RateLimited"
"""The type of an error that says that a provider's rate limit is exceeded."""


class SpanKind(str, Enum):
    """What an execution did in a span."""

    ACTIVITY = "activity"
    CALL = "call"
    TOKENS = "tokens"
    LIMIT = "limit"
    RETRY = "retry"


class Span(Struct, frozen=True):
    """A part of an execution's time in milliseconds from the start of the run; `end` is None while it goes on.

    CALL is a call of a model or coding agent, LIMIT a wait for `runtime.limits` or a budget, RETRY the wait after a
    failed attempt. TOKENS is no span of time: what a call used, in logs that do not say when it began. All else is
    ACTIVITY.
    """

    kind: SpanKind
    start: float
    end: float | None
    text: str


class _Open(Struct, frozen=True):
    kind: SpanKind
    start: float
    text: str


def spans(execution: Execution) -> Iterator[Span]:
    """The spans of an execution in order. An activity during a call is a span of its own."""
    call: _Open | None = None
    other: _Open | None = None
    called = ""
    for moment in execution.moments:
        at, event = moment.at_ms, moment.event
        if other is not None:
            yield Span(other.kind, other.start, at, other.text)
            other = None
        if isinstance(event, NodeTokens):
            used = _used(event)
            kind = SpanKind.TOKENS if call is None else SpanKind.CALL
            start, said = (at, "a call ended") if call is None else (min(call.start, at), call.text)
            yield Span(kind, start, at, f"{said}: {used}" if used else said)
            call = None
        elif isinstance(event, NodeAttempt):
            if call is not None:
                yield Span(SpanKind.CALL, min(call.start, at), at, f"{call.text}: failed")
            end = at + event.wait_ms if execution.ended_ms is None else min(at + event.wait_ms, execution.ended_ms)
            yield Span(SpanKind.RETRY, at, end, attempt_text(event))
            call = _Open(SpanKind.CALL, end, called) if called and event.level == "llm" else None
        elif event.kind is ActivityKind.CALL:
            called, call = event.activity, _Open(SpanKind.CALL, at, event.activity)
        else:
            kind = SpanKind.LIMIT if event.kind is ActivityKind.WAIT else SpanKind.ACTIVITY
            other = _Open(kind, at, event.activity)
    for each in (call, other):
        if each is not None and (execution.ended_ms is None or each.start < execution.ended_ms):
            yield Span(each.kind, each.start, execution.ended_ms, each.text)


def attempt_text(attempt: NodeAttempt) -> str:
    """Why an attempt failed, and when the next one came: `attempt 2 failed: … (repeated after 3.0 s)`."""
    what = "call" if attempt.level == "llm" else "attempt"
    why = ", because of the rate limit" if attempt.error.type == RATE_LIMITED else ""
    return f"{what} {attempt.attempt} failed: {attempt.error.message} (repeated after {duration(attempt.wait_ms)}{why})"


def _used(event: NodeTokens) -> str:
    cost = money(event.cost_usd) if event.cost_usd is not None else ""
    return ", ".join(part for part in (tokens_text(event.tokens_in + event.tokens_out), cost) if part)
