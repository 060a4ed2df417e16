"""Limits 19 and 25: what can be looked at after a run, and that it shows all of it."""

from __future__ import annotations

import json
import re

from tests.support.commands import OE, call
from tests.support.worlds import World

STAGES = """
name: test
version: 1.0.0
state:
  schema:
    numbers: {type: array, default: [1, 2]}
graph:
  nodes:
    - {id: double, kind: tool, impl: a.py}
    - {id: keep, kind: tool, impl: a.py}
    - {id: refine, kind: tool, impl: a.py}
  edges: []
  pipelines:
    - {id: rows, items: $.numbers, stages: [double, keep]}
  loops:
    - {id: polish, body: refine, max_iters: 2}
"""


def oe(world: World, *args: str) -> str:
    """What `oe` prints."""
    done = call([*OE, *args], world.folder)
    assert done.code == 0, done.err
    return done.out


def test_limit_19_the_page_of_a_run_needs_no_network_and_runs_only_its_own_script(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {'edge_output': '<script>alert(1)</script>'}")
    oe(world, "run")

    oe(world, "inspect", "latest", "--html", "run.html")

    page = (world.folder / "run.html").read_text()
    assert page.count("<script") == 1
    assert "<script>alert" not in page
    assert not re.search(r"(src|href)=\"(https?:|//)|@import|url\(", page)


def test_limit_19_pipelines_and_loops_are_in_the_graph(world: World) -> None:
    world.write("experience.yaml", STAGES)

    drawn = oe(world, "graph")

    assert all(name in drawn for name in ("rows", "double", "keep", "polish", "refine"))


def test_limit_25_what_looks_at_a_run_sees_all_of_its_events(world: World) -> None:
    """The public evolve reads the first 30; here the whole log is one document, and nothing edits an experience."""
    world.graph("\n".join(f"- {{id: n{index}, kind: tool, impl: a.py}}" for index in range(40)))
    world.tool("a", "return {'edge_output': 1}")
    before = (world.folder / "experience.yaml").read_bytes()
    oe(world, "run")

    shown = json.loads(oe(world, "inspect", "latest", "--json"))

    (run_id,) = world.store.run_ids()
    assert [event["seq"] for event in shown] == list(range(len(world.records(run_id))))
    assert len(shown) == 82
    assert (world.folder / "experience.yaml").read_bytes() == before


def test_limit_25_the_table_and_the_page_show_every_node_of_a_long_run(world: World) -> None:
    names = [f"step_{index:02}" for index in range(40)]
    world.graph("\n".join(f"- {{id: {name}, kind: tool, impl: a.py, writes: [x]}}" for name in names), state="x: {}")
    world.tool("a", "return {'state_delta': {'x': 'what it found'}}")
    oe(world, "run")

    table = oe(world, "inspect", "latest")
    oe(world, "inspect", "latest", "--html", "run.html")

    page = (world.folder / "run.html").read_text()
    assert [name for name in names if name not in table or name not in page] == []
    assert page.count("what it found") == len(names)
