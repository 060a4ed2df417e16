"""What a node answers with against the fields that it writes: keys, types, merges (docs/format.md, Agents, State).

OE206 for what is ignored, OE407 for fan-outs, and OE408. What is wrong with a field by itself: reading/items.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.path_lookup import Scope, World
from engine.experience.files.port import Files
from engine.experience.json_schema.inference import known_by, known_of_field
from engine.experience.json_schema.messages import closest, did_you_mean, listed
from engine.experience.model import AgentSpec, CliAgentSpec, DatasetSpec, Merge, Node, SkillSpec
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate
from engine.expressions.kinds import words
from engine.expressions.values import ValueKind
from engine.syntax import View

OPEN = frozenset({"$ref", "anyOf", "oneOf", "allOf", "if", "patternProperties", "dependentSchemas", "propertyNames"})
"""Keywords beside which the others do not tell all of what a schema allows."""


class AnswerSchema(Struct, frozen=True):
    """The schema of a node's answer, and the file that it stands in; None where it stands in the experience."""

    schema: Mapping[str, Any]
    file: str | None = None


def answer_schema(node: Node, files: Files) -> AnswerSchema | None:
    """The schema that forces a node's answer; None where it has none, or it cannot be read."""
    spec = node.spec
    if not isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)):
        return None
    if isinstance(spec, CliAgentSpec) and spec.output_format != "json":
        return None
    if not isinstance(spec.schema, str):
        return None if spec.schema is None else AnswerSchema(spec.schema)
    text = files.text(spec.schema)
    try:
        schema = None if text is None else json.loads(text)
    except ValueError:
        return None
    return AnswerSchema(schema, spec.schema) if isinstance(schema, dict) else None


def check_outputs(view: View, node: Node, scope: Scope, world: World) -> Iterator[Problem]:
    """The problems of what the node writes; `scope` is that of one execution."""
    answer = answer_schema(node, world.files)
    if answer is not None:
        yield from _check_answer(view, node, answer, world)
    if isinstance(node.spec, CliAgentSpec) and node.spec.output_format == "text" and node.spec.schema is not None:
        message = "an answer in text has no schema; add `output_format: json` to check it"
        yield Problem(Code.NO_EFFECT, Severity.WARNING, message, locate(view, ("schema",)).key_span)
    if isinstance(node.spec, DatasetSpec) and len(node.writes) == 1:
        yield from _check_rows(view, node.writes[0], world)
    if scope.item is not None or scope.in_loop:
        yield from _written_repeatedly(view, node, scope, world)


def _check_answer(view: View, node: Node, answer: AnswerSchema, world: World) -> Iterator[Problem]:
    schema = answer.schema
    if schema.get("type", "object") != "object":
        message = "the schema of an answer must describe an object: it has a key for every field that is written"
        yield _problem(view, ("schema",) if answer.file else ("schema", "type"), message)
        return
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not OPEN.isdisjoint(schema):
        return
    for position, field in enumerate(node.writes):
        member = properties.get(field)
        if member is None:
            yield _never_answered(view, position, field, answer, properties)
        elif isinstance(member, dict):
            yield from _wrong_kind(view, node, position, member, answer, world)
    required = schema.get("required")
    for position, key in enumerate(required if isinstance(required, list) else ()):
        if key not in node.writes and key in properties:
            steps: Steps = ("schema",) if answer.file else ("schema", "required", position)
            yield _not_named(view, node, key, steps, world)


def _not_named(view: View, node: Node, key: str, steps: Steps, world: World) -> Problem:
    """A key of every answer that `writes` does not name: agents and skills drop it, coding agents write it."""
    if not isinstance(node.spec, CliAgentSpec):
        message = f"the answer must have `{key}`, which is then dropped: `writes` does not name it"
        return _problem(view, steps, message, Severity.HINT)
    if key in world.fields:
        message = f"the answer must have `{key}`, which is written although `writes` does not name it; name it there"
        return _problem(view, steps, message, Severity.HINT)
    message = f"the answer must have `{key}`, which is no field, so every answer fails the node; declare it as one"
    return _problem(view, steps, message)


def _never_answered(
    view: View, position: int, field: str, answer: AnswerSchema, properties: Mapping[str, Any]
) -> Problem:
    suggestion = closest(field, frozenset(map(str, properties)))
    where = f"`{answer.file}`" if answer.file else "`schema`"
    hint = did_you_mean(suggestion) or (f"; its keys are {listed(map(str, properties))}" if properties else "")
    closed = answer.schema.get("additionalProperties") is False
    severity = Severity.WARNING if closed or suggestion else Severity.INFORMATION
    message = f"{where} has no key `{field}`, so the answer does not write this field{hint}"
    data = {"suggestion": suggestion} if suggestion else {}
    return Problem(Code.WRITES_MISMATCH, severity, message, locate(view, ("writes", position)).span, data=data)


def _wrong_kind(
    view: View, node: Node, position: int, member: Mapping[str, Any], answer: AnswerSchema, world: World
) -> Iterator[Problem]:
    """A key whose values the field never takes, so that every answer fails the node."""
    field = node.writes[position]
    rules = world.fields.get(field)
    if rules is None or not OPEN.isdisjoint(member) or not OPEN.isdisjoint(rules):
        return
    given, taken = known_by(member).kinds, known_of_field(rules).kinds
    if rules.get("merge") == Merge.ARRAY_APPEND:
        taken = taken & {ValueKind.LIST} or taken
    if given.isdisjoint(taken):
        message = f"the answer's `{field}` is {words(given)}, but the field takes {words(taken)}"
        steps: Steps = ("schema",) if answer.file else ("schema", "properties", field)
        place = locate(view, steps)
        yield Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, place.span if answer.file else place.key_span)


def _check_rows(view: View, field: str, world: World) -> Iterator[Problem]:
    rules = world.fields.get(field)
    if rules is not None and OPEN.isdisjoint(rules) and ValueKind.LIST not in known_of_field(rules).kinds:
        message = f"a dataset writes a list of rows, but `{field}` takes {words(known_of_field(rules).kinds)}"
        yield _problem(view, ("writes", 0), message)


def _written_repeatedly(view: View, node: Node, scope: Scope, world: World) -> Iterator[Problem]:
    """Fields that do not keep what each item of a fan-out or pipeline, or each round of a loop, writes to them."""
    each = "round" if scope.item is None else "item"
    for position, field in enumerate(node.writes):
        rules = world.fields.get(field)
        merge = None if rules is None else rules.get("merge", Merge.LAST_WINS)
        if merge == Merge.SET_ONCE:
            message = f"every {each} writes `{field}`, which is `set_once`: the first other value fails the node"
        elif merge == Merge.LAST_WINS and node.for_each is not None:
            message = f"of all items, only what the last one writes to `{field}` stays; `merge: array_append` keeps all"
        else:
            continue
        span = locate(view, ("writes", position)).span
        yield Problem(Code.WRONG_MERGE, Severity.INFORMATION, message, span, data={"field": field})


def _problem(view: View, steps: Steps, message: str, severity: Severity = Severity.WARNING) -> Problem:
    return Problem(Code.WRITES_MISMATCH, severity, message, locate(view, steps).span)
