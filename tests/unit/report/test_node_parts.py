"""The parts of a vertex, a page at a time, from its lines of a log."""

from __future__ import annotations

from pathlib import Path

from engine.log.events.counters import ErrorInfo
from engine.log.events.events import (
    Event,
    Item,
    Metrics,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    Output,
    RunStarted,
    Scope,
    ScopeKind,
)
from engine.log.reading.log_lines import LogLines
from engine.log.reading.view import NodeStatus
from engine.log.storage.run_store import RunStore
from engine.report.node_parts import Part, Parts, node_parts
from tests.support.written_logs import write_log


def item(index: int, node: str = "review") -> tuple[Scope, ...]:
    return (Scope(ScopeKind.FANOUT, node, Item(index, f"k{index}")),)


def completed(node: str, scope: tuple[Scope, ...], cost: float | None = None) -> NodeCompleted:
    metrics = None if cost is None else Metrics(10, 5, cost)
    return NodeCompleted(
        node_id=node, scope=scope, attempt_id="a", input_hash="h", output=Output({}), duration_ms=7.0, metrics=metrics
    )


def parts(tmp_path: Path, *events: Event, node: str = "review", skipped: int = 0, most: int = 10) -> Parts:
    store = RunStore(tmp_path)
    lines = LogLines(store.log(write_log(store, RunStarted(nodes=("review", "polish")), *events)))
    lines.update()
    return node_parts(lines, node, skipped, most)


def test_failed_items_come_first_then_running_ones_then_the_others_page_by_page(tmp_path: Path) -> None:
    events = [NodeStarted(node_id="review", scope=item(index), attempt_id=f"a{index}") for index in range(5)]
    ends = [
        completed("review", item(0), cost=0.5),
        completed("review", item(1)),
        NodeFailed(node_id="review", scope=item(4), error=ErrorInfo("ValueError", "no such row"), duration_ms=3.0),
        NodeSkipped(node_id="review", scope=item(2), reason="when is false"),
    ]

    first = parts(tmp_path, *events, *ends, most=3)
    rest = parts(tmp_path, *events, *ends, skipped=3, most=3)

    assert first.total == rest.total == 5
    assert first.parts == [
        Part("review[4]", NodeStatus.FAILED, 3.0, error="no such row"),
        Part("review[3]", NodeStatus.RUNNING),
        Part("review[0]", NodeStatus.COMPLETED, 7.0, 0.5),
    ]
    assert [(part.place, part.reason) for part in rest.parts] == [("review[1]", None), ("review[2]", "when is false")]


def test_iterations_of_a_loop_are_its_parts(tmp_path: Path) -> None:
    def iteration(number: int) -> tuple[Scope, ...]:
        return (Scope(ScopeKind.LOOP, "polish", iteration=number),)

    found = parts(tmp_path, *(completed("write", iteration(number)) for number in (1, 2)), node="polish")

    assert [part.place for part in found.parts] == ["polish[1]/write", "polish[2]/write"]


def test_a_plain_node_has_none(tmp_path: Path) -> None:
    assert parts(tmp_path, completed("review", ())) == Parts(0, [])
