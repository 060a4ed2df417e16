"""The tree of an expression: its nodes with spans, their canonical text, and the paths in them."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from engine.expressions.located import Located
from engine.expressions.paths import Path
from engine.syntax.spans import Span


class Operator(Enum):
    """The comparison operators; the value is their text."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class Literal(Located, frozen=True, eq=False):
    """Text, a number, true, false or null."""

    value: str | int | float | bool | None
    span: Span


class PathRef(Located, frozen=True, eq=False):
    """A path as an operand."""

    path: Path
    span: Span


class Not(Located, frozen=True, eq=False):
    """`!operand`."""

    operand: Expression
    span: Span


class And(Located, frozen=True, eq=False):
    """Two or more operands joined by `&&`."""

    operands: tuple[Expression, ...]
    span: Span


class Or(Located, frozen=True, eq=False):
    """Two or more operands joined by `||`."""

    operands: tuple[Expression, ...]
    span: Span


class Compare(Located, frozen=True, eq=False):
    """`left operator right`."""

    operator: Operator
    left: Expression
    right: Expression
    span: Span


class In(Located, frozen=True, eq=False):
    """`item in container`: an item of a list, a part of text, or a key of an object."""

    item: Expression
    container: Expression
    span: Span


class Call(Located, frozen=True, eq=False):
    """A call of one of FUNCTIONS with the right number of arguments."""

    name: str
    arguments: tuple[Expression, ...]
    span: Span


Expression: TypeAlias = Literal | PathRef | Not | And | Or | Compare | In | Call
"""A parsed expression. Comparisons ignore spans; the literals 1 and true are equal in Python."""


def children(tree: Expression) -> tuple[Expression, ...]:
    """The direct parts of a node, from left to right."""
    if isinstance(tree, (And, Or)):
        return tree.operands
    if isinstance(tree, Compare):
        return (tree.left, tree.right)
    if isinstance(tree, In):
        return (tree.item, tree.container)
    if isinstance(tree, Call):
        return tree.arguments
    return (tree.operand,) if isinstance(tree, Not) else ()


def paths_of(tree: Expression) -> tuple[Path, ...]:
    """Every path in `tree`, from left to right, as often as it occurs."""
    if isinstance(tree, PathRef):
        return (tree.path,)
    return tuple(path for child in children(tree) for path in paths_of(child))


def show(tree: Expression) -> str:
    """The canonical text, with as few parentheses as possible; it parses to an equal tree."""
    return _show(tree, _Binding.OR)


class _Binding(int, Enum):
    """How tightly a node binds, loosest first."""

    OR = 0
    AND = 1
    COMPARISON = 2
    NOT = 3
    ATOM = 4


def _show(tree: Expression, at_least: _Binding) -> str:
    binding, text = _bound_text(tree)
    return text if binding >= at_least else f"({text})"


def _bound_text(tree: Expression) -> tuple[_Binding, str]:
    if isinstance(tree, Or):
        return _Binding.OR, " || ".join(_show(operand, _Binding.AND) for operand in tree.operands)
    if isinstance(tree, And):
        return _Binding.AND, " && ".join(_show(operand, _Binding.COMPARISON) for operand in tree.operands)
    if isinstance(tree, Compare):
        return _Binding.COMPARISON, _infix(tree.left, tree.operator.value, tree.right)
    if isinstance(tree, In):
        return _Binding.COMPARISON, _infix(tree.item, "in", tree.container)
    if isinstance(tree, Not):
        return _Binding.NOT, f"!{_show(tree.operand, _Binding.NOT)}"
    return _Binding.ATOM, _atom_text(tree)


def _atom_text(tree: Literal | PathRef | Call) -> str:
    if isinstance(tree, Call):
        return f"{tree.name}({', '.join(show(argument) for argument in tree.arguments)})"
    return str(tree.path) if isinstance(tree, PathRef) else _literal(tree.value)


def _infix(left: Expression, sign: str, right: Expression) -> str:
    return f"{_show(left, _Binding.NOT)} {sign} {_show(right, _Binding.NOT)}"


def _literal(value: str | int | float | bool | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        quote = "'" if '"' in value else '"'
        return f"{quote}{value}{quote}"
    return format(Decimal(repr(value)), "f")
