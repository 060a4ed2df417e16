"""Experiences, tools and patterns that take an engine quadratic time which looks twice at what it has seen."""

from __future__ import annotations

from collections.abc import Callable

_HEAD = "name: x\nversion: 1.0.0\n"
_NODES = f"{_HEAD}graph:\n  nodes:\n"


def _prompt(text: str) -> str:
    lines = text.replace("\n", "\n        ")
    return f"{_NODES}    - id: a\n      kind: agent\n      prompt: |\n        {lines}\n"


def _args(text: str) -> str:
    return f"{_NODES}    - id: a\n      kind: tool\n      impl: a.py\n      args: {{ t: '{text}' }}\n"


def _when(text: str) -> str:
    nodes = "    - {id: a, kind: tool, impl: a.py}\n    - {id: b, kind: tool, impl: a.py}\n"
    return f'{_NODES}{nodes}  edges:\n    - {{from: a, to: b, when: "{text}"}}\n'


def _each(line: str) -> Callable[[int], str]:
    """The line as often as wanted, numbered."""
    return lambda n: "".join(line.replace("#", str(at)) for at in range(n))


def _listed(item: str) -> Callable[[int], str]:
    return lambda n: ", ".join(item.replace("#", str(at)) for at in range(n))


_UNDECLARED = (
    f"{_HEAD}state: {{schema: {{c: {{type: string}}}}}}\n"
    "graph:\n  nodes:\n    - {id: a, kind: tool, impl: a.py, reads: [b]}\n"
)

EXPERIENCES: dict[str, Callable[[int], str]] = {
    "beginnings of secrets": lambda n: _args("sk-" * n),
    "beginnings of private keys": lambda n: _args("-----BEGIN A" * n),
    "blank lines in an open bracket": lambda n: f"{_UNDECLARED}x-a: [" + "\n" * (20 * n),
    "blank lines in an open brace": lambda n: f"{_UNDECLARED}x-a: {{" + "\n  " * (10 * n),
    "placeholders that are not closed": lambda n: _prompt("{{ $." * n),
    "placeholders that are not closed, in lines": lambda n: _prompt("{{ $.\n" * n),
    "placeholders that name nothing": lambda n: _prompt("{{ $.a }}\n" * n),
    "placeholders that name many things": lambda n: _prompt(_each("{{a#}}\n")(n)),
    "placeholders without quotes": _each("a#: {{ $.\n"),
    "an open placeholder with blanks": lambda n: "a: {{" + " " * (20 * n) + "x\n",
    "args that are not declared": lambda n: (
        f"args: {{properties: {{{_listed('a#: {type: string}')(n)}}}}}\n" + _prompt(_each("{{$args.b#}}\n")(n))
    ),
    "nodes that are not there": lambda n: (
        _NODES
        + _each("    - {id: a#, kind: tool, impl: a.py}\n")(n)
        + "  edges:\n"
        + _each("    - {from: a#, to: b#}\n")(n)
    ),
    "reads that are not declared": lambda n: (
        f"{_HEAD}state:\n  schema:\n" + _each("    f#: {type: string}\n")(n) + "graph:\n  nodes:\n"
        f"    - {{id: a, kind: tool, impl: a.py, reads: [{_listed('g#')(n)}]}}\n"
    ),
    "quotes that are not closed": lambda n: _each('a#: "\n')(40 * n),
    "brackets that are not closed": _each("a#: [\n"),
    "nodes that are not closed": lambda n: _NODES + _each("    - {id: a#\n")(n),
    "two colons": _each("a#: b: c\n"),
    "no such escapes": _each('a#: "\\q"\n'),
    "tabs": _each("a#:\n\tb: 1\n"),
    "directives": lambda n: "a: x\n" + "%YAML 1.2\n" * n,
    "conditions": lambda n: _when("$.a == 1 && " * n + "true"),
    "a long path": lambda n: _when("$" + ".a" * n),
    "suppressions": lambda n: f"{_HEAD}# oe: ignore" + " OE204" * n + "\n",
    "a choice of many": lambda n: (
        f"{_HEAD}state:\n  schema:\n    a: {{type: array, items: {{enum: [{_listed('#')(n)}]}},"
        f" default: [{_listed('#')(n)}]}}\n"
    ),
    "items that are all different": lambda n: (
        f"{_HEAD}state:\n  schema:\n    a: {{type: array, uniqueItems: true, default: [{_listed('{a: #}')(n)}]}}\n"
    ),
    "a pattern with a default": lambda n: (
        f"{_HEAD}state:\n  schema:\n    a: {{type: string, pattern: '^(a+)+$', default: {'a' * (10 * n)}!}}\n"
    ),
    "a pattern of an arg": lambda n: (
        f"{_HEAD}args: {{properties: {{a: {{pattern: '^(\\w+\\s?)*$', default: {'a' * (10 * n)}!}}}}}}\n"
    ),
}

PYTHON: dict[str, Callable[[int], str]] = {
    "from and blanks": lambda n: "import a\nfrom " + " " * n + "\x00\n",
    "from and dots": lambda n: "import a\nfrom " + "." * n + "\x00\n",
    "from and imports": lambda n: "\x00from " + "import " * n + "\n",
    "sums": lambda n: "import a\nx = " + "a + " * n + "1\n",
    "parentheses": lambda n: "import a\nx = " + "(" * n,
    "negations": lambda n: "import a\nx = " + "not " * n + "1\n",
    "alternatives": lambda n: "import a\nif a:\n    b = 1\n" + "elif a:\n    c = 1\n" * n,
    "calls": lambda n: "import a\nx = f" + "()" * n + "\n",
}

JAVASCRIPT: dict[str, Callable[[int], str]] = {
    "exports that are not closed": lambda n: "'.'" + "export{" * n,
    "lists of exports": lambda n: "'.'" + "export{a as b, " * n,
    "export, function and blanks": lambda n: "'.' export function" + " " * n,
    "comments that are not closed": lambda n: "'.'" + "from/*" * n,
    "comments in lines": lambda n: "'.'" + "//from\n" * n,
    "a comment in one line": lambda n: "'.'" + "from//" * n,
    "comments one after another": lambda n: "'.'" + "from/*from*/" * n,
    "paths that are not closed": lambda n: "'.'" + "from './a" * n,
    "imports and blanks": lambda n: "'.' import" + " " * n,
}
