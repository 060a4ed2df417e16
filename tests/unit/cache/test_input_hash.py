"""The input hash: what is in it, what is not, and that it is the same on every system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.cache.keys.input_hash import input_key, item_parts, names_index, settings_parts, spec_parts
from engine.cache.keys.relevance import BY_VALUE, CHANGES_RESULT, NEVER_CHANGES_RESULT
from engine.canonical import NotJsonError, canonical, hash_value, normalise
from engine.expressions import Json
from engine.scheduler.state.inputs import ItemValue
from schemas import experience_schema
from tests.support.experiences import experience, yaml_graph

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def node_keys() -> set[str]:
    """Every key that the schema knows on some kind of node."""
    definitions: dict[str, Any] = experience_schema()["$defs"]
    mapping = definitions["node"]["x-discriminator"]["mapping"]
    return {key for ref in mapping.values() for key in definitions[ref.rpartition("/")[2]]["properties"]}


def test_every_key_of_the_schema_either_changes_a_result_or_does_not() -> None:
    classified = CHANGES_RESULT | BY_VALUE | NEVER_CHANGES_RESULT

    assert node_keys() - classified == set()
    assert classified - node_keys() == set()
    assert len(classified) == len(CHANGES_RESULT) + len(BY_VALUE) + len(NEVER_CHANGES_RESULT)


def a_node(extra: str = "") -> Any:
    return experience(yaml_graph(f"- {{id: a, kind: tool, impl: a.py{extra}}}")).nodes[0]


@pytest.mark.parametrize(
    "extra", [", phase: p", ", description: d", ", timeout_ms: 5", ", on_error: {policy: fail_run}"]
)
def test_keys_that_cannot_change_a_result_are_not_hashed(extra: str) -> None:
    assert spec_parts(a_node(extra)) == spec_parts(a_node())


@pytest.mark.parametrize("extra", [", cache_key: v2", ", env: [HOME]"])
def test_keys_that_can_change_a_result_are_hashed(extra: str) -> None:
    assert spec_parts(a_node(extra)) != spec_parts(a_node())


def test_settings_such_as_the_model_are_hashed() -> None:
    assert settings_parts({"model": "one"}) != settings_parts({"model": "two"})


def test_the_place_of_an_item_counts_only_where_something_names_it() -> None:
    first, later = ItemValue("v", 0, "k#0"), ItemValue("v", 7, "k#0")

    assert item_parts(first, with_index=False) == item_parts(later, with_index=False)
    assert item_parts(first, with_index=True) != item_parts(later, with_index=True)
    assert names_index(a_node(", args: {n: $index}"))
    assert not names_index(a_node(", description: of no $index"))


@given(st.dictionaries(st.text(max_size=5), st.text("0123456789abcdef", min_size=64, max_size=64), max_size=5))
def test_the_order_of_parts_does_not_matter(parts: dict[str, str]) -> None:
    assert input_key(dict(reversed(parts.items()))).hash == input_key(parts).hash


@given(JSON, JSON)
def test_equal_values_and_only_they_have_equal_hashes(left: Json, right: Json) -> None:
    left, right = normalise(left), normalise(right)

    assert (hash_value(left) == hash_value(right)) == (repr(_sorted(left)) == repr(_sorted(right)))


@given(JSON | st.dictionaries(st.text("aé\u2028\uffee\U0001f600", max_size=2), st.text('\x00\x1f\x7f"\\/\n\u2028é')))
def test_canonical_json_is_that_of_the_rfc(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(JSON)
def test_a_value_stays_what_it_is_once_it_is_normal(value: Json) -> None:
    assert normalise(normalise(value)) == normalise(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", 2**60, {1: 2}, b"x"], ids=repr)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(NotJsonError):
        normalise(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            2**53,
            "the value is 9007199254740992, an integer beyond 2^53, whose last digits may be lost",
        ),
        ({"rows": [1, {"id": -(2**60)}]}, "rows[1].id is -1152921504606846976, an integer beyond 2^53"),
        ([[10**5000]], "[0][0] is an integer beyond 2^53"),
        ({"a": {"b": float("nan")}}, "a.b is nan, which JSON cannot hold"),
        (["é", "\udfff"], "[1] is text with half of a surrogate pair"),
    ],
)
def test_what_json_cannot_hold_is_named_by_its_place(value: Any, said: str) -> None:
    with pytest.raises(NotJsonError) as raised:
        normalise(value)

    assert str(raised.value).startswith(said)


def test_hashes_are_the_same_in_every_process(tmp_path: Path) -> None:
    script = "from engine.canonical import hash_value; print(hash_value({'b': [1, 2.0, 'ü'], 'a': {'x': None}}))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "42")
    }

    assert seen == {hash_value({"a": {"x": None}, "b": [1, 2, "ü"]}) + "\n"}


def _sorted(value: Json) -> object:
    if isinstance(value, dict):
        return [(key, _sorted(value[key])) for key in sorted(value)]
    if isinstance(value, list):
        return ("list", *map(_sorted, value))
    return value
