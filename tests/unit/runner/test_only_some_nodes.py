"""`--only`: what it does not name is restored as a whole or cancelled; nothing goes on with half of a result."""

from __future__ import annotations

import asyncio

import pytest

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.overrides import NOT_ASKED_FOR
from engine.log.events.events import NodeCancelled
from tests.support.experiences import yaml_graph
from tests.support.worlds import World

STATE = """
rows: {default: [1, 2]}
total: {type: array, merge: array_append, default: []}
seen: {}
"""
USE = "- {id: use, kind: tool, impl: use.py, reads: [total], writes: [seen]}\n- {id: other, kind: tool, impl: other.py}"
ONLY_OTHER = {"only": ("other",)}
WHOLES = {
    "fan-out": ("- {id: whole, kind: tool, impl: each.py, for_each: {source: $.rows}, writes: [total]}", ""),
    "pipeline": (
        "- {id: stage, kind: tool, impl: each.py, writes: [total]}",
        "  pipelines: [{id: whole, items: $.rows, stages: [stage]}]\n",
    ),
    "loop": (
        "- {id: body, kind: tool, impl: grow.py, reads: [total], writes: [total]}",
        "  loops: [{id: whole, body: body, until: length($.total) >= 2, max_iters: 3}]\n",
    ),
    "nested experience": ("- {id: whole, kind: experience, impl: inner, writes: [total]}", ""),
}
"""What stands before `use`, with two parts each: its node, and what follows the edges."""

INNER = yaml_graph(
    "- {id: one, kind: tool, impl: ../one.py, writes: [total]}\n"
    "- {id: two, kind: tool, impl: ../two.py, writes: [total]}",
    "[{from: one, to: two}]",
    "total: {type: array, merge: array_append, default: []}",
)
FAIL = "from pathlib import Path\nif {second} and (Path(__file__).parent / 'broken').exists():\n    raise ValueError\n"


@pytest.fixture(params=WHOLES)
async def broken_halfway(world: World, request: pytest.FixtureRequest) -> World:
    """A run in which the second part of `whole` failed. It would not fail again."""
    node, more = WHOLES[request.param]
    world.write("experience.yaml", yaml_graph(f"{node}\n{USE}", "[{from: whole, to: use}]", STATE) + more)
    world.write("inner/experience.yaml", INNER)
    world.tool("each", FAIL.format(second="item == 2") + "return {'state_delta': {'total': [item]}}")
    world.tool("grow", FAIL.format(second="state['total']") + "return {'state_delta': {'total': [1]}}")
    world.tool("one", "return {'state_delta': {'total': [1]}}")
    world.tool("two", FAIL.format(second="True") + "return {'state_delta': {'total': [2]}}")
    world.tool("use", "return {'state_delta': {'seen': len(state['total'])}}")
    world.tool("other", FAIL.format(second="True") + "return {}")
    broken = world.write("broken", "")
    await world.run()
    broken.unlink()
    assert len(world.executed()) == 3
    return world


async def test_half_of_what_it_does_not_name_is_no_result(broken_halfway: World) -> None:
    planned = {entry.node_id: entry for entry in broken_halfway.plan(overrides=ONLY_OTHER).entries}
    ended = await asyncio.wait_for(broken_halfway.resume(overrides=ONLY_OTHER), 30)

    assert (planned["whole"].answer, planned["whole"].reasons) == (Answer.SKIPPED, (NOT_ASKED_FOR,))
    assert broken_halfway.executed() == ["other"]
    assert ended.final_state["total"] == []
    events = [record.event for record in broken_halfway.records(ended.run_id)]
    cancelled = [event for event in events if isinstance(event, NodeCancelled) and not event.scope]
    assert [(event.node_id, event.reason) for event in cancelled] == [("whole", NOT_ASKED_FOR)]


async def test_the_next_resume_restores_the_first_half_and_runs_the_rest(broken_halfway: World) -> None:
    await asyncio.wait_for(broken_halfway.resume(overrides=ONLY_OTHER), 30)

    ended = await broken_halfway.resume()

    assert broken_halfway.executed()[1:] != []
    assert ended.final_state["seen"] == 2
