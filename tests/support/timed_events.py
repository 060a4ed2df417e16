"""The events of executions, each at its time: what a log of any length is written from (written_runs.py)."""

from __future__ import annotations

import heapq
import uuid
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from random import Random

from msgspec import UNSET, UnsetType

from engine.canonical import hash_value
from engine.json_types import Json
from engine.log.events.events import (
    Cause,
    Counts,
    ErrorInfo,
    Event,
    Input,
    Item,
    Location,
    Metrics,
    NodeActivity,
    NodeAttempt,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    NodeTokens,
    Output,
    Scope,
    ScopeKind,
)

TimedEvent = tuple[float, Event]
"""An event and its time, in milliseconds from the start of the run."""

Scopes = tuple[Scope, ...]


class Executions:
    """Collects the events of executions. `random` gives the ids of attempts, so that a seed gives the same log."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._events: list[TimedEvent] = []

    def events(self) -> list[TimedEvent]:
        """All events in the order of their times."""
        return sorted(self._events, key=itemgetter(0))

    def ran(
        self,
        node_id: str,
        start: float,
        end: float,
        scope: Scopes = (),
        *,
        given: Input | None = None,
        writes: Mapping[str, Json] | None = None,
        edge: Json | UnsetType = UNSET,
        metrics: Metrics | None = None,
        activity: str | None = None,
        waits: Sequence[tuple[float, str]] = (),
        error: ErrorInfo | None = None,
    ) -> None:
        """An execution from `start` to `end`. `waits` are attempts that failed: when, and with which message; an
        `error` is the last one.
        """
        attempt = uuid.UUID(int=self._random.getrandbits(128)).hex
        parts = _parts(given or Input())
        add = self._events.append
        add((start, NodeStarted(node_id=node_id, scope=scope, attempt_id=attempt, input=given)))
        if activity is not None:
            add((start + (end - start) / 3, NodeActivity(node_id=node_id, scope=scope, activity=activity)))
        for number, (at, message) in enumerate(waits, 1):
            failed = ErrorInfo("RateLimitError", message)
            add((at, _attempt(node_id, scope, attempt, number, failed)))
        if metrics is not None:
            add((end, _tokens(node_id, scope, metrics)))
        took = end - start
        ended: Event
        if error is None:
            output = Output(writes or {}, edge)
            ended = NodeCompleted(
                node_id=node_id,
                scope=scope,
                attempt_id=attempt,
                input_hash=hash_value({**parts, "node": node_id}),
                input_parts=parts,
                output=output,
                duration_ms=took,
                metrics=metrics,
            )
        else:
            ended = NodeFailed(
                node_id=node_id,
                scope=scope,
                attempt_id=attempt,
                input_parts=parts,
                error=error,
                duration_ms=took,
                metrics=metrics,
            )
        add((end, ended))

    def grouped(
        self,
        node_id: str,
        start: float,
        end: float,
        scope: Scopes = (),
        *,
        parts: Sequence[ErrorInfo | None],
        tolerant: bool = False,
    ) -> None:
        """A fan-out, or a nested experience, around the executions of `parts`: their errors, None if there was none.
        A `tolerant` one completes although parts failed.
        """
        failures = [error for error in parts if error is not None]
        counts = Counts(completed=len(parts) - len(failures), failed=len(failures))
        self._events.append((start, NodeStarted(node_id=node_id, scope=scope, items=len(parts))))
        took = end - start
        if failures and not tolerant:
            said = f"{len(failures)} of {len(parts)} items failed; the first: {failures[0].message}"
            error = ErrorInfo(failures[0].type, said, failures[0].location)
            event: Event = NodeFailed(node_id=node_id, scope=scope, error=error, counts=counts, duration_ms=took)
        else:
            event = NodeCompleted(node_id=node_id, scope=scope, counts=counts, duration_ms=took)
        self._events.append((end, event))

    def skipped(self, node_id: str, at: float, because: str) -> None:
        """A node that does not run, since the node `because` failed."""
        reason = f"predecessor {because} failed"
        self._events.append((at, NodeSkipped(node_id=node_id, reason=reason, cause=Cause(node=because))))

    def add(self, at: float, *events: Event) -> None:
        """Any other events."""
        self._events += [(at, event) for event in events]


def item_of(fan_out: str, index: int, value: Json) -> Scope:
    """The scope of an item."""
    return Scope(ScopeKind.FANOUT, fan_out, Item(index, f"{hash_value(value)[:16]}#0"))


def failure(message: str, line: int = 12, file: str = "work.py") -> ErrorInfo:
    """The error of a tool."""
    return ErrorInfo("ValueError", f"ValueError: {message} ({file}:{line})", Location(file, line))


def schedule(durations: Iterable[float], slots: int, start: float = 0.0) -> list[tuple[float, float]]:
    """When each of a list starts and ends, at most `slots` of them at a time."""
    free = [start] * slots
    spans = []
    for duration in durations:
        begin = heapq.heappop(free)
        spans.append((begin, begin + duration))
        heapq.heappush(free, begin + duration)
    return spans


def _attempt(node_id: str, scope: Scopes, attempt_id: str, number: int, error: ErrorInfo) -> NodeAttempt:
    return NodeAttempt(
        node_id=node_id,
        scope=scope,
        attempt=number,
        attempt_id=attempt_id,
        level="node",
        error=error,
        wait_ms=1000 * 2 ** (number - 1),
    )


def _tokens(node_id: str, scope: Scopes, metrics: Metrics) -> NodeTokens:
    return NodeTokens(
        node_id=node_id,
        scope=scope,
        tokens_in=metrics.tokens_in or 0,
        tokens_out=metrics.tokens_out or 0,
        cost_usd=metrics.cost_usd,
        model=metrics.model,
    )


def _parts(given: Input) -> dict[str, str]:
    parts = {"spec.kind": hash_value("tool")[:12], "impl work.py": hash_value("work")[:12]}
    for kind, values in (("args", given.args), ("reads", given.reads), ("edges", given.edges)):
        parts |= {f"{kind}.{name}": hash_value(value)[:12] for name, value in values.items()}
    if given.item is not UNSET:
        parts["item"] = hash_value(given.item)[:12]
    return parts
