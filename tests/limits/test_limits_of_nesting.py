"""Limits 9 and 24: pipelines that pass on and are used, and experiences inside experiences."""

from __future__ import annotations

import pytest

from engine.experience.load import InvalidExperienceError
from engine.log.events.events import NodeCompleted, NodeStarted, RunStatus
from tests.limits.conftest import events
from tests.support.worlds import World


async def test_limit_09_a_pipeline_passes_on_and_others_use_what_it_found(world: World) -> None:
    """The middle stage has no edge output; `total` runs after the pipeline, by an edge from it."""
    world.write(
        "experience.yaml",
        """
        name: test
        version: 1.0.0
        state:
          schema:
            numbers: {type: array, default: [1, 2, 3]}
            seen: {type: array, merge: array_append}
            found: {type: array, merge: array_append}
            sum: {type: number}
        graph:
          nodes:
            - {id: double, kind: tool, impl: double.py}
            - {id: see, kind: tool, impl: see.py, writes: [seen]}
            - {id: keep, kind: tool, impl: keep.py, writes: [found]}
            - {id: total, kind: tool, impl: total.py, reads: [found], writes: [sum]}
          edges:
            - {from: rows, to: total}
          pipelines:
            - {id: rows, items: $.numbers, stages: [double, see, keep]}
        """,
    )
    world.tool("double", "return {'edge_output': item * 2}")
    world.tool("see", "return {'state_delta': {'seen': [input['_edge_inputs']['double']]}}")
    world.tool("keep", "return {'state_delta': {'found': list(input['_edge_inputs'].values())}}")
    world.tool("total", "return {'state_delta': {'sum': sum(state['found'])}}")

    ended = await world.run()

    assert ended.final_state["seen"] == ended.final_state["found"] == [2, 4, 6]
    assert ended.final_state["sum"] == 12


CHILD = """
name: child
version: 1.0.0
state:
  schema:
    doubled: {type: number}
graph:
  nodes:
    - {id: inner, kind: tool, impl: inner.py, args: {number: $args.number}, writes: [doubled]}
  edges: []
"""


@pytest.fixture
def nested(world: World) -> World:
    """A node that is an experience of its own."""
    world.graph(
        "- {id: child, kind: experience, impl: child/experience.yaml, args: {number: 21}, writes: [doubled]}",
        state="doubled: {type: number}",
    )
    world.write("child/experience.yaml", CHILD)
    world.write("child/inner.py", "def run(input):\n    return {'state_delta': {'doubled': input['number'] * 2}}\n")
    return world


async def test_limit_24_a_nested_experience_takes_args_and_writes_what_it_found(nested: World) -> None:
    ended = await nested.run()

    assert ended.final_state == {"doubled": 42}
    inner = [event for event in events(nested, ended.run_id, NodeStarted, NodeCompleted) if event.node_id == "inner"]
    assert [(event.scope[0].kind.value, event.scope[0].id) for event in inner] == [("experience", "child")] * 2


async def test_limit_24_the_failure_of_a_nested_experience_is_that_of_its_node(nested: World) -> None:
    nested.write("child/inner.py", "def run(input):\n    raise ValueError('no')\n")

    ended = await nested.run()

    assert (ended.finished.status, ended.finished.reason) == (RunStatus.FAILURE, "failed at child")


async def test_limit_24_an_edit_inside_a_nested_experience_is_noticed(nested: World) -> None:
    await nested.run()
    nested.write("child/inner.py", "def run(input):\n    return {'state_delta': {'doubled': 7}}\n")

    resumed = await nested.resume()

    assert resumed.final_state == {"doubled": 7}


async def test_limit_24_an_experience_inside_itself_is_refused_with_the_path(nested: World) -> None:
    nested.write(
        "child/experience.yaml", CHILD.replace("kind: tool, impl: inner.py", "kind: experience, impl: experience.yaml")
    )

    with pytest.raises(InvalidExperienceError, match=r"OE307 .*child/experience\.yaml"):
        await nested.run()
