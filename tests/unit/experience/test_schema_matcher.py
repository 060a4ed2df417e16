"""The fast matcher accepts no value in which jsonschema finds a mistake."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.json_schema.definitions import Part, definition
from engine.experience.json_schema.violations import matcher, validator, violations
from tests.support.examples import examples

_SCALARS: list[Any] = [
    "",
    "x",
    "$.a",
    "1.2.3",
    0,
    1,
    2.0,
    -1,
    10**30,
    0.5,
    float("inf"),
    float("nan"),
    True,
    False,
    None,
]
_ANYTHING = st.recursive(
    st.sampled_from(_SCALARS) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "x-a", "id", "y"]), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("part", Part)
@examples(1 / 2)
@given(data=st.data())
def test_what_matches_is_what_jsonschema_finds_no_mistake_in(part: Part, data: st.DataObject) -> None:
    schema = definition(part)
    value = data.draw(nearly_fitting(schema, schema["$defs"], 4))

    assert matcher(part)(value) is (next(validator(part).iter_errors(value), None) is None)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_a_lone_surrogate_is_left_to_jsonschema(text: str) -> None:
    assert violations(Part.EDGE, {"from": text, "to": "b"}) == ()
    assert [wrong.path for wrong in violations(Part.TOOL, tool(join=text))] == [("join",)]


def tool(**more: str) -> dict[str, Any]:
    return {"id": "a", "kind": "tool", "impl": "./a.py:a", **more}


def nearly_fitting(schema: Any, definitions: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Values that a schema describes, more or less: now and then with a key too many or too few, or of a wrong kind."""
    if not isinstance(schema, dict) or depth == 0:
        return _ANYTHING
    if "$ref" in schema:
        return nearly_fitting(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth)
    if "const" in schema or "enum" in schema:
        return _mostly(st.sampled_from(schema.get("enum", [schema.get("const")])))
    then = [rule["then"] for rule in schema.get("allOf", ()) if "then" in rule]
    if then:
        return st.one_of(*(nearly_fitting({**rule, "examples": []}, definitions, depth) for rule in then))
    examples = [st.sampled_from(schema["examples"])] if schema.get("examples") else []
    if "properties" in schema or schema.get("type") == "object":
        return _mostly(st.one_of(*examples, _objects(schema, definitions, depth)))
    if schema.get("type") == "array":
        items = nearly_fitting(schema.get("items"), definitions, depth - 1)
        return _mostly(st.one_of(*examples, st.lists(items, max_size=3)))
    return _mostly(examples[0] if examples else _ANYTHING)


@st.composite
def _objects(draw: st.DrawFn, schema: dict[str, Any], definitions: dict[str, Any], depth: int) -> Any:
    members = schema.get("properties", {})
    keys = set(schema.get("required", ()))
    if members:
        keys |= draw(st.sets(st.sampled_from(sorted(members)), max_size=4))
    if keys and draw(st.integers(0, 19)) == 0:
        keys.discard(draw(st.sampled_from(sorted(keys))))
    value = {key: draw(nearly_fitting(members.get(key), definitions, depth - 1)) for key in sorted(keys)}
    if draw(st.integers(0, 9)) == 0:
        value[draw(st.sampled_from(["x-a", "y", "$b", "1"]))] = draw(_ANYTHING)
    return value


def _mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 59).flatmap(lambda chance: strategy if chance else _ANYTHING)
