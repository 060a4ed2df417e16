"""Finds the imports in the text of a Python source. Pure."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from msgspec import Struct

ALL_NAMES = "*"

_DYNAMIC = frozenset({"import_module", "__import__"})
_LINE = re.compile(rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b[ \t]*\(?([\w, \t*]*)|import[ \t]+([\w., \t]+))", re.M)


class PythonImport(Struct, frozen=True):
    """One import: the parts of `module`, `level` packages up if not 0, and the imported names."""

    module: tuple[str, ...]
    level: int = 0
    names: tuple[str, ...] = ()


def python_imports(source: bytes) -> frozenset[PythonImport]:
    """The imports anywhere in `source`: in functions, under conditions, and `import_module("literal")`.

    If this Python cannot parse the source (tools may run on a newer one), only those on a line of their own.
    """
    if b"import" not in source:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are the author's concern
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(_by_line(source))
    return frozenset(found for statement in ast.walk(tree) for found in _imports_of(statement))


def _imports_of(node: ast.AST) -> Iterator[PythonImport]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield PythonImport(tuple(alias.name.split(".")))
    elif isinstance(node, ast.ImportFrom):
        yield PythonImport(_parts(node.module or ""), node.level, tuple(alias.name for alias in node.names))
    elif isinstance(node, ast.Call) and _called(node.func) in _DYNAMIC and node.args:
        named = node.args[0]
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield _written(named.value)


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _by_line(source: bytes) -> Iterator[PythonImport]:
    for found in _LINE.finditer(source):
        origin, names, modules = (
            group.decode("utf-8", "replace") if group is not None else None for group in found.groups()
        )
        if origin is not None:
            base = _written(origin)
            yield PythonImport(base.module, base.level, tuple(_names(names or "")))
        else:
            for module in _names(modules or ""):
                yield PythonImport(_parts(module))


def _names(listed: str) -> Iterator[str]:
    """The names in `a, b as c`."""
    return (words[0] for words in (part.split() for part in listed.split(",")) if words)


def _written(name: str) -> PythonImport:
    """A module as written: each leading dot means one package up."""
    bare = name.lstrip(".")
    return PythonImport(_parts(bare), len(name) - len(bare))


def _parts(module: str) -> tuple[str, ...]:
    return tuple(module.split(".")) if module else ()
