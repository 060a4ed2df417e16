"""References in args and sources: what they become, what stays text, what is reported."""

from __future__ import annotations

import pytest

from engine.expressions import MISSING, Json, Lookup, references, resolve


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("$.obj.a", {"b": 2}),
        ("$.items.length", 3),
        ("$.items.0", 1),  # literal text in the public engine
        ("$.items[0]", 1),  # literal text in the public engine
        ("$item.id", "i-1"),  # literal text in the public engine
        ("$item", {"k": 1, "id": "i-1"}),
        ("$index", 4),
        ("$args.x", "from args"),
        ("$edges.first", [10]),
        ("$.nul", None),
        ("$.flag", True),
        ("$", "$"),
        (" $.count", " $.count"),
        ("$.count + 1", "$.count + 1"),
        ("Hello $.name", "Hello $.name"),
        (["$.count", {"k": "$.name"}], [3, {"k": "alice"}]),
        (7, 7),
        (0.5, 0.5),
        (True, True),
        (None, None),
        ({"$.count": "$.count"}, {"$.count": 3}),
    ],
)
def test_a_reference_becomes_its_value_and_all_else_stays(value: Json, resolved: Json, lookup: Lookup) -> None:
    result = resolve(value, lookup)

    assert result.value == resolved
    assert type(result.value) is type(resolved)
    assert result.missing == ()


@pytest.mark.parametrize(
    ("escaped", "literal"),
    [
        ("$$.count", "$.count"),
        ("$$item.k", "$item.k"),
        ("$$$.count", "$$.count"),
        ("$$.count and more", "$$.count and more"),
        ("$$", "$$"),
        ("$$5", "$$5"),
    ],
)
def test_a_second_dollar_keeps_a_reference_from_being_one(escaped: str, literal: str, lookup: Lookup) -> None:
    assert resolve(escaped, lookup).value == literal


def test_a_key_whose_reference_names_nothing_is_dropped_and_reported(lookup: Lookup) -> None:
    result = resolve({"a": "$.missing", "b": {"c": "$.obj.x", "d": "$.count"}}, lookup)

    assert result.value == {"b": {"d": 3}}
    assert [str(path) for path in result.missing] == ["$.missing", "$.obj.x"]


def test_a_list_keeps_the_places_of_its_items_when_one_names_nothing(lookup: Lookup) -> None:
    result = resolve(["$.missing", "$.count"], lookup)

    assert result.value == [None, 3]
    assert [str(path) for path in result.missing] == ["$.missing"]


def test_a_lone_reference_to_nothing_is_missing_and_not_null(lookup: Lookup) -> None:
    assert resolve("$.missing", lookup).value is MISSING
    assert resolve("$.nul", lookup).value is None


def test_all_references_are_found_at_any_depth_and_in_order() -> None:
    value: Json = {"a": ["$.x", "no $.y"], "b": {"c": "$item.k"}, "d": "$$.escaped", "e": 1}

    assert [str(path) for path in references(value)] == ["$.x", "$item.k"]


def test_what_the_lookup_raises_passes_through() -> None:
    def not_known(path: object) -> Json:
        raise LookupError(f"{path} is not known yet")

    with pytest.raises(LookupError, match=r"\$\.a is not known yet"):
        resolve({"k": ["$.a"]}, not_known)
