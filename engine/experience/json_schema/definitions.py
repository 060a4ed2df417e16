"""experience.schema.json, cut into one definition for each part of an experience that is checked alone."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from engine.expressions import Json
from schemas import experience_schema

UNKNOWN_KEYS = "x-unknownKeys"
"""Our own keyword: `error`, `warn` or `allow` keys that are not described and do not start with `x-`."""

_RECURSIVE = "#/$defs/jsonSchema"
_NO_OTHER_KEYS = {"additionalProperties": False, "patternProperties": {"^x-": True}}


class Part(str, Enum):
    """A part that is checked alone. The value is the name of its definition; SHELL is all that is no other part."""

    SHELL = "shell"
    ANY_NODE = "node"
    TOOL = "toolNode"
    AGENT = "agentNode"
    SKILL = "skillNode"
    DATASET = "datasetNode"
    EXPERIENCE = "experienceNode"
    CLI_AGENT = "cliAgentNode"
    EDGE = "edge"
    PIPELINE = "pipeline"
    LOOP = "loop"
    FIELD = "stateField"

    __hash__ = str.__hash__  # Enum's own is written in Python, and the parts of a file are looked up by the thousand


def part_of_node(value: Json) -> Part:
    """The definition that a node falls under, by its `kind`; ANY_NODE where that is missing or unknown."""
    kind = value.get("kind") if isinstance(value, dict) else None
    return _parts_by_kind().get(kind, Part.ANY_NODE) if isinstance(kind, str) else Part.ANY_NODE


@cache
def _parts_by_kind() -> dict[str, Part]:
    mapping = experience_schema()["$defs"]["node"]["x-discriminator"]["mapping"]
    return {kind: Part(pointer.rpartition("/")[2]) for kind, pointer in mapping.items()}


@cache
def definition(part: Part) -> dict[str, Any]:
    """The schema of a part on its own. Standard keywords forbid what `x-unknownKeys` forbids or warns of."""
    whole = experience_schema()
    inlined = _inline(_shell(whole) if part is Part.SHELL else whole["$defs"][part.value], whole)
    defs = {"jsonSchema": _inline(whole["$defs"]["jsonSchema"], whole)}
    return {**inlined, "$defs": defs}


def _shell(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The top level without the items that are parts of their own."""
    state, graph = whole["$defs"]["state"], whole["$defs"]["graph"]
    fields = {key: rule for key, rule in state["properties"]["schema"].items() if key != "additionalProperties"}
    lists = {name: {k: v for k, v in rule.items() if k != "items"} for name, rule in graph["properties"].items()}
    properties = {
        **whole["properties"],
        "state": {**state, "properties": {**state["properties"], "schema": fields}},
        "graph": {**graph, "properties": lists},
    }
    return {key: rule for key, rule in whole.items() if key not in {"$id", "$defs"}} | {"properties": properties}


def _inline(schema: Any, whole: Mapping[str, Any]) -> Any:
    """The schema with each `$ref` replaced by its target: following references costs more than all other rules.

    Only the definition of JSON Schema itself stays a reference, since it is recursive.
    """
    if isinstance(schema, list):
        return [_inline(member, whole) for member in schema]
    if not isinstance(schema, dict):
        return schema
    examples = schema.get("examples")  # a list where it is the annotation; a schema where a property has that name
    inlined = {
        key: member if member is examples and isinstance(member, list) else _inline(member, whole)
        for key, member in schema.items()
    }
    if inlined.get(UNKNOWN_KEYS) == "warn":
        inlined |= _NO_OTHER_KEYS
    pointer = inlined.get("$ref")
    if not isinstance(pointer, str) or pointer == _RECURSIVE:
        return inlined
    target: Any = whole
    for step in pointer.removeprefix("#/").split("/"):
        target = target[step]
    del inlined["$ref"]
    return {**_inline(target, whole), **inlined}
