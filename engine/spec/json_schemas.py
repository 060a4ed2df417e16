"""The JSON Schemas that an experience holds (run args, fields, answers): what in them is none, as flaws (OE207).

Only what certainly cannot be used: a value that such a schema is asked about fails its node.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.spec.flaws import Flaw
from engine.spec.locate import Steps
from engine.spec.problems import Code, Severity
from engine.spec.wording import closest, did_you_mean, listed

_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_INNER = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
_INNER_BY_NAME = ("properties", "patternProperties", "$defs", "dependentSchemas")
_INNER_LISTS = ("prefixItems", "anyOf", "oneOf", "allOf")
_NESTING = frozenset((*_INNER, *_INNER_BY_NAME, *_INNER_LISTS))


def schema_flaws(schema: Any, path: Steps) -> Iterator[Flaw]:
    """The mistakes in the schema at a path of the value that `Flaw.within` gets."""
    if not isinstance(schema, dict):
        return
    types = schema.get("type")
    if isinstance(types, str):
        yield from _unknown_type(types, (*path, "type"))
    elif isinstance(types, list):
        for position, each in enumerate(types):
            yield from _unknown_type(each, (*path, "type", position))
    if "pattern" in schema:
        yield from _no_expression(schema["pattern"], (*path, "pattern"))
    if not _NESTING.isdisjoint(schema):  # nearly never: there is a schema for each field
        for inner, steps in _inner_schemas(schema):
            yield from schema_flaws(inner, (*path, *steps))


def _inner_schemas(schema: dict[str, Any]) -> Iterator[tuple[Any, Steps]]:
    """What stands where a schema holds others, and the steps to it."""
    for key in _INNER:
        yield schema.get(key), (key,)
    for key in _INNER_BY_NAME:
        members = schema.get(key)
        for name, member in members.items() if isinstance(members, dict) else ():
            yield member, (key, name)
    for key in _INNER_LISTS:
        choices = schema.get(key)
        for position, choice in enumerate(choices if isinstance(choices, list) else ()):
            yield choice, (key, position)


def _unknown_type(name: Any, path: Steps) -> Iterator[Flaw]:
    if isinstance(name, str) and name not in _TYPES:
        suggestion = closest(name, frozenset(_TYPES))
        message = f"JSON Schema knows no type `{name}`{did_you_mean(suggestion) or f'; its types are {listed(_TYPES)}'}"
        yield _flaw(message, path, {"suggestion": suggestion} if suggestion else {})


def _no_expression(pattern: Any, path: Steps) -> Iterator[Flaw]:
    if not isinstance(pattern, str):
        return
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        yield _flaw(f"this is no regular expression that Python knows: {error}", path, {})


def _flaw(message: str, path: Steps, data: Mapping[str, str]) -> Flaw:
    return Flaw(Code.NOT_A_SCHEMA, message, path, severity=Severity.WARNING, blocks=False, data=data)
