"""Infers from a JSON Schema the kinds of its values and the schema at a path inside. Assumes anything if unsure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from engine.expressions import Json, Step, ValueKind, kind_of
from engine.expressions.kinds import ANY, Known
from engine.expressions.values import KIND_OF_TYPE

_ALONE = {name: frozenset({kind}) for name, kind in KIND_OF_TYPE.items()}
_COMBINED = frozenset({"$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "if", "not"})
_NULL = frozenset({ValueKind.NULL})
_NO_KIND = frozenset[ValueKind]()
ANYTHING: Mapping[str, Any] = MappingProxyType({})
"""The schema of a value about which nothing is known."""


class Nowhere(Struct, frozen=True):
    """A path that certainly finds nothing: the failing step, the reason, and the names that exist instead."""

    step: Step
    reason: str
    names: frozenset[str] = frozenset()


def known_by(schema: Mapping[str, Any]) -> Known:
    """The kinds and values that a schema allows."""
    declared = schema.get("type")
    kinds = _ALONE.get(declared, ANY) if isinstance(declared, str) else _kinds_of(declared)
    values = _values(schema)
    if values is None:
        return Known(kinds)
    return Known(frozenset({kind for value in values if (kind := kind_of(value)) in kinds}) or kinds, values)


def known_of_field(schema: Mapping[str, Any]) -> Known:
    """The kinds and values of a state field: always null, too. `type: "null"` means "not checked" there."""
    if schema.get("type") == "null":
        return Known()
    known = known_by(schema)
    return Known(known.kinds | _NULL, known.values)


def inside(schema: Mapping[str, Any], steps: Iterable[Step]) -> Mapping[str, Any] | Nowhere:
    """The schema at the end of a path, by the rules of `descend`; `ANYTHING` if nothing is known about it."""
    here = schema
    for step in steps:
        found = _inside(here, step)
        if isinstance(found, Nowhere):
            return found
        here = found
    return here


def _kinds_of(types: Any) -> frozenset[ValueKind]:
    """The kinds that any of several types allows; every kind if there are none, or an unknown one."""
    names = types if isinstance(types, list) else ()
    return _NO_KIND.union(*(_ALONE.get(name, ANY) for name in names if isinstance(name, str))) or ANY


def _values(schema: Mapping[str, Any]) -> tuple[Json, ...] | None:
    if "const" in schema:
        return (schema["const"],)
    choices = schema.get("enum")
    return tuple(choices) if isinstance(choices, list) and choices else None


def _inside(schema: Mapping[str, Any], step: Step) -> Mapping[str, Any] | Nowhere:
    if not _COMBINED.isdisjoint(schema):
        return ANYTHING
    kinds = known_by(schema).kinds - _NULL
    if kinds == {ValueKind.OBJECT}:
        return _in_object(schema, step)
    if kinds == {ValueKind.LIST}:
        return _in_list(schema, step)
    if kinds and kinds.isdisjoint({ValueKind.OBJECT, ValueKind.LIST}):
        hint = "; use `length(…)` for its length" if step.value == "length" and ValueKind.TEXT in kinds else ""
        what = " or ".join(sorted(kind.value for kind in kinds))
        return Nowhere(step, f"{what} has no members{hint}")
    return ANYTHING


def _in_object(schema: Mapping[str, Any], step: Step) -> Mapping[str, Any] | Nowhere:
    properties = schema.get("properties")
    named = properties if isinstance(properties, dict) else {}
    member = named.get(str(step.value))
    if member is not None:
        return member if isinstance(member, dict) else ANYTHING
    if schema.get("additionalProperties") is False and not schema.get("patternProperties"):
        return Nowhere(step, f"its schema has no property `{step.value}`", frozenset(map(str, named)))
    return ANYTHING


def _in_list(schema: Mapping[str, Any], step: Step) -> Mapping[str, Any] | Nowhere:
    if step.value == "length":
        return {"type": "integer"}
    if not isinstance(step.value, int):
        return Nowhere(step, "a list has only items, such as `[0]`, and `length`")
    first = schema.get("prefixItems")
    if isinstance(first, list) and step.value < len(first):
        return first[step.value] if isinstance(first[step.value], dict) else ANYTHING
    items = schema.get("items")
    return items if isinstance(items, dict) else ANYTHING
