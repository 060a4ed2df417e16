"""What a JavaScript tool may return: whatever JSON would empty, drop or change fails with its place and the remedy."""

from __future__ import annotations

import pytest

from engine.log.events.events import Location
from engine.nodes.kind import NodeError
from tests.unit.nodes.conftest import Bench

LOST = {
    "Promise.resolve([1])": "is a Promise; await it",
    "(async () => [1])()": "is a Promise; await it",
    "{ then(done) { done([1]); } }": "is a Promise; await it",
    "new Error('no')": "is an Error, which JSON would empty; return its message, or throw it",
    "Object.assign(new TypeError('no'), { code: 7 })": "is an Error",
    "new Map([[1, 2]])": "is a Map, which JSON would empty; return Object.fromEntries() of it",
    "new (class extends Map {})()": "is a Map",
    "new Set([1])": "is a Set, which JSON would empty; return Array.from() of it",
    "new WeakMap()": "is a WeakMap, which JSON would empty; return a plain object",
    "new WeakRef({})": "is a WeakRef",
    "/a/g": "is a RegExp, which JSON would empty; return its source",
    "[1, 2].values()": "is an Array Iterator, which JSON would empty; return Array.from() of it",
    "'aa'.matchAll(/a/g)": "is a RegExp String Iterator",
    "(function* () { yield 1; })()": "is a Generator, which JSON would empty; return Array.from() of it",
    "(async function* () { yield 1; })()": "is an AsyncGenerator, which JSON would empty; collect what it yields",
    "new Uint8Array([1])": "is a Uint8Array, which JSON would change; return Array.from() of it, or text",
    "Buffer.from('a')": "is a Buffer, which JSON would change",
    "new DataView(new ArrayBuffer(1))": "is a DataView",
    "new ArrayBuffer(1)": "is an ArrayBuffer",
    "() => 1": "is a function; call it and return its result",
    "class {}": "is a function",
    "Symbol('a')": "is a symbol",
    "Object(Symbol('a'))": "is a symbol",
    "1n": "is a bigint, which JSON cannot hold; convert it with String() or Number()",
    "Object(1n)": "is a bigint",
    "NaN": "is NaN, which JSON cannot hold; return a finite number or null",
    "-Infinity": "is -Infinity",
    "new Number(NaN)": "is NaN",
    "2 ** 53": "is 9007199254740992, an integer beyond 2^53, whose last digits may be lost; make it a string",
    "-12345678901234567890": "is -12345678901234567000, an integer beyond 2^53",
    "new Date('never')": "is an invalid Date; return a valid one or null",
    "new (class Money { #cents = 1; })()": "is a Money, which JSON would empty; return a plain object, or",
    "Object.create({ inherited: 1 })": "is an object, which JSON would empty",
    "new URLSearchParams('a=1')": "is a URLSearchParams, which JSON would empty; return Array.from() of it",
    "new Response('a')": "is a Response, which JSON would empty; await its json() or text()",
    "Math": "is a Math, which JSON would empty",
    "process.stdin": "is a ReadStream, a stream; read it and return what it held",
    "(function () { return arguments; })(1)": "is an arguments object; return Array.from() of it",
    "Object.assign([1], { total: 1 })": "is a list with the key total, which JSON would drop; return an object",
    "'\\ud800'": "is text with half of a surrogate pair",
    "{ get '\\ud800'() { return 1; } }": "has a key with half of a surrogate pair",
    "{ toJSON() { return new Map(); } }": "is a Map",
}
"""What stands in a result, and how it is refused."""


async def test_what_json_would_lose_fails_the_node_with_its_place_and_the_remedy(bench: Bench) -> None:
    value = "{{ state_delta: {{ rows: [0, {{ 'first name': {} }}] }} }}"
    messages = await refusals(bench, {lost: f"return {value.format(lost)};" for lost in LOST})

    place = 'a.mjs returned a value that is not JSON: state_delta.rows[1]["first name"]'
    assert {lost: message for lost, message in messages.items() if not message.startswith(place)} == {}
    assert {lost: message for lost, message in messages.items() if LOST[lost] not in message} == {}


PLACES = {
    "const a = { b: {} }; a.b.c = a; return { edge_output: a };": "edge_output.b.c contains itself",
    "return { edge_output: [1, undefined] };": (
        "edge_output[1] is undefined, which JSON would turn into null; return null, or leave it out"
    ),
    "return { edge_output: [1, , 3] };": "edge_output[1] is undefined",
    "return { edge_output: new Array(3) };": "edge_output[0] is undefined",
    "return { edge_output: { get x() { throw new Error('not open'); } } };": "edge_output.x cannot be read: not open",
    "return { edge_output: { x: { toJSON() { throw 1; } } } };": "edge_output.x cannot be read: its getter threw",
    "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return { edge_output: { proxy } };": (
        "edge_output.proxy cannot be read: "
    ),
    "let a = {}; for (let i = 0; i < 100_000; i++) a = { a }; return a;": "a.a.a is nested more than 500 levels deep",
    "return Promise.resolve(new Map());": "the result is a Map",
    "return () => 1;": "the result is a function",
}


async def test_unreadable_and_missing_values_are_named_by_their_place(bench: Bench) -> None:
    messages = await refusals(bench, {body: body for body in PLACES})

    assert {body: message for body, message in messages.items() if PLACES[body] not in message} == {}


KEPT = {
    "new Date(0)": "1970-01-01T00:00:00.000Z",
    "new URL('http://a/b')": "http://a/b",
    "{ toJSON() { return [1, { toJSON: () => 'inner' }]; } }": [1, "inner"],
    "[new String('a'), new Number(1), new Boolean(false)]": ["a", 1, False],
    "{ left: undefined, kept: null }": {"kept": None},
    "Object.create(null)": {},
    "Object.assign(Object.create(null), { a: 1 })": {"a": 1},
    "new (class Point { x = 1; #y = 2; })()": {"x": 1},
    "new Proxy({ a: [1] }, {})": {"a": [1]},
    "'a1'.match(/(?<letter>a)(?<digit>\\d)/)": ["a1", "a", "1"],
    "'a1'.match(/(?<letter>a)/).groups": {"letter": "a"},
    'JSON.parse(\'{"__proto__": {"a": 1}}\')': {"__proto__": {"a": 1}},
    "(() => { const shared = [1]; return [shared, shared]; })()": [[1], [1]],
    "[2 ** 53 - 1, -(2 ** 53 - 1), 6.02214076e23, 1e21, 0.1]": [2**53 - 1, 1 - 2**53, 6.02214076e23, 1e21, 0.1],
    "'\\u2028 \\u{1f98a}'": "\u2028 🦊",
}


async def test_values_that_json_can_hold_arrive(bench: Bench) -> None:
    functions = export(bench, {kept: f"return {{ edge_output: {kept} }};" for kept in KEPT})

    arrived = {kept: (await bench.call(function)).output.edge_output for kept, function in functions.items()}

    assert arrived == KEPT


async def test_a_bigint_with_to_json_is_converted(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "BigInt.prototype.toJSON = function () { return String(this); };\n"
        "export default () => ({ edge_output: [2n ** 64n] });\n",
    )

    assert (await bench.call("a.mjs")).output.edge_output == ["18446744073709551616"]


async def test_a_getter_is_read_once_so_that_what_was_checked_is_what_arrives(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "export default () => {\n"
        "  let reads = 0;\n"
        "  return { edge_output: { get n() { reads += 1; return reads === 1 ? 1 : new Map(); } } };\n"
        "};\n",
    )

    assert (await bench.call("a.mjs")).output.edge_output == {"n": 1}


def export(bench: Bench, bodies: dict[str, str]) -> dict[str, str]:
    """Writes a tool with a function for each body; what `impl` names each."""
    sources = [f"export function f{index}() {{ {body} }}" for index, body in enumerate(bodies.values())]
    bench.write("a.mjs", "\n".join(sources))
    return {case: f"a.mjs:f{index}" for index, case in enumerate(bodies)}


async def refusals(bench: Bench, bodies: dict[str, str]) -> dict[str, str]:
    """What is said of each function's result."""
    said = {}
    for case, function in export(bench, bodies).items():
        with pytest.raises(NodeError) as raised:
            await bench.call(function)
        assert (raised.value.info.type, raised.value.info.location) == ("ToolResult", Location("a.mjs")), case
        said[case] = raised.value.info.message
    return said
