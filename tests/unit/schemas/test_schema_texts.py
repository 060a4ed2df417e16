"""Every key of both schemas says what it does: these texts are what people read in hovers and completions."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas import event_schema, experience_schema

SCHEMAS = {"experience": experience_schema(), "event": event_schema()}
CONDITIONS = {"if", "then", "else"}
DATA = {"examples", "default", "const", "enum"}


def subschemas(part: Any, pointer: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every subschema with its pointer; conditions and what stands under examples are left out."""
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from subschemas(item, f"{pointer}/{index}")
    elif isinstance(part, dict):
        yield pointer, part
        for name, child in part.items():
            if name in {"properties", "$defs", "patternProperties"}:
                for key, schema in child.items():
                    yield from subschemas(schema, f"{pointer}/{name}/{key}")
            elif name not in CONDITIONS | DATA and not name.startswith("x-"):
                yield from subschemas(child, f"{pointer}/{name}")


def effective(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a schema with what it refers to merged beneath it."""
    if "$ref" not in part:
        return part
    target: Any = schema
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**effective(schema, target), **part}


def described_keys(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every key of every object, by pointer, with its references merged."""
    return {
        f"{pointer}/properties/{name}": effective(schema, key)
        for pointer, part in subschemas(schema)
        for name, key in part.get("properties", {}).items()
    }


@cache
def validator_of(schema_name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[schema_name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_a_description_that_is_a_sentence(name: str) -> None:
    keys = described_keys(SCHEMAS[name])

    assert len(keys) > 50
    assert [pointer for pointer, key in keys.items() if not key.get("description", "").endswith((".", "…"))] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_has_an_example(name: str) -> None:
    assert [pointer for pointer, key in described_keys(SCHEMAS[name]).items() if not key.get("examples")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_value_of_an_enum_is_described(name: str) -> None:
    for pointer, key in described_keys(SCHEMAS[name]).items():
        if "enum" in key and pointer != "#/properties/type":
            assert list(key["x-enumDescriptions"]) == key["enum"], pointer


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_example_and_default_is_valid_by_its_own_schema(name: str) -> None:
    for pointer, part in subschemas(SCHEMAS[name]):
        validator = validator_of(name).evolve(schema=part)
        shown = [*part.get("examples", []), *([part["default"]] if "default" in part else [])]
        if pointer.endswith(("/properties", "/$defs")):
            continue
        for example in shown:
            assert [error.message for error in validator.iter_errors(example)] == [], pointer


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_discriminator_names_the_same_definitions_as_its_conditions(name: str) -> None:
    found = [part for _, part in subschemas(SCHEMAS[name]) if "x-discriminator" in part]

    assert found
    for part in found:
        property_name = part["x-discriminator"]["property"]
        mapping = part["x-discriminator"]["mapping"]
        conditions = {
            branch["if"]["properties"][property_name]["const"]: branch["then"]["$ref"] for branch in part["allOf"]
        }
        assert conditions == mapping
        assert effective(SCHEMAS[name], part["properties"][property_name])["enum"] == list(mapping)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_definition_is_used(name: str) -> None:
    text = str(SCHEMAS[name])

    for definition in SCHEMAS[name]["$defs"]:
        assert f"#/$defs/{definition}'" in text or f"#/$defs/{definition}/" in text, definition
