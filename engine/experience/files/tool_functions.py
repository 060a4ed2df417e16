"""Which functions a tool's file offers, from its text: never run, and silent where that cannot be told."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_EXPORT_DEFAULT = re.compile(r"\bexport\s+default\b|\bexport\s*\{[^{}]*\bdefault\b|\bmodule\.exports\b|\bexports\b")
_EXPORTED = re.compile(
    r"\bexport\s+(?:async\s+)?(?:function(?:\s*\*\s*|\s+)|(?:const|let|var|class)\s+)([\w$]+)|\bexport\s*\{([^{}]*)\}"
)
_MADE_AS_IT_RUNS = ("globals", "exec", "sys.modules", "setattr", "vars(", "__dict__")
"""What may give a Python module names that its text does not show: a run would be refused for nothing."""
_UNKNOWABLE = re.compile(r"\bexport\s*\*|\bmodule\.exports\b|\bexports\b|\bexport\s+(?:const|let|var)\s*[\[{]")


@lru_cache(maxsize=512)
def python_names(text: str) -> frozenset[str] | None:
    """The names that a Python module has once it is imported; None where only running it would tell."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # tools may run with a Python that knows more than this one
    names: set[str] = set()
    for statement in _statements(module.body):
        given = _names_of(statement)
        if given is None:
            return None
        names.update(given)
    return None if "__getattr__" in names or any(sign in text for sign in _MADE_AS_IT_RUNS) else frozenset(names)


@lru_cache(maxsize=512)
def javascript_names(text: str) -> frozenset[str] | None:
    """The names that a JavaScript module exports, `default` among them; None where that is hard to tell."""
    if _UNKNOWABLE.search(text):
        return None
    names = {"default"} if _EXPORT_DEFAULT.search(text) else set()
    for found in _EXPORTED.finditer(text):
        listed = (part.split(" as ")[-1].strip() for part in (found[2] or "").split(","))
        names.update(name for name in (found[1], *listed) if name)
    return frozenset(names)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, in branches as well. Each `elif` is inside the one before it,
    deeper than a recursion could follow.
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
    """What a statement is made of, without the statements inside it, which are looked at themselves."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        yield node
        left += (inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, ast.stmt))


def _names_of(statement: ast.stmt) -> Iterable[str] | None:
    """The names that a statement gives a value; None for `from x import *`."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        names = [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
        return None if "*" in names else names
    stored = (
        node.id for node in _own_nodes(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return list(stored)
