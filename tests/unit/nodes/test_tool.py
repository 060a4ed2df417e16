"""Tools: their input, the meaning of their results, and the errors that their authors see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import UNSET, UnsetType

from engine.experience.checks.named_files import split_impl
from engine.experience.model import Kind, Node, ToolSpec
from engine.log.events.events import Location, Metrics, Output
from engine.nodes.kind import NodeError, WorkItem
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench

ECHO = {
    "./tools/echo.py": "def run(given):\n    return {'state_delta': given}\n",
    "./tools/echo.mjs": "export default (given) => ({ state_delta: given });\n",
    "./tools/echo.js": "module.exports = async (given) => ({ state_delta: given });\n",
}


@pytest.mark.parametrize("impl", ECHO)
async def test_a_tool_receives_one_object_with_all_that_the_node_has(bench: Bench, impl: str) -> None:
    bench.write(impl, ECHO[impl])

    outcome = await bench.call(impl, item=WorkItem({"key": "a"}, 3), limit=2, _state="hidden by the real one")

    assert outcome.output.state_delta == {
        "limit": 2,
        "$item": {"key": "a"},
        "$index": 3,
        "_args": {"city": "Oslo"},
        "_state": {"notes": "read"},
        "_edge_inputs": {"before": [1]},
    }


async def test_outside_a_fan_out_there_is_no_item(bench: Bench) -> None:
    bench.write("tools/echo.py", ECHO["./tools/echo.py"])

    outcome = await bench.call("./tools/echo.py")

    assert not {"$item", "$index"} & outcome.output.state_delta.keys()


@pytest.mark.parametrize("impl", ["./tools/echo.py", "./tools/echo.mjs"])
@pytest.mark.parametrize(
    "value",
    ['snow ☃, emoji 🦊, quotes " and \\, line\nbreaks\r\n\u2028', "é" * 2_500_000, [0, -1, 1.5, True, None, {}, []]],
    ids=["unicode", "5 MB", "every type"],
)
async def test_values_survive_the_way_there_and_back(bench: Bench, impl: str, value: object) -> None:
    bench.write(impl, ECHO[impl])

    outcome = await bench.call(impl, value=value)

    assert outcome.output.state_delta["value"] == value


async def test_a_function_is_named_after_a_colon(bench: Bench) -> None:
    bench.write("tools/many.py", "def score(given):\n    return {'edge_output': 'scored'}\n")
    bench.write("tools/many.mjs", "export const score = () => ({ edge_output: 'scored' });\n")

    outcomes = [await bench.call(f"./tools/many{suffix}:score") for suffix in (".py", ".mjs")]

    assert [outcome.output.edge_output for outcome in outcomes] == ["scored", "scored"]


async def test_async_functions_are_awaited(bench: Bench) -> None:
    bench.write(
        "tools/slow.py",
        "import asyncio\nasync def run(given):\n    await asyncio.sleep(0)\n    return {'edge_output': 1}\n",
    )

    assert (await bench.call("tools/slow.py")).output.edge_output == 1


@pytest.mark.parametrize(
    ("returned", "edge_output"), [("{'edge_output': None}", None), ("{'state_delta': {}}", UNSET), ("{}", UNSET)]
)
async def test_no_edge_output_is_not_the_same_as_null(
    bench: Bench, returned: str, edge_output: UnsetType | None
) -> None:
    bench.write("tools/t.py", f"def run(given):\n    return {returned}\n")

    assert (await bench.call("tools/t.py")).output.edge_output is edge_output


async def test_metrics_are_kept_and_wrong_ones_reported(bench: Bench) -> None:
    bench.write(
        "tools/t.py",
        "def run(given):\n"
        "    return {'state_delta': {}, 'metrics': {'tokens_in': 3, 'cost_usd': 0.5, 'tokens_out': 'many', 'x': 1}}\n",
    )

    outcome = await bench.call("tools/t.py")

    assert outcome.metrics == Metrics(tokens_in=3, cost_usd=0.5)
    assert bench.watcher.warnings == ["tools/t.py returned text as metrics.tokens_out, which is ignored"]


async def test_an_unknown_key_is_reported(bench: Bench) -> None:
    bench.write("tools/t.py", "def run(given):\n    return {'state_delta': {}, 'edge_ouput': 1}\n")

    await bench.call("tools/t.py")

    assert bench.watcher.warnings == ["tools/t.py returned the unknown key edge_ouput; put fields under state_delta"]


EMPTY_RESULTS = [
    (
        "a.mjs",
        "export default () => ({ done: true, n: 1 })",
        "without state_delta, which writes nothing; put its keys (done, n",
    ),
    ("a.mjs", "export default () => []", "a.mjs returned a list, which writes nothing; return an object such as"),
    (
        "a.mjs",
        "export default () => ({ state_delta: null })",
        "a.mjs returned null as state_delta, which writes nothing",
    ),
    ("a.py", "def run(i): return {'done': True}", "put its keys (done) under state_delta to write them"),
    ("a.py", "def run(i): return [1]", "a.py returned a list, which writes nothing; return an object such as"),
    ("a.py", "def run(i): return {'state_delta': None}", "a.py returned null as state_delta, which writes nothing"),
    ("a.py", "def run(i): return {f'key_{n}': n for n in range(99)}", "key_8, key_9, …) under state_delta"),
]


async def test_a_result_without_a_state_delta_writes_nothing_and_warns(bench: Bench) -> None:
    for number, (file, source, warning) in enumerate(EMPTY_RESULTS):
        bench.write(own_name(number, file), source)

        outcome = await bench.call(own_name(number, file))

        assert outcome.output == Output({}), source
        assert own_name(number, warning) in bench.watcher.warnings[-1]
    assert len(bench.watcher.warnings) == len(EMPTY_RESULTS)


def own_name(number: int, text: str) -> str:
    """The text with the file of the case called otherwise, so that one worker can have them all."""
    return re.sub(r"\ba\.(py|mjs)", rf"a{number}.\1", text)


WRONG_RESULTS = [
    ("a.py", "def run(i): pass", "a.py returned nothing; return an object such as"),
    ("a.py", "def run(i): return 'done'", "a.py returned text; return an object"),
    ("a.py", "def run(i): return {'state_delta': 'x'}", "a.py returned text as state_delta"),
    ("a.py", "def run(i): return {'state_delta': {'s': [{'v': float('nan')}]}}", "state_delta.s[0].v is nan"),
    ("a.py", "def run(i): return {'edge_output': float('-inf')}", "edge_output is -inf"),
    ("a.py", "def run(i): return {'edge_output': {1, 2}}", "edge_output is a set; return only dicts"),
    ("a.py", "def run(i): return {'edge_output': {(1, 2): 3}}", "edge_output has the key (1, 2)"),
    ("a.py", "def run(i): return {'edge_output': ['\\ud800']}", "edge_output[0] is text with half of a surrogate"),
    (
        "a.py",
        "def run(i):\n    a = []\n    a.append(a)\n    return {'edge_output': a}",
        "edge_output[0] contains itself",
    ),
    ("a.mjs", "export default () => undefined", "a.mjs returned nothing; return an object such as"),
    ("a.mjs", "export default () => ({ state_delta: [1] })", "a.mjs returned a list as state_delta; return an object"),
    ("a.mjs", "export default () => ({ state_delta: { s: [{ v: NaN }] } })", "state_delta.s[0].v is NaN"),
    ("a.mjs", "export default () => ({ edge_output: new Map() })", "edge_output is a Map, which JSON would empty"),
    ("a.mjs", "export default () => ({ edge_output: 1n })", "edge_output is a bigint"),
    (
        "a.mjs",
        "export default () => { const a = {}; a.a = a; return { edge_output: a }; }",
        "edge_output.a contains itself",
    ),
    ("a.mjs", "export default () => ({ edge_output: '\\ud800' })", "edge_output is text with half of a surrogate"),
]


async def test_an_invalid_result_fails_the_node_and_names_the_place(bench: Bench) -> None:
    for number, (file, source, message) in enumerate(WRONG_RESULTS):
        print(message)
        tool = bench.write(own_name(number, file), source)

        with pytest.raises(NodeError) as raised:
            await bench.call(tool.name)

        assert raised.value.info.type == "ToolResult"
        assert own_name(number, message) in raised.value.info.message
        assert raised.value.info.location == Location(tool.name)


RAISED = [
    ("tools/a.py", "\ndef run(i):\n    raise KeyError('x')\n", "KeyError", "KeyError: 'x' (tools/a.py:3)", 3),
    ("tools/a.py", "def run(i):\n    int('z')\n", "ValueError", "(tools/a.py:2)", 2),
    ("tools/a.py", "import json\ndef run(i):\n    json.loads('{')\n", "JSONDecodeError", "(tools/a.py:3)", 3),
    ("tools/a.py", "x = 1\n\ndef run(:\n    pass\n", "SyntaxError", "(tools/a.py:3)", 3),
    ("tools/a.py", "import nothing_of_that_name\n", "ModuleNotFoundError", "nothing_of_that_name", 1),
    ("tools/a.py", "\ndef run():\n    pass\n", "TypeError", "(tools/a.py:2)", 2),
    ("tools/a.py", "import sys\ndef run(i):\n    sys.exit(3)\n", "SystemExit", "the tool called sys.exit(3)", 3),
    ("tools/a.py", "def run(i):\n    return run(i)\n", "RecursionError", "(tools/a.py:2)", 2),
    ("tools/a.py", "class Own(BaseException): pass\ndef run(i):\n    raise Own()\n", "Own", "Own (tools/a.py:3)", 3),
    (
        "tools/a.mjs",
        "\nexport default () => { throw new TypeError('x'); }\n",
        "TypeError",
        "TypeError: x (tools/a.mjs:2)",
        2,
    ),
    ("tools/a.mjs", "export default () => {\n  JSON.parse('{');\n}\n", "SyntaxError", "(tools/a.mjs:2)", 2),
    ("tools/a.mjs", "export default () =>\n {{{\n", "SyntaxError", "SyntaxError: ", 3),
    ("tools/a.mjs", "export default () => { throw 'text'; }\n", "Error", "the tool threw text (tools/a.mjs)", None),
    ("tools/a.mjs", "import './none.mjs';\n", "Error", "none.mjs", None),
]


async def test_an_exception_is_reported_with_its_line(bench: Bench) -> None:
    for number, (file, source, type_, message, line) in enumerate(RAISED):
        print(message)
        impl = own_name(number, file)
        bench.write(impl, source)

        with pytest.raises(NodeError) as raised:
            await bench.call(impl)

        assert raised.value.info.type == type_
        assert own_name(number, message) in raised.value.info.message
        assert raised.value.info.location == Location(impl, line)


async def test_an_error_in_a_local_module_points_there_and_not_into_the_library_below_it(bench: Bench) -> None:
    bench.write("tools/helper.py", "import json\n\ndef parse(text):\n    return json.loads(text)\n")
    bench.write("tools/a.py", "from helper import parse\n\ndef run(i):\n    return parse('{')\n")

    with pytest.raises(NodeError) as raised:
        await bench.call("tools/a.py")

    assert raised.value.info.location == Location("tools/helper.py", 4)


MISFITS = [
    ("tools/none.py", "", "NoTool", "tools/none.py does not exist; create it or correct `impl`"),
    (
        "tools/a.txt",
        "text",
        "NoTool",
        "tools/a.txt is not a tool file; tool files end in .py, .mjs, .js, .cjs, .ts, .mts, .cts",
    ),
    (
        "tools/a.py",
        "def score(i): pass",
        "NoFunction",
        "add `def run(input):`, or name one of its functions: `impl: tools/a.py:score`",
    ),
    ("tools/a.py:scor", "def score(i): pass", "NoFunction", "tools/a.py has no function scor; did you mean score?"),
    ("tools/a.py:xyz", "def score(i): pass", "NoFunction", "tools/a.py has no function xyz; it has score"),
    ("tools/a.py:xyz", "", "NoFunction", "tools/a.py has no function xyz; it has no functions"),
    ("tools/a.mjs", "export const n = 1", "NoFunction", "tools/a.mjs has no default export; add `export default"),
    ("tools/a.mjs:scor", "export const score = () => 1", "NoFunction", "did you mean score?"),
]


@pytest.mark.parametrize(("impl", "source", "type_", "message"), MISFITS, ids=[message for *_, message in MISFITS])
async def test_an_impl_that_cannot_be_run_says_what_to_do(
    bench: Bench, impl: str, source: str, type_: str, message: str
) -> None:
    if source or impl.endswith("xyz"):
        bench.write(impl.partition(":")[0], source)

    with pytest.raises(NodeError) as raised:
        await bench.call(impl)

    assert raised.value.info.type == type_
    assert message in raised.value.info.message


async def test_a_tool_outside_of_the_folder_runs_with_a_warning(tmp_path: Path) -> None:
    inner = tmp_path / "experience"
    inner.mkdir()
    bench = Bench(inner, ToolKind(inner))
    elsewhere = bench.write("../shared/t.py", "def run(i):\n    return {'edge_output': 1}\n").resolve()

    for impl in ("../shared/t.py", str(elsewhere)):
        await bench.call(impl)
    await bench.kind.close()

    assert bench.watcher.warnings == [
        f"{impl} lies outside the experience's folder" for impl in ("../shared/t.py", elsewhere)
    ]


def test_a_tool_node_is_made_of_its_file(tmp_path: Path) -> None:
    node = Node("node", Kind.TOOL, ToolSpec("./tools/x.py:score"), source={})
    kind = ToolKind(tmp_path)

    assert kind.files(node, {}) == {"impl tools/x.py": tmp_path / "tools/x.py"}
    assert kind.settings(node, {}) == {}


@pytest.mark.parametrize(
    ("impl", "parts"),
    [
        ("./x.py", ("./x.py", None)),
        ("./x.py:score", ("./x.py", "score")),
        ("./x.mjs:score", ("./x.mjs", "score")),
        ("./a:b/x.py", ("./a:b/x.py", None)),
        ("./x.txt:score", ("./x.txt:score", None)),
        ("./x.py:", ("./x.py:", None)),
    ],
)
def test_a_colon_after_the_suffix_separates_the_function(impl: str, parts: tuple[str, str | None]) -> None:
    assert split_impl(impl) == parts
