"""What is said of an expression before it runs is true of every run: laws over random expressions and values."""

from __future__ import annotations

from itertools import product

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.expressions import Compare, Expression, Json, Operator, evaluate, parse_expression
from engine.expressions.contradictions import contradict
from engine.expressions.kinds import Known, oddities
from engine.expressions.values import ValueKind, kind_of

VALUES: dict[ValueKind, st.SearchStrategy[Json]] = {
    ValueKind.TEXT: st.sampled_from(["", "a", "b", "x"]),
    ValueKind.NUMBER: st.sampled_from([0, 1, 2.5, 3, 7]),
    ValueKind.BOOLEAN: st.booleans(),
    ValueKind.NULL: st.none(),
    ValueKind.LIST: st.lists(st.sampled_from([1, "a"]), max_size=2).map(list),
    ValueKind.OBJECT: st.just({"a": 1}),
}
FIELDS = ("a", "b")
_operand = st.sampled_from(["$.a", "$.b", "0", "1", "3", "'a'", "'x'", "true", "null"])
_comparison = st.tuples(_operand, st.sampled_from([each.value for each in Operator]), _operand).map(" ".join)
_call = st.sampled_from(["length($.a) > 0", "contains($.a, 1)", "startsWith($.b, 'a')", "'a' in $.b", "$.a", "!$.a"])
TEXTS = st.lists(_comparison | _call, min_size=1, max_size=3).map(" && ".join)


def parsed(text: str) -> Expression:
    tree = parse_expression(text).tree
    assert tree is not None
    return tree


SIMPLE = [
    *(
        f"$.a {operator.value} {value}"
        for operator in Operator
        for value in ("0", "1", "3", "'a'", "'x'", "true", "null")
    ),
    "$.a",
    "!$.a",
    "$.a > 0 && $.a < 3",
]
POSSIBLE: list[Json] = ["", "a", "m", "x", -1, 0, 0.5, 1, 2, 3, 4, True, False, None, [], {}]


def test_conditions_that_contradict_each_other_never_both_hold() -> None:
    holding = {text: [i for i, value in enumerate(POSSIBLE) if holds(text, {"a": value})] for text in SIMPLE}

    contradicting = [pair for pair in product(SIMPLE, repeat=2) if contradict(*map(parsed, pair))]

    assert len(contradicting) > 500
    assert [(one, other) for one, other in contradicting if set(holding[one]) & set(holding[other])] == []


def test_what_people_write_as_alternatives_is_known_to_contradict() -> None:
    pairs = [("$.a >= 7", "$.a < 7"), ("$.a", "!$.a"), ("$.a == 'x'", "$.a != 'x'"), ("$.a == 1", "2 == $.a")]

    assert all(contradict(parsed(one), parsed(other)) for one, other in pairs)


def holds(text: str, state: dict[str, Json]) -> bool:
    return evaluate(parsed(text), lambda path: state[str(path.steps[0].value)]).value


@given(TEXTS, st.data())
def test_a_condition_that_is_said_to_be_never_true_never_is(text: str, data: st.DataObject) -> None:
    kinds = {name: data.draw(st.frozensets(st.sampled_from(ValueKind), min_size=1)) for name in FIELDS}
    odd = [each for each in oddities(parsed(text), lambda path: Known(kinds[str(path.steps[0].value)])) if each.never]
    assume(odd)
    state = {name: data.draw(VALUES[data.draw(st.sampled_from(sorted(kinds[name])))]) for name in FIELDS}
    assert all(kind_of(state[name]) in kinds[name] for name in FIELDS)

    for each in odd:
        part = text[each.span.start : each.span.end]
        tree = parsed(part)
        always = isinstance(tree, Compare) and tree.operator is Operator.NOT_EQUAL and "always" in each.message
        # Of operands that contradict each other, the second is marked, and the whole never holds.
        assert holds(text if "together" in each.message else part, state) is always
