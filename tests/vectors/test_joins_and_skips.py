"""A.5: what becomes of T, whose predecessors are A and B."""

from __future__ import annotations

import pytest

from tests.support.experiences import experience, yaml_graph
from tests.unit.scheduler.driving import Behaviour, Drive, fails, sends, writes
from tests.unit.scheduler.story import Story

STATE = "yes: {type: boolean, default: true}\nno: {type: boolean, default: false}\nnone: {type: array, default: []}\n\
nine: {type: array, default: [1, 2, 3, 4, 5, 6, 7, 8, 9]}"
OK, FAILED, SKIPPED, NO_ITEMS, ONE_ITEM_FAILED = "ok", "failed", "skipped", "no items", "one of nine failed"


def run(a: str, b: str, edges: str, join: str = "all") -> Story:
    """A run of A and B, each ending as asked, and T after them by `edges`."""
    fan_out = {NO_ITEMS: ", for_each: {source: $.none}", ONE_ITEM_FAILED: ", for_each: {source: $.nine}"}
    nodes = "- {id: gate, kind: tool, impl: x.py}\n" + "\n".join(
        f"- {{id: {name}, kind: tool, impl: x.py{fan_out.get(ending, '')}}}" for name, ending in (("a", a), ("b", b))
    )
    shut = [f"{{from: gate, to: {name}, when: $.no}}" for name, ending in (("a", a), ("b", b)) if ending == SKIPPED]
    graph = yaml_graph(
        f"{nodes}\n- {{id: t, kind: tool, impl: x.py, join: {join}}}", f"[{', '.join([*shut, edges])}]", STATE
    )
    return Drive(experience(graph), {"a": behaviour(a), "b": behaviour(b), "t": writes()}).run()


def behaviour(ending: str) -> Behaviour:
    """How a node ends that runs."""
    if ending == ONE_ITEM_FAILED:
        return lambda task: fails()(task) if task.item is not None and task.item.index == 4 else sends(1)(task)
    return fails() if ending == FAILED else sends(1)


BOTH = "{from: a, to: t}, {from: b, to: t}"
WHEN_TRUE = "{from: a, to: t, when: $.yes}, {from: b, to: t}"
WHEN_FALSE = "{from: a, to: t, when: $.no}, {from: b, to: t}"

TABLE = [
    (OK, OK, BOTH, None),
    (OK, OK, WHEN_TRUE, None),
    (OK, OK, WHEN_FALSE, "when: $.no is false"),
    (OK, SKIPPED, BOTH, "predecessor b was skipped"),
    (OK, FAILED, BOTH, "predecessor b failed"),
    (NO_ITEMS, OK, BOTH, None),
    (ONE_ITEM_FAILED, OK, BOTH, "predecessor a failed"),
    (SKIPPED, OK, "{from: b, to: t}", None),
]


@pytest.mark.parametrize(("a", "b", "edges", "reason"), TABLE)
def test_t_runs_or_is_skipped(a: str, b: str, edges: str, reason: str | None) -> None:
    story = run(a, b, edges)

    assert story.skipped.get("t") == reason
    assert ("t" in story.executed) == (reason is None)


@pytest.mark.parametrize(
    ("a", "b", "edges", "runs"),
    [
        (OK, SKIPPED, BOTH, True),
        (OK, FAILED, BOTH, True),
        (OK, OK, WHEN_FALSE, True),
        (FAILED, SKIPPED, BOTH, False),
        (SKIPPED, FAILED, WHEN_FALSE, False),
    ],
)
def test_with_join_any_one_live_edge_is_enough(a: str, b: str, edges: str, runs: bool) -> None:
    assert ("t" in run(a, b, edges, join="any").executed) == runs


def test_a_condition_on_a_doomed_node_is_not_evaluated() -> None:
    """The reason is the predecessor, though the condition is false as well."""
    assert run(OK, FAILED, WHEN_FALSE).skipped["t"] == "predecessor b failed"


def test_an_untaken_branch_is_no_failure_and_a_failure_is_one() -> None:
    untaken, failed = run(OK, SKIPPED, BOTH), run(OK, FAILED, BOTH)

    assert (untaken.status, failed.status) == ("success", "failure")


@pytest.mark.parametrize("from_", ["a", "inside"], ids=["by its part", "by its id"])
@pytest.mark.parametrize(
    ("inside", "executions"),
    [
        ("pipelines: [{id: inside, items: $.nine, stages: [a, c]}]", 18),
        ("loops: [{id: inside, body: a, max_iters: 3}]", 3),
    ],
    ids=["pipeline", "loop"],
)
def test_what_follows_a_stage_or_a_body_runs_after_all_of_it(inside: str, executions: int, from_: str) -> None:
    """The public engine runs T before them."""
    parts = ("a", "c") if "stages" in inside else ("a",)
    nodes = "\n".join(f"- {{id: {name}, kind: tool, impl: x.py}}" for name in ("t", *parts))
    text = yaml_graph(nodes, f"[{{from: {from_}, to: t}}]", STATE) + f"  {inside}\n"

    executed = Drive(experience(text), {"a": sends(1), "c": sends(2)}).run().executed

    assert executed.index("t") == executions
