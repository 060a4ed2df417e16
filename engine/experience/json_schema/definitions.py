"""The experience schema, cut into one definition for each part, and what a part does that its definition forbids.

The validator of a part is built once; it answers in values and paths. Where those are in the text: source/locate.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from engine.experience.json_schema.schema_matcher import UNKNOWN_KEYS, Fits, compile_schema
from engine.expressions import Json
from schemas import experience_schema

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

MOST_VIOLATIONS = 200
"""Nobody reads more of them, and each has to be found in the text: a file may be nothing but unknown keys."""

_RECURSIVE = "#/$defs/jsonSchema"


class Part(str, Enum):
    """What is checked alone. The value names its definition in the schema; SHELL is all that is no other part."""

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


class Violation(Struct, frozen=True):
    """A rule that a value at `path` breaks: the schema's keyword, the schema, and for key rules the key."""

    path: tuple[str | int, ...]
    keyword: str
    schema: Mapping[str, Any]
    value: Json
    key: str | None = None


def violations(part: Part, value: Json) -> tuple[Violation, ...]:
    """What `value` does that the definition of `part` forbids, in the schema's order; at most one for each rule, and
    MOST_VIOLATIONS in all.
    """
    if _fits(part)(value):
        return ()
    found = (_violation(error) for error in islice(validator(part).iter_errors(value), MOST_VIOLATIONS))
    return tuple({(v.path, v.keyword, v.key): v for v in found}.values())


def part_of_node(value: Json) -> Part:
    """Which definition a node falls under, by its `kind`; ANY_NODE where that is missing or unknown."""
    kind = value.get("kind") if isinstance(value, dict) else None
    return _parts_by_kind().get(kind, Part.ANY_NODE) if isinstance(kind, str) else Part.ANY_NODE


@cache
def _parts_by_kind() -> dict[str, Part]:
    mapping = experience_schema()["$defs"]["node"]["x-discriminator"]["mapping"]
    return {kind: Part(pointer.rpartition("/")[2]) for kind, pointer in mapping.items()}


def _violation(error: ValidationError) -> Violation:
    keyword = str(error.validator)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    key = error.message if keyword in {"required", UNKNOWN_KEYS} else None
    return Violation(tuple(error.absolute_path), keyword, schema, cast(Json, error.instance), key)


@cache
def _fits(part: Part) -> Fits:
    return compile_schema(definition(part))


@cache
def validator(part: Part) -> Validator:
    """jsonschema's answer to the same question as `_fits`, with reasons."""
    # Imported here because it takes about 100 ms, which a server that merely starts should not pay.
    from jsonschema import Draft202012Validator, validators

    rules = {"required": _required, UNKNOWN_KEYS: _unknown_keys, "additionalProperties": _additional_properties}
    checker = validators.extend(Draft202012Validator, rules)  # type: ignore[no-untyped-call]
    made: Validator = checker(definition(part))
    return made


@cache
def definition(part: Part) -> dict[str, Any]:
    """The schema of a part, alone."""
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
    """The schema with its references replaced by what they name: following them costs more than all other rules.

    Only the definition of JSON Schema itself stays a reference, since it holds itself.
    """
    if isinstance(schema, list):
        return [_inline(member, whole) for member in schema]
    if not isinstance(schema, dict):
        return schema
    examples = schema.get("examples")  # a list where it is the annotation; a schema where a property is called so
    inlined = {
        key: member if member is examples and isinstance(member, list) else _inline(member, whole)
        for key, member in schema.items()
    }
    pointer = inlined.get("$ref")
    if not isinstance(pointer, str) or pointer == _RECURSIVE:
        return inlined
    target: Any = whole
    for step in pointer.removeprefix("#/").split("/"):
        target = target[step]
    del inlined["$ref"]
    return {**_inline(target, whole), **inlined}


def _required(
    _validator: Validator, required: list[str], instance: Json, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the standard rule, with the key as the message."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, dict):
        yield from (ValidationError(key) for key in required if key not in instance)


def _unknown_keys(
    _validator: Validator, answer: str, instance: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Our own rule: keys that are neither described nor start with `x-` (docs/format.md, Unknown keys)."""
    from jsonschema.exceptions import ValidationError

    if answer != "allow" and isinstance(instance, dict):
        known = schema.get("properties", {})
        yield from (ValidationError(key) for key in instance if key not in known and not key.startswith("x-"))


def _additional_properties(
    validator: Validator, rule: Any, instance: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the standard rule, except that it leaves to ours what ours reports."""
    from jsonschema import Draft202012Validator

    if UNKNOWN_KEYS not in schema:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, rule, instance, schema)
