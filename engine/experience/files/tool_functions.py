"""Finds the functions in a tool's file without running it; reports nothing if that is unclear."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_EXPORT_DEFAULT = re.compile(r"\bexport\s+default\b|\bexport\s*\{[^{}]*\bdefault\b|\bmodule\.exports\b|\bexports\b")
_EXPORTED = re.compile(
    r"\bexport\s+(?:async\s+)?(?:function(?:\s*\*\s*|\s+)|(?:const|let|var|class)\s+)([\w$]+)|\bexport\s*\{([^{}]*)\}"
)
_DYNAMIC_PYTHON = ("globals", "exec", "sys.modules", "setattr", "vars(", "__dict__")
"""Code that may define names which the text does not show; reporting one as missing would block a valid run."""
_DYNAMIC_JAVASCRIPT = re.compile(r"\bexport\s*\*|\bmodule\.exports\b|\bexports\b|\bexport\s+(?:const|let|var)\s*[\[{]")


@lru_cache(maxsize=512)
def python_names(text: str) -> frozenset[str] | None:
    """The names of a Python module after import; None if only running it would tell."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # tools may run with a newer Python
    names: set[str] = set()
    for statement in _statements(module.body):
        given = _names_of(statement)
        if given is None:
            return None
        names.update(given)
    return None if "__getattr__" in names or any(sign in text for sign in _DYNAMIC_PYTHON) else frozenset(names)


@lru_cache(maxsize=512)
def javascript_names(text: str) -> frozenset[str] | None:
    """The exports of a JavaScript module, including `default`; None if they are unclear."""
    if _DYNAMIC_JAVASCRIPT.search(text):
        return None
    names = {"default"} if _EXPORT_DEFAULT.search(text) else set()
    for found in _EXPORTED.finditer(text):
        listed = (part.split(" as ")[-1].strip() for part in (found[2] or "").split(","))
        names.update(name for name in (found[1], *listed) if name)
    return frozenset(names)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import, including those in branches. Not recursive: each `elif` is inside the previous
    one, which may exceed the recursion limit.
    """
    left = list(body)
    while left:
        statement = left.pop()
        yield statement
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for part in ("body", "orelse", "finalbody"):
                left += getattr(statement, part, ())
        for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            left += branch.body


def _own_nodes(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement, without the statements inside it."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        yield node
        left += (inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, ast.stmt))


def _names_of(statement: ast.stmt) -> Iterable[str] | None:
    """The names that a statement binds; None for `from x import *`."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        names = [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
        return None if "*" in names else names
    stored = (
        node.id for node in _own_nodes(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return list(stored)
