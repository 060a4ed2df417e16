"""When executions of a run went on, and why they did not start earlier."""

from __future__ import annotations

from collections.abc import Iterable

from engine.log.events.events import (
    ActivityKind,
    Concurrency,
    ErrorInfo,
    Event,
    Input,
    NodeActivity,
    NodeAttempt,
    NodeStarted,
    NodeTokens,
    Record,
    RunStarted,
    Scope,
    ScopeKind,
)
from engine.report.executions import History, history
from engine.report.timing.histogram import MOST_SLICES, Histogram
from engine.report.timing.load import Load
from engine.report.timing.spans import SpanKind, spans
from engine.report.timing.timing import Timing
from engine.report.timing.waits import Wait, predecessors_in_log, wait_inside, wait_of
from tests.unit.report.conftest import RUN, completed, item


def timed(*events: tuple[int, Event]) -> list[Record]:
    """Records at so many milliseconds after the start of an hour."""
    return [
        Record(seq, f"2026-05-28T09:{ms // 60_000:02}:{ms % 60_000 // 1000:02}.{ms % 1000:03}Z", RUN, event)
        for seq, (ms, event) in enumerate(events)
    ]


def started(node_id: str, scope: tuple[Scope, ...] = (), **received: Input) -> NodeStarted:
    return NodeStarted(node_id=node_id, scope=scope, attempt_id="a", **received)  # type: ignore[arg-type]


def a_run(total: int, *events: tuple[int, Event], nodes: tuple[str, ...] = ("a", "b", "c")) -> History:
    """A run that may execute so many nodes at once, and two tools at most."""
    limits = Concurrency(total, {"tool": 2})
    return history(timed((0, RunStarted(nodes=nodes, concurrency=limits)), *events))


def timing_of(run: History, kinds: dict[str, str] | None = None) -> Timing:
    timing = Timing(kinds=kinds or {})
    timing.loads.limits = run.started.concurrency if run.started is not None else None
    timing.add(run.by_place.values())
    return timing


def wait(run: History, vertex: str, before: Iterable[str], kinds: dict[str, str] | None = None) -> Wait | None:
    by_id = {each.node_id: each for each in run.executions}
    timing, execution = timing_of(run, kinds), by_id[vertex]
    return wait_of(execution, [by_id[id_] for id_ in before], timing.loads, timing.kind(execution))


def test_a_node_that_waited_for_a_slot_says_so_and_which_predecessor_ended_last() -> None:
    run = a_run(
        1,
        (0, started("a")),
        (1000, completed("a")),
        (1000, started("b")),
        (3000, completed("b")),
        (3001, started("c")),
        (4000, completed("c")),
    )

    found = wait(run, "c", ["a"])

    assert found is not None
    assert (found.ready_ms, found.started_ms, found.after) == (1000, 3001, run.executions[0])
    assert found.text == "waited 2.0 s for a slot after a ended: 1 node ran at once, the concurrency limit"


def test_the_limit_of_a_kind_is_told_from_that_of_the_run() -> None:
    run = a_run(
        8,
        (0, started("a")),
        (0, started("b")),
        (2000, completed("a")),
        (2001, started("c")),
        (2500, completed("b")),
        (3000, completed("c")),
    )

    found = wait(run, "c", [], dict.fromkeys("abc", "tool"))

    assert found is not None
    assert found.text.endswith("after the run began: 2 tools ran at once, the limit of their kind")


def test_no_limit_is_made_up() -> None:
    run = a_run(8, (0, started("a")), (100, completed("a")), (600, started("b")), (700, completed("b")))

    found = wait(run, "b", ["a"])

    assert found is not None
    assert found.text == "started 500 ms after a ended; no limit held it up"
    assert wait(run, "a", []) is None, "it began with the run"
    assert wait(run, "c", ["b", "a"]) == Wait(700, None, run.executions[1], "has been able to start since b ended")


def test_an_item_that_waited_for_others_of_its_fan_out_says_so() -> None:
    items = [item("a", index) for index in range(3)]
    run = a_run(
        8,
        (100, NodeStarted(node_id="a", items=3)),
        (100, started("a", items[0])),
        (100, started("a", items[1])),
        (2000, completed("a", items[0])),
        (2001, started("a", items[2])),
        (3000, completed("a", items[1])),
        (3000, completed("a", items[2])),
    )
    timing, group = timing_of(run), run.executions[0]

    found = wait_inside(group.parts[2], group, timing.parts["a"].load, timing.loads, None)

    assert found is not None
    assert found.ready_ms == 100
    assert found.text == "waited 1.9 s for a slot: 2 parts of a ran at once, and never more"


def test_an_iteration_waits_for_the_one_before_it() -> None:
    first, second = ((Scope(ScopeKind.LOOP, "a", iteration=number),) for number in range(2))
    run = a_run(
        8,
        (0, NodeStarted(node_id="a", items=2)),
        (0, started("body", first)),
        (500, completed("body", first)),
        (900, started("body", second)),
    )
    timing, group = timing_of(run), run.executions[0]

    found = wait_inside(group.parts[1], group, timing.parts["a"].load, timing.loads, None)

    assert found is not None
    assert found.text == "started 400 ms after body, iteration 0 ended; no limit held it up"


def test_a_log_alone_tells_predecessors_by_what_nodes_received() -> None:
    run = a_run(
        8,
        (0, started("a")),
        (1, completed("a", delta={"found": [1]})),
        (2, started("b", input=Input(edges={"a": 1}))),
        (3, completed("b")),
        (4, started("c", input=Input(reads={"found": [1]}))),
    )

    assert dict(predecessors_in_log(run.executions)) == {"a": (), "b": ("a",), "c": ("a",)}


def test_calls_waits_and_retries_are_told_apart() -> None:
    error = ErrorInfo("RateLimited", "slow down")
    run = a_run(
        8,
        (0, started("a")),
        (10, NodeActivity(node_id="a", activity="calling m", kind=ActivityKind.CALL)),
        (10, NodeActivity(node_id="a", activity="waiting: 1 a minute", kind=ActivityKind.WAIT)),
        (500, NodeActivity(node_id="a", activity="calling m", kind=ActivityKind.CALL)),
        (600, NodeAttempt(node_id="a", attempt=1, attempt_id="a", level="llm", error=error, wait_ms=400)),
        (1500, NodeTokens(node_id="a", tokens_in=100, tokens_out=20, cost_usd=0.5)),
        (1600, completed("a")),
    )

    assert [(span.kind, span.start, span.end, span.text) for span in spans(run.executions[0])] == [
        (SpanKind.LIMIT, 10, 500, "waiting: 1 a minute"),
        (SpanKind.CALL, 500, 600, "calling m: failed"),
        (SpanKind.RETRY, 600, 1000, "call 1 failed: slow down (repeated after 400 ms, because of the rate limit)"),
        (SpanKind.CALL, 1000, 1500, "calling m: 120 tokens, $0.5000"),
    ]


def test_in_older_logs_a_call_has_an_end_and_no_start() -> None:
    run = a_run(8, (0, started("a")), (900, NodeTokens(node_id="a", tokens_in=1, tokens_out=1)), (950, completed("a")))

    assert [(span.kind, span.start, span.end) for span in spans(run.executions[0])] == [(SpanKind.TOKENS, 900, 900)]


def test_the_load_has_every_step_or_the_highest_ones() -> None:
    load = Load()
    for at in range(1000):
        load.change(at, 1 if at % 2 == 0 else -1)
    load.change(1000, 3)

    steps = list(load.highest(10, 2000))

    assert load.peak == 3
    assert len(steps) <= 10
    assert steps[-1][1] == 3
    assert load.share_at_least(1, 0, 10) == 0.5


def test_an_item_that_took_no_time_is_not_running() -> None:
    first, second = item("a", 0), item("a", 1)
    run = a_run(2, (5, started("a", first)), (5, completed("a", first)), (5, started("a", second)))

    parts = timing_of(run).parts["a"]

    assert [execution.scope for execution in parts.running.values()] == [second]


def test_a_timing_that_grows_with_the_log_is_that_of_the_whole_log() -> None:
    items = [item("a", index) for index in range(3)]
    events = timed(
        (0, RunStarted(nodes=("a",))),
        (0, NodeStarted(node_id="a", items=3)),
        *((index * 10, started("a", items[index])) for index in range(3)),
        *((100 + index * 10, completed("a", items[index])) for index in range(3)),
    )
    run, growing = History(), Timing()
    for record in events:
        changed = run.apply(record)
        growing.add([changed] if changed is not None else [])

    assert growing == timing_of(run)
    assert growing.parts["a"].count == 3


def test_slices_stay_few_however_long_it_takes() -> None:
    histogram = Histogram(1000)

    histogram.busy(1000, 1500)
    histogram.busy(2_000_000, 90_000_000)

    assert len(histogram.slices) == MOST_SLICES
    assert round(sum(each.busy_ms for _, each in histogram.used())) == 88_000_500
