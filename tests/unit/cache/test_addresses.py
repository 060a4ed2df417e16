"""Addresses that reach inside, for --from, --only, --rerun and --accept: items, iterations, nested nodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cache.decisions.address import AddressError
from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Entry
from engine.log.events.events import RunStatus
from tests.support.experiences import yaml_graph
from tests.support.worlds import World

NODES = """
- {id: list, kind: tool, impl: list.py, uses: [items.txt], writes: [items]}
- {id: each, kind: tool, impl: each.py, for_each: {source: $.items}, writes: [found]}
- {id: s1, kind: tool, impl: s1.py, writes: [found]}
- {id: s2, kind: tool, impl: s2.py, writes: [found]}
- {id: step, kind: tool, impl: step.py, reads: [count], writes: [count]}
- {id: parent, kind: experience, impl: ./inner, writes: [z]}
- {id: nests, kind: experience, impl: ./inner, for_each: {source: $.items}, writes: [z]}
- {id: last, kind: tool, impl: last.py, reads: [found, count, z], writes: [sum]}
"""
EDGES = """
- {from: list, to: each}
- {from: list, to: pipe}
- {from: list, to: nests}
- {from: each, to: last}
- {from: pipe, to: last}
- {from: turns, to: last}
- {from: parent, to: last}
- {from: nests, to: last}
"""
GROUPS = """
  pipelines:
    - {id: pipe, items: $.items, stages: [s1, s2]}
  loops:
    - {id: turns, body: step, max_iters: 3}
"""
STATE = """
items: {type: array}
found: {type: array, merge: array_append}
count: {type: number, default: 0}
z: {type: number}
sum: {type: number}
"""
INNER = """
- {id: first, kind: tool, impl: ../first.py, writes: [x]}
- {id: second, kind: tool, impl: ../second.py, reads: [x], writes: [y]}
- {id: third, kind: tool, impl: ../third.py, reads: [y], writes: [z]}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Everything that an address can reach into, and `last` after all of it."""
    world = World(tmp_path)
    world.write("experience.yaml", yaml_graph(NODES, EDGES, STATE) + GROUPS)
    inner = yaml_graph(INNER, "[{from: first, to: second}, {from: second, to: third}]", "x: {}\ny: {}\nz: {}")
    world.write("inner/experience.yaml", inner)
    world.write("items.txt", "10 20 30")
    words = "Path(__file__).with_name('items.txt').read_text().split()"
    world.tool("list", f"from pathlib import Path\nreturn {{'state_delta': {{'items': [int(w) for w in {words}]}}}}")
    for name in ("each", "s1", "s2"):
        world.tool(name, "return {'state_delta': {'found': [item]}}")
    world.tool("step", "return {'state_delta': {'count': state['count'] + 1}}")
    world.tool("first", "return {'state_delta': {'x': 1}}")
    world.tool("second", "return {'state_delta': {'y': state['x']}}")
    world.tool("third", "return {'state_delta': {'z': state['y']}}")
    world.tool("last", "return {'state_delta': {'sum': sum(state['found'])}}")
    return world


def will_run(entries: tuple[Entry, ...], around: str = "") -> Iterator[str]:
    """What a plan runs for certain, or as soon as its predecessors have succeeded."""
    for entry in entries:
        place = f"{around}{entry.node_id}"
        if entry.index is not None:
            place += f"#{entry.index}" if entry.node_id == "turns" else f"[{entry.index}]"
        if entry.items:
            yield from will_run(entry.items, f"{place}/" if entry.part == "node" else around)
        elif entry.answer in (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED):
            yield place


REACHES = (
    ("rerun", "each[1]", "each[1]"),
    ("from_", "each[1]", "each[1] last"),
    ("rerun", "pipe[2]", "pipe[2]"),
    ("rerun", "s2[0]", "pipe[0]"),
    ("from_", "s1[0]", "pipe[0] last"),
    ("rerun", "turns#1", "turns#1"),
    ("rerun", "step#2", "turns#2"),
    ("from_", "turns#1", "turns#1 last"),
    ("rerun", "parent/second", "parent/second"),
    ("from_", "parent/second", "parent/second parent/third last"),
    ("rerun", "nests[1]", "nests[1]/first nests[1]/second nests[1]/third"),
    ("rerun", "nests/third", "nests[0]/third nests[1]/third nests[2]/third"),
    ("from_", "nests[1]/second", "nests[1]/second nests[1]/third last"),
)
EDITED = (
    ("only", "each[1]", "each[1]"),
    ("only", "s1[2]", "pipe[2]"),
    ("only", "parent/second", "parent/second"),
    ("only", "nests[0]/second", "nests[0]/second"),
    ("only", "nests[0]/first", ""),
    ("accept", "each[1]", "each[0] each[2]"),
    ("accept", "nests[2]/second", "nests[0]/second nests[1]/second"),
)
"""With `each`, `s1` and `second` edited. Of --accept, what it reaches is left out of the node that it names."""
MISSING = {
    "eech": r"no node 'eech' in .*experience\.yaml\. Nodes: each$",
    "parent/secnd": r"no node 'secnd' in .*inner/experience\.yaml\. Nodes: second$",
    "each[3]": r"each has no item 3: in run \w{8} it had 3 items, 0 to 2$",
    "s1[3]": r"s1 has no item 3: in run \w{8} it had 3 items, 0 to 2$",
    "turns#3": r"turns has no iteration 3: in run \w{8} it had 3 iterations, 0 to 2$",
    "nests[7]/first": r"nests has no item 7: in run \w{8} it had 3 items, 0 to 2$",
    "last[0]": "last has no items: it is no fan-out, no pipeline and no stage of one",
    "last#0": "last is no loop, so it has no iterations",
    "last/x": "last nests no experience, so nothing is inside it",
    "pipe/x": "pipe is a pipeline; name one of its stages: s1, s2",
    "each[-1]": r"'each\[-1\]' is no address. Write",
    "each/": "'each/' is no address",
}


async def test_an_address_reaches_what_it_names(world: World) -> None:
    """A plan for each; that plan and run agree is shown below, and by the laws for whole nodes."""
    await world.run()

    found = {
        (option, text): " ".join(will_run(world.plan(overrides={option: (text,)}).entries))
        for option, text, _ in REACHES
    }
    for name in ("each", "s1", "second"):
        path = world.folder / f"{name}.py"
        path.write_text(path.read_text() + "# edited\n")
    for option, text, _ in EDITED:
        of_node = text.partition("[")[0] if option == "accept" else ""
        places = will_run(world.plan(overrides={option: (text,)}).entries)
        found[option, text] = " ".join(place for place in places if place.startswith(of_node))

    assert found == {(option, text): places for option, text, places in (*REACHES, *EDITED)}
    for text, message in MISSING.items():
        with pytest.raises(AddressError, match=message):
            world.plan(overrides={"rerun": (text,)})


async def test_runs_do_what_their_plans_say(world: World) -> None:
    await world.run()
    world.executed()

    await world.resume(overrides={"from_": ("turns#1",), "rerun": ("nests[1]/second", "s2[0]")})
    assert sorted(world.executed()) == ["last", "s2:10", "second", "step", "step"]
    edited = world.folder / "each.py"
    edited.write_text(edited.read_text() + "# edited\n")
    limited = await world.resume(overrides={"only": ("each[1]",)})
    assert world.executed() == ["each:20"]
    assert limited.finished.status is RunStatus.SUCCESS
    await world.resume()
    assert sorted(world.executed()) == ["each:10", "each:30"]


async def test_an_index_is_that_of_the_list_in_the_original_run(world: World) -> None:
    """The item keeps its name, wherever the new list has it."""
    await world.run()
    world.write("items.txt", "30 20 10")
    world.executed()

    await world.resume(overrides={"rerun": ("each[0]",)})

    assert sorted(world.executed()) == ["each:10", "last", "list"]
