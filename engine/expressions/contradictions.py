"""Finds conditions that can never hold together, from their comparisons; silent where that is not certain."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from engine.expressions.comparison import compare
from engine.expressions.paths import Path
from engine.expressions.tree import And, Compare, Expression, Literal, Not, Operator, PathRef, show
from engine.expressions.values import Json

_MIRRORED = {
    Operator.LESS: Operator.GREATER,
    Operator.LESS_OR_EQUAL: Operator.GREATER_OR_EQUAL,
    Operator.GREATER: Operator.LESS,
    Operator.GREATER_OR_EQUAL: Operator.LESS_OR_EQUAL,
}
_MOST_BOUNDS = 50
"""The comparisons of a condition that are checked against those of another: nobody writes more by hand."""

_UPPER = (Operator.LESS, Operator.LESS_OR_EQUAL)
_LOWER = (Operator.GREATER, Operator.GREATER_OR_EQUAL)


def contradict(one: Expression, other: Expression) -> bool:
    """Whether two conditions can never hold together, whatever the values; False where that is not certain."""
    if isinstance(one, Not) and _same(one.operand, other):
        return True
    if isinstance(other, Not) and _same(other.operand, one):
        return True
    return any(
        path == other_path and _exclude(operator, value, other_operator, other_value)
        for path, operator, value in islice(_bounds(one), _MOST_BOUNDS)
        for other_path, other_operator, other_value in islice(_bounds(other), _MOST_BOUNDS)
    )


def bounded_paths(tree: Expression) -> frozenset[Path]:
    """The paths that a condition compares with a value or tests for truth: those that a contradiction can be about."""
    asked = tree.operand if isinstance(tree, Not) else tree
    plain = {asked.path} if isinstance(asked, PathRef) else set()
    return frozenset({path for path, _, _ in (*_bounds(tree), *_bounds(asked))} | plain)


def _same(one: Expression, other: Expression) -> bool:
    # In Python the literals 1 and true are equal, so compare the canonical texts, too.
    return one == other and show(one) == show(other)


def _bounds(tree: Expression) -> Iterator[tuple[Path, Operator, Json]]:
    """The comparisons of a path with a value, path first, that must all hold for `tree` to hold."""
    if isinstance(tree, And):
        for operand in tree.operands:
            yield from _bounds(operand)
    elif isinstance(tree, Compare):
        left, right = tree.left, tree.right
        if isinstance(left, PathRef) and isinstance(right, Literal):
            yield left.path, tree.operator, right.value
        elif isinstance(left, Literal) and isinstance(right, PathRef):
            yield right.path, _MIRRORED.get(tree.operator, tree.operator), left.value


def _exclude(operator: Operator, value: Json, other: Operator, other_value: Json) -> bool:
    if operator is Operator.EQUAL:
        return not compare(other, value, other_value).value
    if other is Operator.EQUAL:
        return not compare(operator, other_value, value).value
    for low, low_value, high, high_value in (
        (operator, value, other, other_value),
        (other, other_value, operator, value),
    ):
        if low in _LOWER and high in _UPPER:
            strict = low is Operator.GREATER or high is Operator.LESS
            needed = Operator.LESS if strict else Operator.LESS_OR_EQUAL
            return not compare(needed, low_value, high_value).value
    return False
