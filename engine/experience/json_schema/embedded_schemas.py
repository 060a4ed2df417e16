"""Checks the JSON Schemas inside an experience (run args, fields, answers): invalid ones (OE207) and unsupported
patterns (OE209).

Reports only what can certainly not be used: a value checked against such a schema fails its node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.experience.json_schema.messages import closest, did_you_mean, listed
from engine.experience.json_schema.patterns import PatternError, UnsupportedPatternError, check_pattern
from engine.experience.json_schema.schema_errors import Flaw, ShownAt
from engine.experience.problems import Code, Severity
from engine.experience.source.locate import Steps
from engine.expressions.values import KIND_OF_TYPE

_INNER = frozenset({"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"})
_INNER_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
_INNER_LISTS = frozenset({"prefixItems", "anyOf", "oneOf", "allOf"})
_NESTING = _INNER | _INNER_BY_NAME | _INNER_LISTS


def schema_flaws(schema: Any, path: Steps) -> Sequence[Flaw]:
    """The mistakes in a schema. `path` leads to it from the value that `Flaw.to_problem` gets."""
    found: list[Flaw] = []
    _collect(schema, path, found)
    return found


def _collect(schema: Any, path: Steps, found: list[Flaw]) -> None:
    if not isinstance(schema, dict):
        return
    types = schema.get("type")
    if isinstance(types, str):
        found += _unknown_type(types, (*path, "type"))
    elif isinstance(types, list):
        for position, each in enumerate(types):
            found += _unknown_type(each, (*path, "type", position))
    if "pattern" in schema:
        found += _unusable_pattern(schema["pattern"], (*path, "pattern"), ShownAt.VALUE)
    by_pattern = schema.get("patternProperties")
    for pattern in by_pattern if isinstance(by_pattern, dict) else ():
        found += _unusable_pattern(pattern, (*path, "patternProperties", pattern), ShownAt.KEY)
    if not _NESTING.isdisjoint(schema):  # rarely, and every field has a schema
        for key, member in schema.items():
            for inner, steps in _inner_schemas(key, member):
                _collect(inner, (*path, *steps), found)


def _inner_schemas(key: str, member: Any) -> Iterator[tuple[Any, Steps]]:
    """The schemas under a keyword of a schema, each with its path from there."""
    if key in _INNER:
        yield member, (key,)
    elif key in _INNER_BY_NAME and isinstance(member, dict):
        for name, inner in member.items():
            yield inner, (key, name)
    elif key in _INNER_LISTS and isinstance(member, list):
        for position, choice in enumerate(member):
            yield choice, (key, position)


def _unknown_type(name: Any, path: Steps) -> Sequence[Flaw]:
    if not isinstance(name, str) or name in KIND_OF_TYPE:
        return ()
    suggestion = closest(name, frozenset(KIND_OF_TYPE))
    message = f"JSON Schema has no type `{name}`{did_you_mean(suggestion) or f'; available: {listed(KIND_OF_TYPE)}'}"
    return (_flaw(message, path, {"suggestion": suggestion} if suggestion else {}),)


def _unusable_pattern(pattern: Any, path: Steps, shown_at: ShownAt) -> Sequence[Flaw]:
    if not isinstance(pattern, str):
        return ()
    try:
        check_pattern(pattern)
    except UnsupportedPatternError as error:
        return (_flaw(str(error), path, {}, shown_at, Code.UNSUPPORTED_PATTERN),)
    except PatternError as error:
        return (_flaw(str(error), path, {}, shown_at),)
    return ()


def _flaw(
    message: str,
    path: Steps,
    data: Mapping[str, str],
    shown_at: ShownAt = ShownAt.VALUE,
    code: Code = Code.NOT_A_SCHEMA,
) -> Flaw:
    return Flaw(code, message, path, shown_at, severity=Severity.WARNING, blocks=False, data=data)
