"""A run told execution by execution, the values behind its input hashes, and two runs side by side."""

from __future__ import annotations

from msgspec import UNSET

from engine.canonical import hash_value
from engine.expressions import Json
from engine.log.events.events import (
    Counts,
    ErrorInfo,
    NodeCached,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    Output,
    ProducedBy,
    Scope,
    ScopeKind,
)
from engine.log.reading.view import NodeStatus
from engine.report.comparison.compare import Difference, compare
from engine.report.comparison.text import difference_lines
from engine.report.comparison.to_json import differences_to_json
from engine.report.executions import history
from engine.report.received_inputs import KnownValues
from tests.unit.report.conftest import RUN, a_log, begun, completed, item, started


def part(value: Json) -> str:
    return hash_value(value)[:12]


def cached(
    node_id: str, *, edge: Json = None, parts: dict[str, str] | None = None, index: int | None = None
) -> NodeCached:
    return NodeCached(
        node_id=node_id,
        scope=item(node_id, index) if index is not None else (),
        input_hash="0" * 64,
        input_parts=parts or {},
        output=Output({}, UNSET if edge is None else edge),
        duration_ms=100,
        produced_by=ProducedBy(RUN, 3),
    )


def test_items_stand_inside_their_fan_out_by_index() -> None:
    told = history(
        a_log(
            begun("a"),
            started("a", items=2),
            started("a", item("a", 1)),
            started("a", item("a", 0)),
            completed("a", item("a", 1)),
            completed("a", item("a", 0)),
            NodeCompleted(node_id="a", counts=Counts(completed=2), duration_ms=5),
        )
    )

    assert [execution.node_id for execution in told.executions] == ["a"]
    assert [inner.label for inner in told.executions[0].parts_in_order] == ["a[0]", "a[1]"]
    assert (told.executions[0].parts[0].started_ms, told.executions[0].parts[0].ended_ms) == (200, 400)


def test_stages_iterations_and_children_stand_inside_what_they_run_in() -> None:
    child = (Scope(ScopeKind.EXPERIENCE, "nested"),)
    told = history(
        a_log(
            begun("refine", "nested"),
            started("refine"),
            completed("polish", (Scope(ScopeKind.LOOP, "refine", iteration=0),)),
            started("nested"),
            completed("inner", child),
            completed("inner_items", (*child, *item("inner_items", 0))),
        )
    )

    refine, nested = told.executions
    assert [inner.label for inner in refine.parts] == ["polish, iteration 0"]
    assert [inner.node_id for inner in nested.parts] == ["inner", "inner_items"]
    assert [inner.label for inner in nested.parts[1].parts] == ["inner_items[0]"]


def test_a_fan_out_of_nothing_but_restored_items_is_restored() -> None:
    ended = NodeCompleted(node_id="a", counts=Counts(cached=1), duration_ms=1)

    told = history(a_log(begun("a"), started("a", items=1), cached("a", index=0), ended))

    assert told.executions[0].status is NodeStatus.CACHED


def test_values_behind_hashes_are_found_wherever_the_log_has_them() -> None:
    told = history(
        a_log(
            begun("a", "b", args={"city": "Oslo"}, state={"found": [0]}),
            completed("a", item("a", 0), delta={"found": [1]}, edge={"deep": {"er": "x"}}),
            completed("a", item("a", 1), delta={"found": [2]}, edge={"deep": {"er": "y"}}),
        )
    )
    known = KnownValues(told, [{"written": True}])

    for value in ("Oslo", [0], [0, 1, 2], {"deep": {"er": "x"}}, "y", {"written": True}):
        assert known.behind(part(value)) == (value,)
    assert known.behind(part([{"deep": {"er": "x"}}, {"deep": {"er": "y"}}])) is not None
    assert known.behind(part("never seen")) is None


def test_a_value_that_is_null_is_told_from_one_that_is_unknown() -> None:
    known = KnownValues(history(a_log(begun("a", args={"x": None}))))

    assert known.behind(part(None)) == (None,)


def the(differences: tuple[Difference, ...], label: str) -> Difference:
    return next(difference for difference in differences if difference.label == label)


def test_what_was_restored_is_as_good_as_what_ran() -> None:
    left = history(a_log(begun("a"), completed("a", edge=1, parts={"item": "x"})))
    right = history(a_log(begun("a"), cached("a", edge=1, parts={"item": "x"})))

    assert the(compare(left, right), "a").is_same


def test_a_difference_names_the_inputs_and_outputs_that_differ() -> None:
    left = history(a_log(begun("a"), completed("a", delta={"n": 1}, edge=1, parts={"args.x": "1", "prompt p": "2"})))
    right = history(a_log(begun("a"), completed("a", delta={"n": 2}, edge=1, parts={"args.x": "9", "impl t": "2"})))

    difference = the(compare(left, right), "a")

    assert difference.inputs == (
        "input args.x differs",
        "input prompt p is only in the left run",
        "input impl t is only in the right run",
    )
    assert difference.outputs == ("output n differs: 1 → 2",)


def test_statuses_and_errors_stand_side_by_side() -> None:
    error = ErrorInfo("Oops", "the file is missing")
    left = history(a_log(begun("a", "b"), NodeFailed(node_id="a", error=error), NodeSkipped(node_id="b", reason="a")))
    right = history(a_log(begun("a", "b"), completed("a"), completed("b")))

    lines = list(difference_lines(compare(left, right)))

    assert lines[0].startswith("≠ a  failed → completed")
    assert lines[1].strip() == "left failed: the file is missing"
    assert lines[2] == "≠ b  skipped → completed"
    assert lines[-1].startswith("0 of 2 executions have the same status")


def test_items_are_matched_by_value_and_absent_ones_are_named() -> None:
    left = history(a_log(begun("a"), started("a", items=1), completed("a", item("a", 0))))
    right = history(
        a_log(begun("a"), started("a", items=2), completed("a", item("a", 0)), completed("a", item("a", 1)))
    )

    document = differences_to_json(compare(left, right))

    assert [(entry["node"], entry["left"] is None) for entry in document if isinstance(entry, dict)] == [
        ("a", False),
        ("a[0]", False),
        ("a[1]", True),
    ]
