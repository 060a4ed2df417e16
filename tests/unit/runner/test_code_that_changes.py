"""Code that changes during a run: either the hashed version runs, or the outcome is not restored."""

from __future__ import annotations

import asyncio
import os
import py_compile
from pathlib import Path

import pytest

from engine.log.events.events import NodeCompleted
from engine.nodes.dataset import DatasetKind
from engine.nodes.kind import Outcome, Watcher, Work
from engine.regular_files import noting_reads, open_noted, read_text
from tests.support.worlds import World

ONE_AFTER_THE_OTHER = "- {from: a, to: b}"
WRITES = "Path('{path}').write_text({text!r})"


def completed(world: World, run_id: str) -> dict[str, NodeCompleted]:
    """What completed in a run, by node."""
    events = [record.event for record in world.records(run_id)]
    return {event.node_id: event for event in events if isinstance(event, NodeCompleted)}


def outputs(world: World, run_id: str) -> list[object]:
    """The edge outputs of what completed."""
    return [event.output.edge_output for event in completed(world, run_id).values() if event.output is not None]


async def test_a_module_that_one_node_writes_is_the_one_that_the_next_imports(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: b.py}", ONE_AFTER_THE_OTHER)
    world.write("lib.py", "X = 1\n")
    world.tool("a", f"import lib\nfrom pathlib import Path\n{WRITES.format(path='lib.py', text='X = 2')}\nreturn {{}}")
    world.tool("b", "import lib\nreturn {'edge_output': lib.X}")

    done = await world.run()

    events = completed(world, done.run_id)
    assert outputs(world, done.run_id)[1] == 2
    assert (events["a"].restorable, events["b"].restorable) == (False, True)


async def test_a_javascript_module_two_imports_deep_that_one_node_writes_is_the_one_that_the_next_runs(
    world: World,
) -> None:
    nodes = (("before", "b.mjs"), ("a", "a.py"), ("b", "b.mjs"))
    world.graph(
        "\n".join(f"- {{id: {name}, kind: tool, impl: {impl}}}" for name, impl in nodes),
        "- {from: before, to: a}\n- {from: a, to: b}",
    )
    world.write("b.mjs", "import { y } from './lib/y.mjs';\nexport default () => ({ edge_output: y });\n")
    world.write("lib/y.mjs", "export { x as y } from './made.mjs';\n")
    world.write("lib/made.mjs", "export const x = 1;\n")
    write = WRITES.format(path="lib/made.mjs", text="export const x = 2;\n")
    world.tool("a", f"from pathlib import Path\n{write}\nreturn {{}}")

    done = await world.run()
    again = await world.resume()

    assert outputs(world, done.run_id)[::2] == [1, 2]
    assert world.restored(again.run_id) == ["b"]


@pytest.mark.parametrize("suffix", ["py", "mjs"])
async def test_a_module_with_a_computed_name_is_part_of_what_a_resume_looks_at(world: World, suffix: str) -> None:
    world.graph(f"- {{id: a, kind: tool, impl: a.{suffix}}}")
    world.write("plugins/one.py", "X = 1\n")
    world.write("plugins/one.mjs", "export const X = 1;\n")
    world.write(
        "a.py",
        "import importlib\ndef run(input):\n"
        "    return {'edge_output': importlib.import_module('plugins.' + 'on' + 'e').X}\n",
    )
    world.write(
        "a.mjs", "export default async () => ({ edge_output: (await import(`./plugins/${'on' + 'e'}.mjs`)).X });\n"
    )
    done = await world.run()
    unchanged = await world.resume()
    world.write(f"plugins/one.{suffix}", "X = 2\n" if suffix == "py" else "export const X = 2;\n")

    reasons = world.plan().entries[0].reasons
    again = await world.resume()

    assert list(completed(world, done.run_id)["a"].loaded or ()) == [f"plugins/one.{suffix}"]
    assert world.restored(unchanged.run_id) == ["a"]
    assert reasons == (f"import plugins/one.{suffix} changed",)
    assert outputs(world, again.run_id) == [2]


async def test_a_module_that_was_looked_for_in_vain_counts_once_it_is_there(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.write(
        "a.py",
        "def run(input):\n    try:\n        return {'edge_output': __import__('extra' + '_lib').X}\n"
        "    except ImportError:\n        return {'edge_output': None}\n",
    )
    await world.run()
    world.write("extra_lib.py", "X = 3\n")

    again = await world.resume()

    assert outputs(world, again.run_id) == [3]


GONE = {
    "a CommonJS module, while it is looked for": (
        ".mjs",
        "common.cjs",
        "module.exports = 1;\n",
        """
import fs from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export default () => {
  const file = new URL('./common.cjs', import.meta.url).pathname;
  const text = fs.readFileSync(file, 'utf8');
  const { readFileSync } = fs;
  fs.readFileSync = (...args) => { fs.writeFileSync(file, text); return readFileSync(...args); };
  fs.rmSync(file);
  try { return { edge_output: require('./common.cjs') }; } catch { return { edge_output: 'gone' }; }
  finally { fs.readFileSync = readFileSync; fs.writeFileSync(file, text); }
};
""",
    ),
    "a CommonJS module, between the look and the reading": (
        ".mjs",
        "common.cjs",
        "module.exports = 1;\n",
        """
import fs from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export default () => {
  const file = new URL('./common.cjs', import.meta.url).pathname;
  const text = fs.readFileSync(file, 'utf8');
  const { readFileSync } = fs;
  fs.readFileSync = (...args) => { fs.rmSync(file, { force: true }); return readFileSync(...args); };
  try { return { edge_output: require('./common.cjs') }; } catch { return { edge_output: 'gone' }; }
  finally { fs.readFileSync = readFileSync; fs.writeFileSync(file, text); }
};
""",
    ),
    "a Python module, between the look and the reading": (
        ".py",
        "common.py",
        "VALUE = 1\n",
        """
import os
from importlib.machinery import SourceFileLoader
def run(given):
    file = os.path.join(os.path.dirname(__file__), "common.py")
    with open(file) as stream:
        text = stream.read()
    usual = SourceFileLoader.get_data
    def get_data(self, path):
        os.path.exists(file) and os.remove(file)
        return usual(self, path)
    SourceFileLoader.get_data = get_data
    try:
        import common
        return {"edge_output": common.VALUE}
    except OSError:
        return {"edge_output": "gone"}
    finally:
        SourceFileLoader.get_data = usual
        with open(file, "w") as stream:
            stream.write(text)
""",
    ),
}


@pytest.mark.parametrize("what", GONE)
async def test_what_ran_while_a_module_was_gone_for_a_moment_is_not_restored(world: World, what: str) -> None:
    suffix, module, text, tool = GONE[what]
    world.write(module, text)
    world.write(f"a{suffix}", tool)
    world.graph(f"- {{id: a, kind: tool, impl: a{suffix}}}")

    done = await world.run()

    assert outputs(world, done.run_id) == ["gone"]
    assert not completed(world, done.run_id)["a"].restorable


async def test_bytecode_that_somebody_left_is_not_taken_for_the_source(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    lib = world.write("lib.py", "X = 1\n")
    py_compile.compile(str(lib))
    before = lib.stat()
    lib.write_text("X = 2\n")
    os.utime(lib, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.listdir(lib.parent / "__pycache__")  # noqa: PTH208
    world.tool("a", "import lib\nreturn {'edge_output': lib.X}")

    done = await world.run()

    assert outputs(world, done.run_id) == [2]


COUNTS = {
    "py": ("N = 0\ndef count():\n    global N\n    N += 1\n    return N\n", "from lib.counter import count\n"),
    "mjs": ("let n = 0;\nexport const count = () => ++n;\n", "import { count } from './lib/counter.mjs';\n"),
    "cjs": (
        "let n = 0;\nexports.count = () => ++n;\n",
        "import { createRequire } from 'node:module';\n"
        "const { count } = createRequire(import.meta.url)('./lib/counter.cjs');\n",
    ),
}


@pytest.mark.parametrize("suffix", COUNTS)
async def test_what_a_module_keeps_for_itself_does_not_reach_another_node(world: World, suffix: str) -> None:
    counter, imports = COUNTS[suffix]
    tool = "a.py" if suffix == "py" else "a.mjs"
    world.write(f"lib/counter.{suffix}", counter)
    called = (
        "M = 0\ndef run(input):\n    global M\n    M += 1\n    return {'edge_output': [M, count()]}\n"
        if suffix == "py"
        else "let m = 0;\nexport default () => ({ edge_output: [++m, count()] });\n"
    )
    world.write(tool, imports + called)
    names = ("a", "b", "c")
    world.graph(
        "\n".join(f"- {{id: {name}, kind: tool, impl: {tool}}}" for name in names),
        "- {from: a, to: b}\n- {from: b, to: c}",
    )

    done = await world.run()

    assert outputs(world, done.run_id) == [[1, 1]] * 3


async def test_rows_of_a_file_that_was_another_one_only_while_it_was_read_are_not_restored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.graph(
        "- {id: rows, kind: dataset, source: {type: file, uri: rows.json, format: json}, writes: [rows]}",
        state="rows: {type: array}",
    )
    file = world.write("rows.json", "[1]")
    execute = DatasetKind.execute

    async def meanwhile(self: DatasetKind, work: Work, watcher: Watcher) -> Outcome:
        before = file.stat()
        file.write_text("[2]")
        outcome = await execute(self, work, watcher)
        file.write_text("[1]")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        return outcome

    monkeypatch.setattr(DatasetKind, "execute", meanwhile)
    done = await world.run()

    assert done.final_state == {"rows": [2]}
    assert completed(world, done.run_id)["rows"].restorable_reason == "rows.json changed while it ran"


async def test_what_is_read_is_noted_as_it_was_used(tmp_path: Path) -> None:
    file = tmp_path / "text.md"
    file.write_text("text")
    with noting_reads() as reads:
        await asyncio.to_thread(read_text, file, 100)
        with open_noted(file) as opened:
            opened.read(1)
        once = dict(reads)
        file.write_text("other")
        read_text(file, 100)

    text = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1"
    assert (once, reads) == ({str(file): text}, {str(file): "several"})
