"""The last values of conditions: what the outcome of a run tells, and what its values say."""

from __future__ import annotations

from engine.experience.graph import build_graph
from engine.log.events.events import Cause, Counts, EdgeEnds, Event, NodeCompleted, NodeSkipped
from engine.log.values.input_values import InputValues
from engine.log.values.large_values import no_blobs
from engine.report.conditions import Conditions, LastCondition
from engine.report.executions import history
from tests.support.experiences import experience, yaml_graph
from tests.unit.report.conftest import a_log, begun, completed, item, started

STATE = "n: {type: number}\nrows: {type: array, merge: array_append}\nt: {type: string}"
NODES = """
    - {id: a, kind: tool, impl: ./t.py, writes: [n, t]}
    - {id: b, kind: tool, impl: ./t.py, writes: [rows], for_each: {source: $args.l}}
    - {id: c, kind: tool, impl: ./t.py%s}
"""


def last(edges: str, *events: Event, join: str = "") -> list[LastCondition]:
    """The conditions of the edges to `c`, in order."""
    made = experience(yaml_graph(NODES % join, edges, STATE))
    records = a_log(*events)
    conditions = Conditions(made, history(records), InputValues(records, no_blobs).value)
    return [conditions.of(edge) for edge in build_graph(made).incoming["c"]]


def skipped(from_: str) -> NodeSkipped:
    return NodeSkipped(node_id="c", reason="", cause=Cause(edge=EdgeEnds(from_, "c")))


def test_the_edge_that_decided_is_false_those_before_it_true_and_those_after_it_not_evaluated() -> None:
    edges = "[{from: a, to: c, when: $.n > 1}, {from: b, to: c, when: length($.rows) > 2}]"
    whole = NodeCompleted(node_id="b", counts=Counts(completed=1), duration_ms=1)
    done = (completed("a", delta={"n": 2}), completed("b", item("b", 0), delta={"rows": [1, 2]}), whole)

    assert last(edges, begun("a", "b", "c"), *done, skipped("b")) == [
        LastCondition(True, (("$.n", 2),)),
        LastCondition(False, (("$.rows", [1, 2]),)),
    ]
    first = last(edges, begun("a", "b", "c"), *done, skipped("a"))
    assert [each.holds for each in first] == [False, None]


def test_with_any_join_each_condition_is_what_its_values_say() -> None:
    edges = "[{from: a, to: c, when: $.n > 1}, {from: b, to: c, when: $.n > 5}]"
    done = (completed("a", delta={"n": 2}), completed("b"))

    found = last(edges, begun("a", "b", "c"), *done, started("c"), completed("c"), join=", join: any")

    assert [each.holds for each in found] == [True, False]


def test_what_contains_a_secret_or_is_lost_is_told_by_the_outcome_alone() -> None:
    edges = '[{from: a, to: c, when: $.t == "x"}]'
    for value in ("***", {"$blob": "sha256:" + "0" * 64, "bytes": 100_000}):
        done = (completed("a", delta={"t": value}), completed("b"), started("c"))

        assert last(edges, begun("a", "b", "c"), *done) == [LastCondition(True)]


def test_nothing_is_said_before_the_target_was_decided() -> None:
    edges = "[{from: a, to: c, when: $.n > 1}]"

    assert last(edges, begun("a", "b", "c"), completed("a", delta={"n": 2})) == [LastCondition()]
