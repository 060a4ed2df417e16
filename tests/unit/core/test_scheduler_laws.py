"""Laws of scheduling over random graphs: how much goes on at once, and in which order it ends, changes nothing."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.tasks import Task
from engine.log.events import ErrorInfo, Output
from engine.spec.model import Experience
from tests.support.experiences import experience, yaml_graph
from tests.unit.core.driving import Behaviour, Drive

FIELDS = ("last", "list", "once")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Experience, dict[str, Behaviour]]:
    size = draw(st.integers(2, 9))
    nodes, edges, behaviours = [], [], {}
    for index in range(size):
        reads = draw(st.lists(st.sampled_from(FIELDS), unique=True))
        writes = draw(st.lists(st.sampled_from(FIELDS[:2]), unique=True))
        join = draw(st.sampled_from(("all", "any")))
        nodes.append(f"- {{id: n{index}, kind: tool, impl: a.py, join: {join}, reads: {reads}, writes: {writes}}}")
        for earlier in draw(st.lists(st.integers(0, max(index - 1, 0)), max_size=3, unique=True)):
            if earlier < index:
                when = draw(st.sampled_from(("", ", when: length($.list) > 1", ", when: $.last != 2")))
                edges.append(f"- {{from: n{earlier}, to: n{index}{when}}}")
        behaviours[f"n{index}"] = _behaviour(index, tuple(writes), broken=draw(st.integers(0, 6)) == 0)
    state = "last: {}\nlist: {type: array, merge: array_append}\nonce: {merge: set_once}"
    return experience(yaml_graph("\n".join(nodes), "\n".join(edges) or "[]", state)), behaviours


def _behaviour(index: int, writes: tuple[str, ...], *, broken: bool) -> Behaviour:
    def behave(task: Task) -> Output | ErrorInfo:
        if broken:
            return ErrorInfo("test", "broken")
        seen = [index, *sorted(map(str, task.reads.items())), *sorted(map(str, task.edges.items()))]
        values = {"last": str(seen), "list": [str(seen)]}
        return Output({name: values[name] for name in writes}, str(seen), index % 2 == 0)

    return behave


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(2, 16), st.integers())
def test_concurrency_and_luck_change_neither_state_nor_status_nor_what_runs(
    world: tuple[Experience, dict[str, Behaviour]], width: int, seed: int
) -> None:
    alone = Drive(*world).run()
    together = Drive(*world, width=width, choose=Random(seed)).run()

    assert together.state == alone.state
    assert together.status == alone.status
    assert set(together.executed) == set(alone.executed)
    assert together.skipped == alone.skipped
