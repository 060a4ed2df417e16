"""Edits of files that a node uses or produces (docs/design.md, Input hash)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.events.events import NodeCached, NodeCompleted, NodeWarning
from tests.support.worlds import World


def reasons(world: World, node_id: str = "a") -> tuple[str, ...]:
    """Why the node will run."""
    entry = next(entry for entry in world.plan().entries if entry.node_id == node_id)
    return tuple(map(str, entry.reasons))


async def test_a_module_that_a_tool_imports_is_part_of_it(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: b.py}")
    world.write("lib/__init__.py", "")
    world.write("lib/rates.py", "from lib.base import RATE\n")
    world.write("lib/base.py", "RATE = 1\n")
    world.tool("a", "from lib.rates import RATE\nreturn {'edge_output': RATE}")
    world.tool("b", "return {}")
    await world.run()
    world.executed()
    world.write("lib/base.py", "RATE = 2\n")

    assert reasons(world) == ("import lib/base.py changed",)

    await world.resume()

    assert world.executed() == ["a"]


async def test_a_module_that_shadows_another_counts(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: tools/a.py}")
    world.write("lib.py", "X = 1\n")
    world.write("tools/a.py", "from lib import X\ndef run(input):\n    return {'edge_output': X}\n")
    await world.run()
    world.write("tools/lib.py", "X = 2\n")

    assert reasons(world) == ("import tools/lib.py is new", "import lib.py is gone")


async def test_a_javascript_module_counts_and_runs_again(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.mjs, writes: [x]}", state="x: {type: number}")
    world.write("a.mjs", "import { x } from './lib/x.mjs'\nexport default () => ({ state_delta: { x } })\n")
    world.write("lib/x.mjs", "export const x = 1\n")
    await world.run()
    world.write("lib/x.mjs", "export const x = 2\n")

    assert reasons(world) == ("import lib/x.mjs changed",)
    assert (await world.resume()).final_state == {"x": 2}


async def test_an_imported_module_that_changes_while_the_tool_runs_makes_it_not_restorable(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.write("lib.py", "X = 1\n")
    world.tool("a", "import lib\nfrom pathlib import Path\nPath(lib.__file__).write_text('X = 2')\nreturn {}")

    done = await world.run()

    completed = next(record.event for record in world.records(done.run_id) if isinstance(record.event, NodeCompleted))
    assert completed.restorable_reason == "import lib.py changed while it ran"


async def test_other_line_ends_of_sources_change_nothing(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {}")
    await world.run()
    world.executed()
    for name in ("a.py", "recorder.py", "experience.yaml"):
        file = world.folder / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    await world.resume()

    assert world.executed() == []


async def test_uses_takes_whole_folders_and_never_what_runs_leave_behind(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, uses: [rules]}\n- {id: b, kind: tool, impl: b.py, uses: ['**/*.json*']}"
    )
    world.write("rules/deep/one.txt", "1")
    for name in "ab":
        world.tool(name, "return {}")
    await world.run()

    assert reasons(world, "b") == ()

    world.write("rules/deep/two.txt", "2")

    assert reasons(world, "a") == ("uses rules/deep/two.txt is new",)


async def test_what_a_nesting_node_says_counts_for_all_that_runs_in_it(world: World, tmp_path: Path) -> None:
    nesting = "- {id: child, kind: experience, impl: child/experience.yaml, cache_key: 1, uses: [rules.txt]}"
    world.graph(nesting)
    world.write("rules.txt", "1")
    child = World(tmp_path / "child")
    child.graph("- {id: inner, kind: tool, impl: inner.py}")
    child.tool("inner", "return {}")
    await world.run()
    await world.resume()
    assert child.executed() == ["inner"]

    world.write("rules.txt", "2")
    await world.resume()
    assert child.executed() == ["inner"]

    world.graph(nesting.replace("cache_key: 1", "cache_key: 2"))
    await world.resume()
    assert child.executed() == ["inner"]


@pytest.fixture
def report(world: World) -> World:
    """A node that makes two files."""
    world.graph("- {id: a, kind: tool, impl: a.py, produces: ['out/*.md']}")
    world.tool(
        "a",
        """
        from recorder import HERE
        (HERE / "out").mkdir(exist_ok=True)
        for name in ("one", "two"):
            (HERE / "out" / f"{name}.md").write_text(name)
        return {}
        """,
    )
    return world


async def test_what_was_made_and_is_still_there_is_not_made_again(report: World) -> None:
    await report.run()
    resumed = await report.resume()
    again = await report.resume()

    assert report.executed() == ["a"]
    cached = next(record.event for record in report.records(again.run_id) if isinstance(record.event, NodeCached))
    assert set(cached.produced or ()) == {"out/one.md", "out/two.md"}
    assert resumed.run_id != again.run_id


async def test_a_file_that_is_gone_or_changed_makes_its_node_run_again(report: World) -> None:
    await report.run()
    report.executed()
    (report.folder / "out" / "one.md").unlink()
    report.write("out/two.md", "edited")

    assert reasons(report) == ("produces out/one.md is gone", "produces out/two.md changed")

    await report.resume()

    assert report.executed() == ["a"]
    assert reasons(report) == ()


async def test_a_declared_file_that_is_missing_gets_a_warning(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, produces: [out/one.md]}")
    world.tool("a", "return {}")

    done = await world.run()

    warnings = [record.event.message for record in world.records(done.run_id) if isinstance(record.event, NodeWarning)]
    assert warnings == ["produces: out/one.md matches no file after it ran, so that a resume will run it again"]
    assert reasons(world) == ("produces out/one.md is gone",)


async def test_of_a_fan_out_only_the_item_whose_file_is_gone_runs_again(world: World) -> None:
    world.graph(
        "- {id: each, kind: tool, impl: each.py, produces: ['out/*'], for_each: {source: $.items}}",
        state="items: {type: array, default: [1, 2, 3]}",
    )
    world.tool(
        "each",
        """
        import time
        from recorder import HERE
        (HERE / "out").mkdir(exist_ok=True)
        (HERE / "out" / str(item)).write_text(str(item))
        time.sleep(0.12)  # longer than the clock of files may be behind
        return {}
        """,
    )
    await world.run()
    world.executed()
    (world.folder / "out" / "2").unlink()

    await world.resume()

    assert world.executed() == ["each:2"]


async def test_a_file_that_a_later_node_adds_to_is_that_nodes_last(world: World) -> None:
    world.graph(
        "- {id: a, kind: tool, impl: a.py, produces: [out.md]}\n- {id: b, kind: tool, impl: b.py, produces: [out.md]}",
        "[{from: a, to: b}]",
    )
    world.tool("a", "from recorder import HERE\n(HERE / 'out.md').write_text('a')\nreturn {}")
    world.tool("b", "from recorder import HERE\n(HERE / 'out.md').write_text('ab')\nreturn {}")
    await world.run()
    world.executed()

    await world.resume()

    assert world.executed() == []
