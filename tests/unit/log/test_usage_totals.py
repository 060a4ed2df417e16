"""What a run spent, as its log tells it: nothing twice, and nothing left out that failed or was cancelled."""

from __future__ import annotations

from engine.log.events.events import (
    ErrorInfo,
    Event,
    Lineage,
    Metrics,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeTokens,
    Output,
    ProducedBy,
    Record,
    RunStarted,
    Sums,
)
from engine.log.reading.view import RunView

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
ERROR = ErrorInfo("timeout", "too long")
CALL = NodeTokens(node_id="a", tokens_in=10, tokens_out=2, cost_usd=0.5, model="m")
USED = Metrics(10, 2, 0.5, "m")


def view_of(*events: Event, lineage: Lineage | None = None) -> RunView:
    view = RunView()
    for seq, event in enumerate((RunStarted(nodes=("a",), lineage=lineage), *events)):
        view.apply(Record(seq, "2026-01-02T03:04:05.000Z", RUN, event))
    return view


def completed(metrics: Metrics | None) -> NodeCompleted:
    return NodeCompleted(
        node_id="a",
        attempt_id="x",
        input_hash="0",
        input_parts={},
        output=Output({}),
        duration_ms=1,
        metrics=metrics,
    )


def failed_try(level: str, metrics: Metrics | None) -> NodeAttempt:
    return NodeAttempt(node_id="a", attempt=1, attempt_id="x", level=level, error=ERROR, wait_ms=1, metrics=metrics)


def test_the_calls_of_an_execution_are_not_counted_beside_its_sum() -> None:
    assert view_of(CALL, CALL, completed(Metrics(20, 4, 1.0))).spent == Sums(1.0, 20, 4)


def test_a_repeated_call_is_not_counted_twice() -> None:
    assert view_of(CALL, failed_try("llm", None), CALL, completed(Metrics(20, 4, 1.0))).spent == Sums(1.0, 20, 4)


def test_every_try_of_a_node_counts() -> None:
    assert view_of(CALL, failed_try("node", USED), CALL, completed(USED)).spent == Sums(1.0, 20, 4)


def test_a_cancelled_execution_counts_with_the_calls_that_it_made() -> None:
    cancelled = NodeCancelled(node_id="a", attempt_id="x", reason="cancelled by SIGINT")

    view = view_of(CALL, CALL, cancelled)

    assert view.spent == Sums(1.0, 20, 4)
    assert view.nodes["a"].spent == Sums(1.0, 20, 4)


def test_a_failure_that_does_not_say_what_it_used_counts_with_its_calls() -> None:
    assert view_of(CALL, NodeFailed(node_id="a", attempt_id="x", error=ERROR)).spent == Sums(0.5, 10, 2)


def test_what_has_no_end_counts_with_the_calls_that_it_made() -> None:
    assert view_of(CALL).spent == Sums(0.5, 10, 2)


def test_what_was_restored_is_inherited_and_not_spent() -> None:
    cached = NodeCached(
        node_id="a",
        input_hash="0",
        input_parts={},
        output=Output({}),
        duration_ms=1,
        metrics=USED,
        produced_by=ProducedBy(RUN, 1),
    )

    view = view_of(cached, lineage=Lineage(RUN, 1, Sums(3.0, 100, 50)))

    assert (view.spent, view.inherited, view.lineage) == (Sums(), Sums(0.5, 10, 2), Sums(3.0, 100, 50))


def test_the_lineage_is_what_this_run_and_those_before_it_spent() -> None:
    view = view_of(completed(USED), lineage=Lineage(RUN, 1, Sums(3.0, 100, 50)))

    assert view.lineage == Sums(3.5, 110, 52)


def test_the_cost_of_a_model_without_a_price_is_unknown_and_not_nothing() -> None:
    unpriced = NodeTokens(node_id="a", tokens_in=10, tokens_out=2, model="unheard-of")

    assert view_of(unpriced).spent == Sums(None, 10, 2)
