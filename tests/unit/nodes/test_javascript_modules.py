"""Which function of a JavaScript file is called: ES modules, CommonJS, compiled TypeScript, and TypeScript itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.nodes.kind import NodeError
from engine.nodes.tool import ToolKind
from engine.nodes.workers.interpreters import find_node
from tests.unit.nodes.conftest import Bench

COMPILED = '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n'
CALLED = {
    "what CommonJS exports": ("t.cjs", "module.exports = async () => ({ edge_output: 'called' });"),
    "the same, ending in .js": ("t.js", "module.exports = () => ({ edge_output: 'called' });"),
    "what tsc makes of a default export": (
        "t.js",
        f"{COMPILED}exports.default = run;\nasync function run() {{ return {{ edge_output: 'called' }}; }}",
    ),
    "what esbuild makes of one": (
        "t.cjs",
        "var source_exports = {};\n"
        "Object.defineProperty(source_exports, 'default', { get: () => run, enumerable: true });\n"
        "module.exports = Object.defineProperty(source_exports, '__esModule', { value: true });\n"
        "function run() { return { edge_output: 'called' }; }",
    ),
    "a default beside a function that stands for the module": (
        "t.cjs",
        "module.exports = () => ({});\nObject.assign(module.exports, { __esModule: true, default: f });\n"
        "function f() { return { edge_output: 'called' }; }",
    ),
    "a default without the mark of a compiler": ("t.cjs", "exports.default = () => ({ edge_output: 'called' });"),
    "run": ("t.cjs", "exports.run = () => ({ edge_output: 'called' });"),
    "run of an object": ("t.cjs", "module.exports = { run: () => ({ edge_output: 'called' }), other() {} };"),
    "a method, with its object as this": (
        "t.cjs",
        "module.exports = { word: 'called', run() { return { edge_output: this.word }; } };",
    ),
    "one that is named": ("t.cjs:score", "exports.score = () => ({ edge_output: 'called' });"),
    "one that is named and that a text does not tell": (
        "t.cjs:score",
        "module.exports = Object.fromEntries([['score', () => ({ edge_output: 'called' })]]);",
    ),
    "one that TypeScript exported": ("t.js:score", f"{COMPILED}exports.score = () => ({{ edge_output: 'called' }});"),
    "one that requires another": (
        "t.cjs",
        "const { word } = require('./words.cjs');\nmodule.exports = () => ({ edge_output: word });",
    ),
}


@pytest.mark.parametrize("what", CALLED)
async def test_the_function_that_a_file_exports_is_called(bench: Bench, what: str) -> None:
    impl, source = CALLED[what]
    bench.write("words.cjs", "exports.word = 'called';\n")
    bench.write(impl.partition(":")[0], source)

    assert (await bench.call(impl)).output.edge_output == "called"


async def test_a_file_without_the_function_lists_those_that_it_has(bench: Bench) -> None:
    bench.write("t.cjs", "module.exports = { score() {}, limit: 3 };\n")

    with pytest.raises(NodeError) as raised:
        await bench.call("t.cjs")

    assert raised.value.info.type == "NoFunction"
    assert "or name one of its functions: `impl: t.cjs:score`" in raised.value.info.message


TYPED = (
    "export default async function greet({ name }: { name: string }) {\n  return { edge_output: `hi, ${name}` };\n}\n"
)


def strips_types() -> bool:
    asked = [find_node(), "-p", "Boolean(process.features.typescript)"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == "true"


@pytest.mark.parametrize("tool", ["tools/greet.ts", "tools/greet.mts"])
async def test_typescript_runs_where_node_strips_types_and_elsewhere_says_which_node_is_needed(
    bench: Bench, tool: str
) -> None:
    bench.write(tool, TYPED)

    if strips_types():
        assert (await bench.call(tool, name="Ada")).output.edge_output == "hi, Ada"
        return
    with pytest.raises(NodeError) as raised:
        await bench.call(tool)
    assert raised.value.info.type == "NoTypeScript"
    assert raised.value.info.message.startswith(
        f"{tool} is TypeScript, which needs Node.js 22.18, 23.6 or newer; node on PATH is v"
    )


STRIPS = """#!/bin/sh
exec {node} --import {hooks} "$@"
"""
HOOKS = """
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(`
  import { readFile } from 'node:fs/promises';
  export async function load(url, context, next) {
    if (!url.split('?')[0].endsWith('.ts')) return next(url, context);
    const text = await readFile(new URL(url), 'utf8');
    return { format: 'module', source: text.replace(/: \\\\{ name: string \\\\}/g, ''), shortCircuit: true };
  }
`), import.meta.url);
"""


async def test_typescript_runs_with_a_node_that_strips_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node on PATH decides, with its own hooks: here one that takes out the types of this very file."""
    program = tmp_path / "bin" / "node"
    program.parent.mkdir()
    (tmp_path / "hooks.mjs").write_text(HOOKS)
    program.write_text(STRIPS.format(node=find_node(), hooks=tmp_path / "hooks.mjs"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write("greet.ts", TYPED)

    outcome = await bench.call("greet.ts", name="Ada")
    await bench.kind.close()

    assert outcome.output.edge_output == "hi, Ada"


async def test_a_module_in_typescript_that_a_tool_imports_is_named_where_node_cannot_load_it(bench: Bench) -> None:
    bench.write("tools/a.mjs", "import greet from '../lib/greet.ts';\nexport default greet;\n")
    bench.write("lib/greet.ts", TYPED)

    if strips_types():
        assert (await bench.call("tools/a.mjs", name="Ada")).output.edge_output == "hi, Ada"
        return
    with pytest.raises(NodeError, match=r"lib/greet\.ts is TypeScript, which needs Node\.js"):
        await bench.call("tools/a.mjs")
