"""Files behind a link count as if they were in its place (docs/format.md, Links and names of files)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.cache.keys.fingerprints import Fingerprints
from engine.cache.keys.globs import matching
from engine.cache.plan.plan_entries import Answer, Plan
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An experience, beside which a folder `outside` lies."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/part.txt").write_text("one")
    (tmp_path / "ours").mkdir()
    world = World(tmp_path / "ours")
    world.write("elsewhere/part.txt", "one")
    world.write("data/own.txt", "own")
    world.write("first.py", "def run(input):\n    return {'state_delta': {'a': 'x'}}\n")
    return world


def link(world: World, name: str, target: str) -> None:
    """A link in the experience's folder, with its target as it is written there."""
    (world.folder / name).symlink_to(target)


def node(world: World, uses: str) -> None:
    item = f"{{id: first, kind: tool, impl: first.py, writes: [a], uses: ['{uses}']}}"
    world.graph(f"- {item}", state="a: {type: string}")


def why(plan: Plan) -> tuple[str, ...]:
    """Why the one node runs; nothing where it is restored."""
    (entry,) = plan.entries
    return () if entry.answer is Answer.RESTORED else entry.reasons


GLOBS = ("data", "./data/", "data/**", "data/**/*", "data/*", "data/linked", "data/linked/*.txt", "**/part.txt", ".")


def node_for_each_glob(world: World) -> None:
    world.write("look.py", "def run(input):\n    return {}\n")
    nodes = (f"- {{id: n{at}, kind: tool, impl: look.py, uses: ['{glob}']}}" for at, glob in enumerate(GLOBS))
    world.graph("\n".join(nodes))


def reasons_by_glob(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Why each node runs, but for those that are restored."""
    ran = [entry for entry in plan.entries if entry.answer is not Answer.RESTORED]
    return {GLOBS[int(entry.node_id[1:])]: entry.reasons for entry in ran}


@pytest.mark.parametrize("target", ["../../outside", "ABSOLUTE"])
async def test_a_file_in_a_linked_folder_outside_counts(world: World, target: str) -> None:
    link(world, "data/linked", target.replace("ABSOLUTE", str(world.folder.parent / "outside")))
    node_for_each_glob(world)
    await world.run()
    assert reasons_by_glob(world.plan()) == {}

    (world.folder.parent / "outside/part.txt").write_text("two")

    reasons = reasons_by_glob(world.plan())
    assert [glob for glob in GLOBS if "uses data/linked/part.txt changed" not in reasons.get(glob, ())] == []


async def test_a_file_in_a_linked_folder_inside_counts(world: World) -> None:
    link(world, "data/linked", "../elsewhere")
    node_for_each_glob(world)
    await world.run()
    assert reasons_by_glob(world.plan()) == {}

    world.write("elsewhere/part.txt", "two")

    names = {"uses data/linked/part.txt changed", "uses elsewhere/part.txt changed"}
    reasons = reasons_by_glob(world.plan())
    assert [glob for glob in GLOBS if not names & set(reasons.get(glob, ()))] == []


async def test_a_link_through_a_link_and_a_linked_file_count(world: World) -> None:
    link(world, "hop", "elsewhere")
    link(world, "data/linked", "../hop")
    link(world, "data/file.txt", "../../outside/part.txt")
    node(world, "data")
    await world.run()

    (world.folder / "elsewhere/part.txt").write_text("two")
    assert why(world.plan()) == ("uses data/linked/part.txt changed",)

    (world.folder.parent / "outside/part.txt").write_text("two")
    assert why(world.plan()) == ("uses data/file.txt changed", "uses data/linked/part.txt changed")


async def test_of_two_links_to_one_folder_each_counts(world: World) -> None:
    world.write("other/part.txt", "one")
    for name in ("a", "b", "c"):
        link(world, f"data/{name}", "../elsewhere")
    link(world, "data/d", "../other")
    node(world, "data")
    await world.run()
    assert why(world.plan()) == ()

    (world.folder / "data/b").unlink()
    link(world, "data/b", "../other")

    assert any("data/b" in reason for reason in why(world.plan()))


async def test_a_link_that_begins_or_ceases_to_lead_anywhere_counts(world: World) -> None:
    link(world, "data/linked", "../later")
    node(world, "data")
    await world.run()
    assert why(world.plan()) == ()

    world.write("later/part.txt", "one")

    assert why(world.plan()) == ("uses data/linked/part.txt is new",)


@pytest.mark.parametrize("target", [".", "..", "../data", "../..", "loop", "../data/up"])
async def test_a_loop_of_links_ends(world: World, target: str) -> None:
    link(world, "data/up", target)
    link(world, "data/loop", "loop")
    node(world, "data")
    await world.run()
    assert why(world.plan()) == ()

    world.write("data/own.txt", "two")

    assert "uses data/own.txt changed" in why(world.plan())


def test_no_tree_of_links_costs_more_than_what_is_in_it(tmp_path: Path) -> None:
    """Each of the folders links twice to the next one: two to the power of 30 paths lead to the last."""
    for number in range(30):
        (tmp_path / f"f{number}").mkdir()
        (tmp_path / f"f{number}/x.txt").write_text("")
        for name in ("a", "b"):
            (tmp_path / f"f{number}/{name}").symlink_to(f"../f{number + 1}")
    began = time.process_time()

    found = matching(tmp_path, ["f0", "f0/**/*.txt"])

    assert len({os.path.realpath(path) for path in found.files.values()}) == 30
    assert len(found.all) < 250
    assert time.process_time() - began < 2


def test_where_a_link_leads_is_the_same_when_all_of_it_moves(tmp_path: Path) -> None:
    (tmp_path / "here/data").mkdir(parents=True)
    (tmp_path / "here/data/self").symlink_to(tmp_path / "here/data")
    before = Fingerprints().of(tmp_path / "here/data/self")
    (tmp_path / "here/data/self").unlink()
    (tmp_path / "here").rename(tmp_path / "there")
    (tmp_path / "there/data/self").symlink_to(tmp_path / "there/data")

    assert Fingerprints().of(tmp_path / "there/data/self") == before
    assert before.digest is not None


async def test_a_product_behind_a_link_is_one(world: World) -> None:
    link(world, "data/linked", "../../outside")
    world.tool("first", "open('data/linked/made.txt', 'w').write('x')\nreturn {'state_delta': {'a': 'x'}}")
    world.graph("- {id: first, kind: tool, impl: first.py, writes: [a], produces: [data]}", state="a: {type: string}")
    await world.run()
    assert why(world.plan()) == ()

    (world.folder.parent / "outside/made.txt").write_text("other")
    assert why(world.plan()) == ("produces data/linked/made.txt changed",)


@pytest.mark.parametrize("where", ["inside", "outside"])
async def test_what_a_linked_tool_of_javascript_imports_counts(world: World, where: str) -> None:
    """Node looks for it beside the file that the link leads to."""
    home = world.folder / "shared" if where == "inside" else world.folder.parent / "outside"
    home.mkdir(exist_ok=True)
    (home / "tool.mjs").write_text(
        "import { v } from './lib.mjs'\nexport default async () => ({ state_delta: { a: v } })\n"
    )
    (home / "lib.mjs").write_text("export const v = 'one'\n")
    (world.folder / "first.mjs").symlink_to(home / "tool.mjs")
    world.graph("- {id: first, kind: tool, impl: first.mjs, writes: [a]}", state="a: {type: string}")
    await world.run()
    assert why(world.plan()) == ()

    (home / "lib.mjs").write_text("export const v = 'two'\n")

    (reason,) = why(world.plan())
    assert reason.startswith("import ") and reason.endswith("lib.mjs changed")


@pytest.mark.parametrize("change", ["the tool", "its module"])
async def test_what_a_linked_tool_of_python_is_made_of_counts(world: World, change: str) -> None:
    shared = world.folder.parent / "outside"
    (shared / "first.py").write_text("from lib import v\n\ndef run(input):\n    return {'state_delta': {'a': v}}\n")
    (shared / "lib.py").write_text("v = 'one'\n")
    link(world, "tools", "../outside")
    world.graph("- {id: first, kind: tool, impl: tools/first.py, writes: [a]}", state="a: {type: string}")
    await world.run()
    assert why(world.plan()) == ()

    changed = shared / ("first.py" if change == "the tool" else "lib.py")
    changed.write_text(changed.read_text() + "# changed\n")

    assert len(why(world.plan())) == 1


async def test_a_node_that_nests_an_experience_sees_what_changes_behind_its_links(world: World) -> None:
    child = World(world.folder.parent / "outside")
    child.tool("inner", "return {'state_delta': {'a': 'x'}}")
    child.graph("- {id: inner, kind: tool, impl: inner.py, writes: [a], uses: [data]}", state="a: {type: string}")
    (child.folder / "far").mkdir()
    (child.folder / "far/part.txt").write_text("one")
    (child.folder / "data").symlink_to("far")
    link(world, "nested", "../outside")
    world.graph("- {id: first, kind: experience, impl: nested, writes: [a]}", state="a: {type: string}")
    await world.run()
    assert why(world.plan()) == ()

    (child.folder / "far/part.txt").write_text("two")

    assert why(world.plan()) != ()
