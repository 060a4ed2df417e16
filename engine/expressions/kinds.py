"""Type checks of expressions, from the possible kinds of their paths: parts that are always false, unfit operands.

The kinds of paths come from the caller. Must agree with engine/expressions/comparison.py, which evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

from msgspec import Struct

from engine.expressions.comparison import compare
from engine.expressions.contradictions import contradict
from engine.expressions.paths import Path
from engine.expressions.tree import And, Call, Compare, Expression, In, Literal, Operator, PathRef, children, show
from engine.expressions.values import Json, ValueKind, kind_of
from engine.syntax.spans import Span

ANY = frozenset(ValueKind)


class Known(Struct, frozen=True):
    """What is known of a value: its possible kinds, and its possible values where they are few."""

    kinds: frozenset[ValueKind] = ANY
    values: tuple[Json, ...] | None = None


class Oddity(Struct, frozen=True):
    """A part that cannot be intended. `never`: it is always false (of `!=`, always true)."""

    span: Span
    message: str
    never: bool


KnownOf = Callable[[Path], Known]


def oddities(tree: Expression, known_of: KnownOf) -> Iterator[Oddity]:
    """The odd parts of an expression, outermost first; parts inside an odd one are not reported."""
    own = _oddity(tree, known_of)
    if own is not None:
        yield own
        return
    for child in children(tree):
        yield from oddities(child, known_of)


def words(kinds: frozenset[ValueKind]) -> str:
    """Kinds in words: `a list`, `text or a number`."""
    shown = kinds - {ValueKind.NULL} or kinds
    return " or ".join(kind.value for kind in ValueKind if kind in shown)


_ORDERED = (ValueKind.NUMBER, ValueKind.TEXT)
_NEVER_EQUAL = frozenset({ValueKind.LIST, ValueKind.OBJECT})
_EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
_TEXT = frozenset({ValueKind.TEXT})
_CONTAINERS = frozenset({ValueKind.TEXT, ValueKind.LIST, ValueKind.OBJECT})
_ARGUMENTS = {
    "length": (frozenset({ValueKind.TEXT, ValueKind.LIST}),),
    "contains": (_CONTAINERS, ANY),
    "startsWith": (_TEXT, _TEXT),
    "endsWith": (_TEXT, _TEXT),
}


def _known(tree: Expression, known_of: KnownOf) -> Known:
    if isinstance(tree, Literal):
        return Known(frozenset({kind_of(tree.value)}), (tree.value,))
    if isinstance(tree, PathRef):
        return known_of(tree.path)
    is_number = isinstance(tree, Call) and tree.name == "length"
    return Known(frozenset({ValueKind.NUMBER if is_number else ValueKind.BOOLEAN}))


_MOST_OPERANDS = 50
"""The operands of `&&` that are compared, each with each: nobody writes more by hand."""


def _oddity(tree: Expression, known_of: KnownOf) -> Oddity | None:
    if isinstance(tree, Compare):
        return _odd_comparison(tree, _known(tree.left, known_of), _known(tree.right, known_of))
    if isinstance(tree, In):
        return _odd_operand(tree, tree.container, _known(tree.container, known_of), _CONTAINERS)
    if isinstance(tree, Call):
        pairs = zip(tree.arguments, _ARGUMENTS.get(tree.name, ()), strict=False)
        found = (_odd_operand(tree, argument, _known(argument, known_of), wanted) for argument, wanted in pairs)
        return next((odd for odd in found if odd is not None), None)
    if isinstance(tree, And):
        for one, other in combinations(tree.operands[:_MOST_OPERANDS], 2):
            if contradict(one, other):
                message = f"never true: `{show(one)}` and `{show(other)}` never hold together"
                return Oddity(other.span, message, never=True)
    return None


def _odd_operand(whole: Expression, part: Expression, known: Known, wanted: frozenset[ValueKind]) -> Oddity | None:
    if (known.kinds - {ValueKind.NULL} or known.kinds) & wanted:
        return None
    return Oddity(
        part.span, f"`{show(part)}` is {words(known.kinds)}, but `{show(whole)}` takes {words(wanted)}", never=False
    )


def _odd_comparison(tree: Compare, left: Known, right: Known) -> Oddity | None:
    if tree.operator in _EQUALITY:
        reason = _why_never_equal(tree, left, right)
        if reason is None:
            return None
        always = "always" if tree.operator is Operator.NOT_EQUAL else "never"
        return Oddity(tree.span, f"{always} true: {reason}", never=True)
    if isinstance(tree.left, Literal) and isinstance(tree.right, Literal):
        holds = compare(tree.operator, tree.left.value, tree.right.value).value
        return None if holds else Oddity(tree.span, "never true; compare with a field", never=True)
    if any(kind in left.kinds and kind in right.kinds for kind in _ORDERED):
        return None
    message = f"never true: {_is(tree.left, left)} and {_is(tree.right, right)}, which have no order"
    return Oddity(tree.span, message, never=True)


def _why_never_equal(tree: Compare, left: Known, right: Known) -> str | None:
    for part, known in ((tree.left, left), (tree.right, right)):
        if known.kinds <= _NEVER_EQUAL:
            return f"{_is(part, known)}, which equals nothing; compare its `length(…)` or a value in it"
    if not (left.kinds & right.kinds) - _NEVER_EQUAL:
        return f"{_is(tree.left, left)} and {_is(tree.right, right)}"
    if left.values is None or right.values is None or _share_a_value(left.values, right.values):
        return None
    part, values = (tree.right, right.values) if isinstance(tree.left, Literal) else (tree.left, left.values)
    if isinstance(part, Literal):
        return "the two differ"
    choices = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
    return f"`{show(part)}` is one of {choices}"


def _share_a_value(some: tuple[Json, ...], others: tuple[Json, ...]) -> bool:
    return any(kind_of(one) is kind_of(other) and one == other for one in some for other in others)


def _is(part: Expression, known: Known) -> str:
    return f"`{show(part)}` is {words(known.kinds)}"
