"""Looks up experience.schema.json: the rule for a path, its keys, types and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from engine.experience.source.locate import Steps
from engine.syntax import View
from schemas import experience_schema

_DISCRIMINATOR = "x-discriminator"


class Key(Struct, frozen=True):
    """A key that a mapping may have, and the rule for its value."""

    name: str
    rule: Mapping[str, Any]
    is_required: bool


def rule_at(steps: Steps, root: View | None) -> Mapping[str, Any] | None:
    """Return the rule for the value at a path, or None if the schema has none.

    Values below `root`, the top of the document, decide between definitions (a node's `kind`).
    """
    rule: Mapping[str, Any] | None = _chosen(experience_schema(), (), root)
    for depth, step in enumerate(steps, start=1):
        inner = _inner(rule, step)
        if inner is None:
            return None
        rule = _chosen(inner, steps[:depth], root)
    return rule


def rule_of_definition(name: str) -> Mapping[str, Any]:
    """Return a definition by name, such as `toolNode`."""
    return _resolved({"$ref": f"#/$defs/{name}"})


def variants(rule: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the definitions that a rule chooses between, after the value that selects each."""
    for value, pointer in rule.get(_DISCRIMINATOR, {}).get("mapping", {}).items():
        yield value, _resolved({"$ref": pointer})


def keys_of(rule: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the keys that a mapping may have, required ones first, otherwise in the schema's order."""
    required = rule.get("required", ())
    keys = [Key(name, _resolved(inner), name in required) for name, inner in rule.get("properties", {}).items()]
    return tuple(sorted(keys, key=lambda key: not key.is_required))


def item_rule(rule: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the rule for the items of a list, if any."""
    items = rule.get("items")
    return _resolved(items) if isinstance(items, dict) else None


_BOOLEAN_TYPES = frozenset({"boolean", "null"})
"""`true` and `false` are offered only where nothing else is allowed."""


def types_of(rule: Mapping[str, Any]) -> frozenset[str]:
    """Return the JSON types that a rule allows; empty if it does not say."""
    types = rule.get("type")
    if isinstance(types, list):
        return frozenset(types)
    if isinstance(types, str):
        return frozenset({types})
    return frozenset({"object"}) if "properties" in rule and "enum" not in rule else frozenset()


def values_of(rule: Mapping[str, Any]) -> tuple[tuple[Any, str], ...]:
    """Return the values that a rule lists, each with its description."""
    meanings = rule.get("x-enumDescriptions", {})
    allowed = rule.get("enum", list(meanings) if "const" not in rule else [rule["const"]])
    if not allowed and types_of(rule) <= _BOOLEAN_TYPES and "boolean" in types_of(rule):
        allowed = [True, False]
    return tuple((value, str(meanings.get(value, ""))) for value in allowed)


def _inner(rule: Mapping[str, Any] | None, step: str | int) -> Mapping[str, Any] | None:
    if rule is None:
        return None
    if isinstance(step, int):
        items = rule.get("items")
        return items if isinstance(items, dict) else _first_of_several(rule, step)
    if step in rule.get("properties", {}):
        return _mapping(rule["properties"][step])
    if step.startswith("x-") and "^x-" in rule.get("patternProperties", {}):
        return _mapping(rule["patternProperties"]["^x-"])
    further = rule.get("additionalProperties")
    return further if isinstance(further, dict) else _first_of_several(rule, step)


def _first_of_several(rule: Mapping[str, Any], step: str | int) -> Mapping[str, Any] | None:
    for keyword in ("anyOf", "oneOf"):
        for member in rule.get(keyword, ()):
            if isinstance(member, dict) and (inner := _inner(_resolved(member), step)) is not None:
                return inner
    return None


def _mapping(rule: Any) -> Mapping[str, Any] | None:
    return rule if isinstance(rule, dict) else None


def _chosen(rule: Mapping[str, Any], steps: Steps, root: View | None) -> Mapping[str, Any]:
    """Resolve a reference, and choose between definitions by the value of the discriminator."""
    resolved = _resolved(rule)
    choice = resolved.get(_DISCRIMINATOR)
    if choice is None:
        return resolved
    found = root.find((*steps, choice["property"])) if root else None
    pointer = choice["mapping"].get(found.value) if found and isinstance(found.value, str) else None
    if pointer is not None:
        return _resolved({"$ref": pointer})
    return _undecided_node() if "toolNode" in str(choice["mapping"].get("tool", "")) else resolved


@cache
def _undecided_node() -> Mapping[str, Any]:
    """The rule for a node without a kind: the keys that every kind has."""
    node, common = rule_of_definition("node"), rule_of_definition("commonNode")
    ids = {"id": common["properties"]["id"], **node["properties"]}
    return {**node, "required": ["id", "kind"], "properties": {**ids, **common["properties"]}}


def _resolved(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Replace a rule's `$ref` by its target; keywords beside it take precedence."""
    pointer = rule.get("$ref")
    if not isinstance(pointer, str):
        return rule
    return {**_target_of(pointer), **{name: member for name, member in rule.items() if name != "$ref"}}


@cache
def _target_of(pointer: str) -> Mapping[str, Any]:
    target: Any = experience_schema()
    for step in pointer.removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(target)
