"""A.6: what a field holds, or why it may not be written, after `existing` was written and then `incoming`."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import NodeFailed
from tests.support.worlds import World


@dataclass(frozen=True)
class Refused:
    """The node fails, and its message holds these words."""

    words: str


async def write(world: World, field: str, existing: Json | Missing, incoming: Json) -> Json | Refused:
    """The value of field x, declared as `field`, once both writes have happened."""
    values = [value for value in (existing, incoming) if value is not MISSING]
    nodes = [
        f"- {{id: w{index}, kind: tool, impl: write.py, args: {json.dumps({'value': value})}, writes: [x]}}"
        for index, value in enumerate(values)
    ]
    world.graph("\n".join(nodes), "[{from: w0, to: w1}]" if len(nodes) == 2 else "[]", f"x: {field}")
    world.tool("write", "return {'state_delta': {'x': input['value']}}")
    ended = await world.run()
    failed = [record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeFailed)]
    return Refused(failed[0].error.message) if failed else ended.final_state["x"]


APPEND = "{type: array, merge: array_append}"
ONCE = "{merge: set_once}"

TABLE: list[tuple[str, Json | Missing, Json, Json | Refused]] = [
    ("{type: string}", "a", "b", "b"),
    ("{type: string}", "a", None, None),
    ("{type: string}", MISSING, 5, Refused("5, which is not of type string")),
    ("{}", MISSING, {"any": [1, "x", None]}, {"any": [1, "x", None]}),
    ("{type: object}", MISSING, [1], Refused("[1], which is not of type object")),
    (APPEND, MISSING, [1], [1]),
    (APPEND, [1], [2, 3], [1, 2, 3]),
    (APPEND, [1], None, Refused("array_append takes a list")),
    (APPEND, [1], 2, Refused("2, which is not of type array")),
    (ONCE, MISSING, "a", "a"),
    (ONCE, None, "a", "a"),
    ("{type: 'null'}", MISSING, 5, 5),
    (ONCE, "a", "a", "a"),  # the public engine refuses even the same value
    (ONCE, "a", "b", Refused("set_once and already holds a")),
]


@pytest.mark.parametrize(("field", "existing", "incoming", "expected"), TABLE)
async def test_a_write_gives_this_value_or_this_refusal(
    world: World, field: str, existing: Json | Missing, incoming: Json, expected: Json | Refused
) -> None:
    came = await write(world, field, existing, incoming)

    if isinstance(expected, Refused):
        assert isinstance(came, Refused)
        assert expected.words in came.words
    else:
        assert came == expected


async def test_an_undeclared_field_refuses_the_whole_delta(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}", state="x: {type: number, default: 0}")
    world.tool("a", "return {'state_delta': {'x': 1, 'nobody': 2}}")

    ended = await world.run()

    assert ended.final_state == {"x": 0}
    assert world.types(ended.run_id, of="a") == ["node.started", "node.failed"]


async def test_what_json_has_no_value_for_is_not_written(world: World) -> None:
    """`undefined` in a JavaScript tool; the public engine fails the node for it."""
    world.graph("- {id: a, kind: tool, impl: a.mjs, writes: [x, y]}", state="x: {default: 0}\ny: {}")
    world.write("a.mjs", "export default () => ({state_delta: {x: undefined, y: 1}})\n")

    ended = await world.run()

    assert ended.final_state == {"x": 0, "y": 1}
