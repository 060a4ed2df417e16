"""Finds the executions that made a node fail, from their own lines of a log."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.log.events.events import ErrorInfo, NodeFailed, Scope
from engine.log.reading.execution_lines import Lines
from engine.log.reading.log_lines import LogLines

_MOST_READ = 20


class FailedExecution(Struct, frozen=True):
    """An execution that failed, and its last attempt; None if it was not attempted."""

    node_id: str
    scope: tuple[Scope, ...]
    error: ErrorInfo
    attempt_id: str | None = None


def node_failures(lines: LogLines, vertex: str, most: int = 3) -> tuple[FailedExecution, ...]:
    """At most so many executions of a vertex, or inside it, that failed: by item, each with a message of its own.

    Raises OSError.
    """
    found: dict[str, FailedExecution] = {}
    for failed in _innermost(lines, vertex):
        found.setdefault(failed.error.message, failed)
        if len(found) == most:
            break
    return tuple(found.values())


def _innermost(lines: LogLines, vertex: str) -> Iterator[FailedExecution]:
    """The failed executions that have no parts themselves."""
    own = lines.whole(vertex)
    wholes = [] if own is None else [own]
    for some in (lines.parts(vertex).first(_MOST_READ, _failed_first), _inside(lines, vertex), wholes):
        numbers = [each.numbers[-1] for each in some if each.last == NodeFailed.type]
        for record in lines.records(numbers):
            event = record.event
            if isinstance(event, NodeFailed) and event.counts is None:
                yield FailedExecution(event.node_id, event.scope, event.error, event.attempt_id)


def _inside(lines: LogLines, vertex: str) -> list[Lines]:
    return lines.inside(vertex).first(_MOST_READ, _failed_first)


def _failed_first(last: str, item: int, number: int) -> tuple[int, int, int]:
    return int(last != NodeFailed.type), item, number
