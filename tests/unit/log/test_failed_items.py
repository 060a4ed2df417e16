"""The items that failed in fan-outs that completed all the same, folded from a log (engine/log/reading/view.py)."""

from __future__ import annotations

from engine.log.events.events import (
    Counts,
    ErrorInfo,
    Event,
    FailedItems,
    Item,
    NodeAttempt,
    NodeCompleted,
    NodeFailed,
    Record,
    Scope,
    ScopeKind,
)
from engine.log.reading.view import fold

INNER = (Scope(ScopeKind.EXPERIENCE, "inner"),)
PART = (Scope(ScopeKind.FANOUT, "each", Item(0, "k#0")),)


def group(node_id: str, scope: tuple[Scope, ...] = (), **counts: int) -> NodeCompleted:
    return NodeCompleted(node_id=node_id, scope=scope, counts=Counts(**counts), duration_ms=1.0)


def failed_items(*events: Event) -> FailedItems:
    records = (Record(seq, "2026-03-01T12:00:00.000Z", "run", event) for seq, event in enumerate(events))
    return fold(tuple(records)).failed_items


def test_a_run_without_failures_has_none() -> None:
    assert failed_items(group("each", completed=5), group("other", cached=2)) == FailedItems()


def test_the_items_of_the_fan_outs_that_had_failures_are_added_up() -> None:
    events = group("each", completed=3, failed=2), group("fine", completed=9), group("other", cached=1, failed=1)

    assert failed_items(*events) == FailedItems(3, 7)


def test_those_of_nested_experiences_and_of_each_round_of_a_loop_count() -> None:
    rounds = [(Scope(ScopeKind.LOOP, "again", iteration=number),) for number in (0, 1)]
    events = [group("each", scope, completed=1, failed=1) for scope in (INNER, *rounds)]

    assert failed_items(*events) == FailedItems(3, 6)


def test_an_attempt_of_a_nested_experience_that_is_repeated_does_not() -> None:
    again = NodeAttempt(
        node_id="inner", attempt=1, attempt_id="x", level="node", error=ErrorInfo("test", "no"), wait_ms=1
    )
    before, within = group("each", completed=1, failed=1), group("each", INNER, completed=1, failed=1)

    assert failed_items(before, within, again) == FailedItems(1, 2)
    assert failed_items(before, within, again, group("each", INNER, completed=2)) == FailedItems(1, 2)


def test_a_fan_out_that_failed_is_told_as_that() -> None:
    failure = ErrorInfo("test", "2 of 2 items failed")
    item = NodeFailed(node_id="each", scope=PART, error=ErrorInfo("test", "no"))

    assert failed_items(item, NodeFailed(node_id="each", error=failure, counts=Counts(failed=2))) == FailedItems()
