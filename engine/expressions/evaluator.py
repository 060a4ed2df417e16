"""Evaluates an expression tree; the values of paths come from a lookup. comparison.py compares values."""

from __future__ import annotations

from msgspec import Struct

from engine.expressions.comparison import Answer, Operand, compare, contains, truthy
from engine.expressions.functions import FUNCTIONS
from engine.expressions.paths import Lookup
from engine.expressions.tree import And, Call, Compare, Expression, In, Literal, Not, Or, PathRef, show
from engine.syntax.spans import Span


class ExpressionWarning(Struct, frozen=True):
    """A part that cannot be intended, such as a comparison of a number with text; for the run's log."""

    span: Span
    message: str


class Evaluated(Struct, frozen=True):
    """Whether the expression holds, and the warnings in the order of evaluation."""

    value: bool
    warnings: tuple[ExpressionWarning, ...]


def evaluate(tree: Expression, lookup: Lookup) -> Evaluated:
    """Evaluate from left to right with short circuit (docs/format.md, Expressions).

    `lookup` is called only for values that are needed. Evaluation itself raises nothing; exceptions of `lookup` pass
    through, so that a caller can tell "false" from "not known yet".
    """
    warnings: list[ExpressionWarning] = []
    value = truthy(_value(tree, lookup, warnings))
    return Evaluated(value, tuple(warnings))


def _value(tree: Expression, lookup: Lookup, warnings: list[ExpressionWarning]) -> Operand:
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, PathRef):
        return lookup(tree.path)
    if isinstance(tree, Not):
        return not truthy(_value(tree.operand, lookup, warnings))
    if isinstance(tree, And):
        return all(truthy(_value(operand, lookup, warnings)) for operand in tree.operands)
    if isinstance(tree, Or):
        return any(truthy(_value(operand, lookup, warnings)) for operand in tree.operands)
    answer = _answer(tree, lookup, warnings)
    if answer.warning is not None:
        warnings.append(ExpressionWarning(tree.span, f"{show(tree)}: {answer.warning}"))
    return answer.value


def _answer(tree: Compare | In | Call, lookup: Lookup, warnings: list[ExpressionWarning]) -> Answer:
    if isinstance(tree, Compare):
        left = _value(tree.left, lookup, warnings)
        return compare(tree.operator, left, _value(tree.right, lookup, warnings))
    if isinstance(tree, In):
        item = _value(tree.item, lookup, warnings)
        return contains(_value(tree.container, lookup, warnings), item)
    return FUNCTIONS[tree.name].apply(*(_value(argument, lookup, warnings) for argument in tree.arguments))
