"""Values against schemas of strangers: what jsonschema says, without its surprises, in bounded time."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.experience.json_schema.step_limit import TooManyStepsError, at_most
from engine.experience.json_schema.validation import (
    UncheckableError,
    UnknownReferenceError,
    errors_in,
    schema_error,
    validator_of,
)
from engine.expressions import Json

VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, 2.5]) | st.sampled_from(["", "a", "ab", "x-a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "x-a"]), inner, max_size=3),
    max_leaves=6,
)
SCHEMAS = st.recursive(
    st.booleans()
    | st.sampled_from(
        [{"type": "string"}, {"pattern": "^a"}, {"uniqueItems": True}, {"minLength": 1}, {"$ref": "#/$defs/text"}, {}]
    )
    | st.builds(lambda values: {"enum": values}, st.lists(VALUES, max_size=3)),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^x-", "a", "b$"]), inner, max_size=2),
            "additionalProperties": inner,
            "unevaluatedProperties": inner,
            "dependentSchemas": st.dictionaries(st.just("a"), inner, max_size=1),
            "items": inner,
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "if": inner,
            "then": inner,
            "else": inner,
        },
    ),
    max_leaves=6,
)


@given(SCHEMAS, VALUES)
def test_a_value_breaks_the_rules_that_jsonschema_says_it_breaks(schema: Any, value: Any) -> None:
    whole = {"$defs": {"text": {"type": "string"}}, "allOf": [schema]}
    expected = Draft202012Validator(whole).iter_errors(value)

    assert {_shape(error) for error in errors_in(whole, value)} == {_shape(error) for error in expected}


def _shape(error: Any) -> tuple[Any, ...]:
    return error.json_path, error.validator, tuple(map(str, error.schema_path))


def _doubling(keyword: str) -> dict[str, Any]:
    """Forty lines that ask for 2^40 checks."""
    parts = {f"a{at}": {keyword: [{"$ref": f"#/$defs/a{at - 1}"}] * 2} for at in range(1, 40)}
    return {"$defs": {"a0": {"type": "string"}, **parts}, "$ref": "#/$defs/a39"}


@pytest.mark.parametrize(
    "keyword", ["allOf", *(pytest.param(name, marks=pytest.mark.long) for name in ("anyOf", "oneOf"))]
)
def test_a_schema_that_multiplies_itself_is_given_up_in_words(keyword: str) -> None:
    before = process_time()
    with pytest.raises(UncheckableError, match="too many steps"):
        errors_in(_doubling(keyword), _unlike(keyword))
    assert process_time() - before < 5


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_each_rule_that_checks_others_counts_their_steps(keyword: str) -> None:
    with at_most(1_000), pytest.raises(TooManyStepsError):
        list(validator_of(_doubling(keyword)).iter_errors(_unlike(keyword)))


def _unlike(keyword: str) -> Json:
    """A value for which every part of the rule is looked at."""
    return 1 if keyword == "anyOf" else "x"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"unevaluatedProperties": False, "allOf": [{"$ref": "#"}]},
    ],
)
def test_a_schema_that_refers_to_itself_without_end_is_refused_in_words(schema: dict[str, Any]) -> None:
    with pytest.raises(UncheckableError, match="endlessly"):
        errors_in(schema, {"a": 1})


def test_many_errors_in_a_large_value_do_not_fill_the_memory() -> None:
    schema = {"allOf": [{"maxItems": 0}] * 5_000}

    with pytest.raises(UncheckableError, match="too many steps"):
        errors_in({"anyOf": [schema, schema]}, list(range(20_000)))
    assert len(errors_in(schema, list(range(1_000)))) == 200


@pytest.mark.parametrize("items", [[{"a": at} for at in range(20_000)], [[at] for at in range(20_000)]])
def test_unique_items_and_choices_are_found_in_linear_time(items: list[Any]) -> None:
    before = process_time()

    assert errors_in({"uniqueItems": True}, items) == []
    assert len(errors_in({"uniqueItems": True}, [*items, items[0]])) == 1
    assert errors_in({"items": {"enum": list(range(1_000))}}, list(range(1_000))) == []
    assert process_time() - before < 5


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^(a+)+$"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"},
        {"properties": {"a": {}}, "patternProperties": {"^(a+)+$": False}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": True}, "unevaluatedProperties": False},
        {"propertyNames": {"pattern": "^(a+)+$"}},
    ],
)
def test_a_hostile_pattern_is_matched_in_linear_time_wherever_it_stands(schema: dict[str, Any]) -> None:
    text = "a" * 5_000 + "!"

    assert errors_in({"allOf": [schema]}, text if "pattern" in schema else {text: 1}) != []


def test_a_schema_with_an_unsupported_pattern_is_a_schema_of_which_only_that_part_cannot_be_checked() -> None:
    schema = {"properties": {"a": {"pattern": "^(?!x)"}, "b": {"type": "string"}}}

    assert schema_error(schema) is None
    assert [error.validator for error in errors_in(schema, {"b": 1})] == ["type"]
    with pytest.raises(UncheckableError, match=r"`\(\?!` looks ahead"):
        errors_in(schema, {"a": "text"})


def test_a_pattern_that_is_no_regular_expression_makes_no_schema() -> None:
    error = schema_error({"properties": {"a": {"pattern": "("}}})

    assert error is not None
    assert error.json_path == "$.properties.a.pattern"


def test_a_reference_that_leads_nowhere_is_named() -> None:
    with pytest.raises(UnknownReferenceError, match="https://example"):
        errors_in({"$ref": "https://example.org/a.json"}, 1)
