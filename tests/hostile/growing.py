"""Texts and logs that a stranger may have written so that readers choke on them, as long as one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isqrt

from tests.hostile.stranger import completed, finished, line, lines_of, started

_NODES = "graph:\n  nodes:\n"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)


TEXTS: dict[str, Callable[[int], str]] = {
    "aliases of aliases": lambda n: _lines(
        ["a0: &a0 [x, x]", *(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]" for at in range(1, n))]
    ),
    "merge keys of merge keys": lambda n: _lines(
        ["a0: &a0 {x: 1}", *(f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 9)}]}}" for at in range(1, n))]
    ),
    "a chain of aliases": lambda n: _lines(f"a{at}: &a{at} *a{at - 1}" for at in range(n)),
    "a chain of aliases in blocks": lambda n: _lines(f"a{at}: &a{at}\n  b: *a{at - 1}" for at in range(n)),
    "anchors": lambda n: _lines(f"a{at}: &a{at} {at}" for at in range(n)),
    "anchors, each with its alias": lambda n: "a:\n" + _lines(f"- &a{at} {at}\n- *a{at}" for at in range(n)),
    "one anchor, again and again": lambda n: "a:\n" + _lines(f"- &a {at}\n- *a" for at in range(n)),
    "aliases of one anchor": lambda n: "a: &a [1]\nb:\n" + "- *a\n" * n,
    "aliases of nothing": lambda n: "a:\n" + _lines(f"- *a{at}" for at in range(n)),
    "an alias of itself": lambda n: f"a: &a [{', '.join(['*a'] * n)}]",
    "merge keys": lambda n: "a: &a {x: 1}\nb:\n" + _lines(f"- {{<<: *a, y{at}: 1}}" for at in range(n)),
    "one merge key": lambda n: f"a: &a {{x: 1}}\nb: {{<<: [{', '.join(['*a'] * n)}]}}",
    "one node many times": lambda n: f"x: &n {{id: a, kind: tool, impl: a.py}}\n{_NODES}" + "    - *n\n" * n,
    "nodes with one id": lambda n: _NODES + "    - {id: a, kind: tool, impl: a.py}\n" * n,
    "a graph in its own nodes": lambda n: "graph:\n  nodes: &n\n" + "    - {id: a, kind: tool, args: {x: *n}}\n" * n,
    "edges": lambda n: f"{_NODES}    - {{id: a, kind: tool}}\n  edges:\n" + "    - {from: a, to: b}\n" * n,
    "a condition": lambda n: "graph: {edges: [{from: a, to: b, when: '" + "(" * n + "'}]}",
    "placeholders": lambda n: "graph: {nodes: [{id: a, kind: agent, prompt: '" + "{{$." * n + "'}]}",
    "equal keys": lambda n: "a: 1\n" * n,
    "brackets": lambda n: "[" * n,
    "braces": lambda n: "{" * n,
    "dashes": lambda n: "- " * n,
    "question marks": lambda n: "? " * n,
    "indents": lambda n: _lines(" " * at + "a:" for at in range(isqrt(100 * n))),  # so that its length grows as n
    "tags": lambda n: "!a " * n,
    "quotes": lambda n: "'" * n,
    "control characters": lambda n: "\x01" * n,
    "a large integer": lambda n: "a: " + "9" * n,
    "a large hexadecimal": lambda n: "a: 0x" + "f" * n,
    "bad dates": lambda n: "a: 2001-13-45\nb: 9999-99-99T99:99:99Z\nc: !!timestamp 2001-02-30\n" * n,
}

LOGS: dict[str, Callable[[int], bytes]] = {
    "outcomes": lambda n: lines_of(started(), *map(completed, range(1, n)), finished(n)),
    "outcomes of unknown nodes": lambda n: lines_of(started(), *(completed(at, nodeId=f"n{at}") for at in range(n))),
    "items": lambda n: lines_of(
        started(),
        *(
            completed(at, scope=[{"kind": "fanout", "id": "a", "item": {"index": at, "key": str(at)}}])
            for at in range(n)
        ),
    ),
    "values that name each other": lambda n: lines_of(
        started(),
        *(
            line("node.started", at, nodeId="a", attemptId=str(at), input={"args": {"p": {"$at": f"{at}/args/p"}}})
            for at in range(n)
        ),
    ),
    "warnings": lambda n: lines_of(started(), *(line("run.warning", at, message="x") for at in range(n))),
    "nodes": lambda n: lines_of(started(nodes=[f"n{at}" for at in range(n)]), finished()),
    "a wide value": lambda n: lines_of(started(args={"a": list(range(n))}), finished()),
    "empty objects": lambda n: lines_of(started(args={"a": [{}] * n}), finished()),
    "a long text": lambda n: lines_of(started(), line("run.warning", 1, message="é" * n)),
    "line breaks": lambda n: lines_of(started()) + b"\n" * n,
    "rubbish": lambda n: lines_of(started()) + b"x\n" * n,
    "one line": lambda n: lines_of(started()) + b"x" * n + b"\n",
    "no end of line": lambda n: lines_of(started()) + b"x" * n,
    "brackets": lambda n: lines_of(started()) + b"[" * n + b"\n",
    "digits": lambda n: lines_of(started()) + b"9" * n + b"\n",
    "no start": lambda n: b"x" * n,
}
