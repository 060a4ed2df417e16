"""`make messages`: writes docs/messages.md, every text that users can see, by room and file, to be read in one sitting.

Listed are string literals of at least two words, without docstrings, patterns and code: rather too many than too few.
The help of commands and the descriptions of the schema and of the extension's manifest are listed, too.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "messages.md"
HEAD = """\
# Messages

Every text that users can see, by room and file; `{…}` is filled in. Written by `make messages`: run it after a change.
"""
HOLE = "{…}"
_PROSE = re.compile(r"[A-Za-z]{2,}[^A-Za-z]*? [^A-Za-z]*?[A-Za-z]{2,}")
_CODE = re.compile(
    r"^\s*(?:SELECT|CREATE|INSERT|PRAGMA|DELETE|UPDATE|BEGIN|ALTER|WITH|import) "
    r"|[{};]\s*\n|\\b|^engine\.|\| None$"
)
_HELP = ("command", "group")
_NOT_SHOWN = frozenset({"compile", "cast", "TypeVar", "getLogger", "finditer", "search", "match", "sub", "get"})
_SHOWN_KEYS = frozenset(
    {"title", "description", "markdownDescription", "enumDescriptions", "markdownEnumDescriptions", "label", "contents"}
)
_SCRIPT = re.compile(
    r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|\$\{(?:[^{}]|\{[^{}]*\})*\}|[^`\\])*`",
    re.DOTALL,
)


def page() -> str:
    """The whole text of docs/messages.md."""
    lines = [HEAD]
    room = None
    for file in sorted(_files(), key=lambda file: (_room(file), file.as_posix())):
        texts = list(dict.fromkeys(_shown(text) for text in _texts(file)))
        if not texts:
            continue
        if _room(file) != room:
            room = _room(file)
            lines.append(f"## {room}\n")
        lines.append(f"### {file.relative_to(ROOT).as_posix()}\n")
        lines += [*(f"* {text}" for text in texts), ""]
    return "\n".join(lines)


def _files() -> Iterator[Path]:
    for folder, patterns in {
        "engine": ("*.py", "*.mjs"),
        "oe_lsp": ("*.py",),
        "schemas": ("experience.schema.json",),
        "vscode-client/src": ("*.ts",),
    }.items():
        for pattern in patterns:
            yield from (file for file in (ROOT / folder).rglob(pattern) if "templates" not in file.parts)
    yield ROOT / "vscode-client" / "package.json"


def _room(file: Path) -> str:
    first, second, *more = file.relative_to(ROOT).parts
    return f"{first}/{second}" if more else first


def _texts(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        found = _python_texts(ast.parse(text))
    elif file.suffix == ".json":
        found = _json_texts(json.loads(text))
    else:
        found = _script_texts(text)
    return (each for each in found if _is_prose(each))


def _is_prose(text: str) -> bool:
    return bool(_PROSE.search(text.replace(HOLE, ""))) and not _CODE.search(text)


def _shown(text: str) -> str:
    """A text on one line of the page."""
    return " ↵ ".join(part.strip() for part in text.strip().splitlines() if part.strip())


def _python_texts(node: ast.AST) -> Iterator[str]:
    """The literals in a node, without docstrings, annotations and arguments of calls that show nothing."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _python_texts(part.value)
    elif not (isinstance(node, ast.Call) and _called(node) in _NOT_SHOWN):
        yield from _help(node)
        annotations = (getattr(node, "annotation", None), getattr(node, "returns", None))
        for child in ast.iter_child_nodes(node):
            if child not in annotations and not _is_docstring(child):
                yield from _python_texts(child)


def _help(node: ast.AST) -> Iterator[str]:
    """The docstring of a command, which is its help."""
    if isinstance(node, ast.FunctionDef) and any(_called(each) in _HELP for each in node.decorator_list):
        yield ast.get_docstring(node) or ""


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _called(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _json_texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if key in _SHOWN_KEYS:
            yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _json_texts(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from _json_texts(member, key)


def _script_texts(text: str) -> Iterator[str]:
    """The literals in JavaScript or TypeScript; `${…}` becomes a hole."""
    for found in _SCRIPT.findall(text):
        if not found.startswith("/"):
            yield re.sub(r"\$\{(?:[^{}]|\{[^{}]*\})*\}", HOLE, found[1:-1])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {page().count(chr(10) + '* ')} texts\n")
