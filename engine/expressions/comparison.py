"""Compares values without coercion, and decides whether one counts as true (docs/format.md, Expressions).

A comparison that makes no sense gets an answer and a warning.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from msgspec import Struct

from engine.expressions.tree import Operator
from engine.expressions.values import MISSING, Json, Missing, ValueKind, kind_of

Operand: TypeAlias = Json | Missing


class Answer(Struct, frozen=True):
    """The answer, and where the comparison makes no sense a warning, half a sentence for the run's log."""

    value: bool | int
    warning: str | None = None


def truthy(value: Operand) -> bool:
    """Whether a value counts as true: as in JavaScript, all but "", 0, NaN, null, false and a missing value."""
    if isinstance(value, (list, dict)):
        return True
    if value is MISSING or (isinstance(value, float) and math.isnan(value)):
        return False
    return bool(value)


def compare(operator: Operator, left: Operand, right: Operand) -> Answer:
    """Compare values of one kind; between kinds every comparison is false, except `!=`.

    With one side missing only `!=` holds, with both nothing does. Lists and objects equal nothing. Only numbers and
    text have an order, text by UTF-16 code units.
    """
    if left is MISSING or right is MISSING:
        return _compare_with_missing(operator, left, right)
    if operator in (Operator.EQUAL, Operator.NOT_EQUAL):
        equal = _same(left, right)
        return Answer(equal is (operator is Operator.EQUAL), _why_never_equal(left, right))
    if _kind(left) == _kind(right) == ValueKind.NUMBER:
        return Answer(_ORDER[operator](left, right))
    if isinstance(left, str) and isinstance(right, str):
        return Answer(_ORDER[operator](_units(left), _units(right)))
    return Answer(False, f"{_kind(left)} and {_kind(right)} have no order")


def contains(container: Operand, item: Operand) -> Answer:
    """Whether a list has an equal item, text that part, or an object that key; a missing value contains nothing."""
    if container is MISSING or item is MISSING:
        return Answer(False)
    if isinstance(container, list) and not isinstance(item, (list, dict)):
        return Answer(any(_same(element, item) for element in container))
    if isinstance(container, (str, dict)) and isinstance(item, str):
        return Answer(item in container)
    return Answer(False, f"{_kind(item)} cannot be in {_kind(container)}")


def starts_with(text: Operand, beginning: Operand) -> Answer:
    """Whether text begins with other text."""
    if isinstance(text, str) and isinstance(beginning, str):
        return Answer(text.startswith(beginning))
    return _not_text(text, beginning)


def ends_with(text: Operand, end: Operand) -> Answer:
    """Whether text ends with other text."""
    if isinstance(text, str) and isinstance(end, str):
        return Answer(text.endswith(end))
    return _not_text(text, end)


def length(value: Operand) -> Answer:
    """The number of items of a list, or of UTF-16 code units of text, as in the public engine; else 0."""
    if isinstance(value, list):
        return Answer(len(value))
    if isinstance(value, str):
        return Answer(len(_units(value)) // 2)
    return Answer(0, None if value is MISSING or value is None else f"{_kind(value)} has no length")


_ORDER: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: lt,
    Operator.LESS_OR_EQUAL: le,
    Operator.GREATER: gt,
    Operator.GREATER_OR_EQUAL: ge,
}


def _compare_with_missing(operator: Operator, left: Operand, right: Operand) -> Answer:
    answer = operator is Operator.NOT_EQUAL and left is not right
    asks_for_null = operator in (Operator.EQUAL, Operator.NOT_EQUAL) and (left is None or right is None)
    return Answer(answer, "a missing value is not null; test it with defined(…)" if asks_for_null else None)


def _same(left: Json, right: Json) -> bool:
    return _kind(left) == _kind(right) and not isinstance(left, (list, dict)) and left == right


def _why_never_equal(left: Json, right: Json) -> str | None:
    if left is None or right is None:
        return None
    if _kind(left) != _kind(right):
        return f"{_kind(left)} and {_kind(right)} are never equal"
    return f"{_kind(left)} equals nothing" if isinstance(left, (list, dict)) else None


def _not_text(*operands: Operand) -> Answer:
    odd = [_kind(operand) for operand in operands if operand is not MISSING and not isinstance(operand, str)]
    return Answer(False, f"{odd[0]} is not text" if odd else None)


def _kind(value: Operand) -> str:
    return "nothing" if value is MISSING else kind_of(value).value


def _units(text: str) -> bytes:
    """UTF-16 code units, which compare as strings do in JavaScript."""
    return text.encode("utf-16-be", "surrogatepass")
