"""The outputs of a node against the fields that it writes: keys, types, merges (docs/format.md, Agents, State).

OE206 for ignored schemas, OE407 for fan-outs, and OE408. Mistakes in a field itself: reading/items.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import Environment, Scope
from engine.experience.files.json_text import parse_json
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
"""Keywords that allow or forbid more than `type` and `properties` tell."""


class AnswerSchema(Struct, frozen=True):
    """The schema of a node's answer, and the file that it is in; None if it is in the experience."""

    schema: Mapping[str, Any]
    file: str | None = None


def answer_schema(node: Node, files: Files) -> AnswerSchema | None:
    """The schema that a node's answer must match; None if there is none, or it cannot be read."""
    spec = node.spec
    if not isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)):
        return None
    if isinstance(spec, CliAgentSpec) and spec.output_format != "json":
        return None
    if not isinstance(spec.schema, str):
        return None if spec.schema is None else AnswerSchema(spec.schema)
    text = files.text(spec.schema)
    schema = None if text is None else parse_json(text)
    return AnswerSchema(schema, spec.schema) if isinstance(schema, dict) else None


def check_outputs(context: ItemContext[Node]) -> Iterator[Problem]:
    """OE206, OE407 and OE408 for what a node writes."""
    view, node, scope, env = context.view, context.model, context.inner, context.env
    answer = answer_schema(node, env.files)
    if answer is not None:
        yield from _check_answer(view, node, answer, env)
    if isinstance(node.spec, CliAgentSpec) and node.spec.output_format == "text" and node.spec.schema is not None:
        message = "`schema` is ignored, since the output is text; add `output_format: json`"
        yield Problem(Code.NO_EFFECT, Severity.WARNING, message, locate(view, ("schema",)).key_span)
    if isinstance(node.spec, DatasetSpec) and len(node.writes) == 1:
        yield from _check_rows(view, node.writes[0], env)
    if scope.item is not None or scope.in_loop:
        yield from _written_repeatedly(view, node, scope, env)


def _check_answer(view: View, node: Node, answer: AnswerSchema, env: Environment) -> Iterator[Problem]:
    schema = answer.schema
    if schema.get("type", "object") != "object":
        message = "the schema of an answer must have `type: object`; give it a property for each field in `writes`"
        yield _problem(view, ("schema",) if answer.file else ("schema", "type"), message)
        return
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not OPEN.isdisjoint(schema):
        return
    for position, field in enumerate(node.writes):
        member = properties.get(field)
        if member is None:
            yield _never_written(view, position, field, answer, properties)
        elif isinstance(member, dict):
            yield from _wrong_type(view, node, position, member, answer, env)
    required = schema.get("required")
    for position, key in enumerate(required if isinstance(required, list) else ()):
        if key not in node.writes and key in properties:
            steps: Steps = ("schema",) if answer.file else ("schema", "required", position)
            yield _not_in_writes(view, node, key, steps, env)


def _not_in_writes(view: View, node: Node, key: str, steps: Steps, env: Environment) -> Problem:
    """A required key that is not in `writes`: agents and skills discard it, coding agents write it."""
    if not isinstance(node.spec, CliAgentSpec):
        message = f"the schema requires `{key}`, which is then discarded; add it to `writes` to keep it"
        return _problem(view, steps, message, Severity.HINT)
    if key in env.fields:
        message = f"the schema requires `{key}`, which is written although it is not listed in `writes`; add it there"
        return _problem(view, steps, message, Severity.HINT)
    message = f"the schema requires `{key}`, which is not a field, so the node always fails; add it to `state.schema`"
    return _problem(view, steps, message)


def _never_written(
    view: View, position: int, field: str, answer: AnswerSchema, properties: Mapping[str, Any]
) -> Problem:
    suggestion = closest(field, frozenset(map(str, properties)))
    where = f"`{answer.file}`" if answer.file else "`schema`"
    hint = did_you_mean(suggestion) or (f"; available: {listed(map(str, properties))}" if properties else "")
    closed = answer.schema.get("additionalProperties") is False
    severity = Severity.WARNING if closed or suggestion else Severity.INFORMATION
    message = f"{where} has no property `{field}`, so this field is never written{hint}"
    data = {"suggestion": suggestion} if suggestion else {}
    return Problem(Code.WRITES_MISMATCH, severity, message, locate(view, ("writes", position)).span, data=data)


def _wrong_type(
    view: View, node: Node, position: int, member: Mapping[str, Any], answer: AnswerSchema, env: Environment
) -> Iterator[Problem]:
    """A key whose values the field never allows, so that the node always fails."""
    field = node.writes[position]
    rules = env.fields.get(field)
    if rules is None or not OPEN.isdisjoint(member) or not OPEN.isdisjoint(rules):
        return
    given, taken = known_by(member).kinds, known_of_field(rules).kinds
    if rules.get("merge") == Merge.ARRAY_APPEND:
        taken = taken & {ValueKind.LIST} or taken
    if given.isdisjoint(taken):
        message = f"the schema makes `{field}` {words(given)}, but the field must be {words(taken)}"
        steps: Steps = ("schema",) if answer.file else ("schema", "properties", field)
        place = locate(view, steps)
        yield Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, place.span if answer.file else place.key_span)


def _check_rows(view: View, field: str, env: Environment) -> Iterator[Problem]:
    rules = env.fields.get(field)
    if rules is not None and OPEN.isdisjoint(rules) and ValueKind.LIST not in known_of_field(rules).kinds:
        message = (
            f"a dataset writes a list of rows, but the field `{field}` must be {words(known_of_field(rules).kinds)}"
        )
        yield _problem(view, ("writes", 0), message)


def _written_repeatedly(view: View, node: Node, scope: Scope, env: Environment) -> Iterator[Problem]:
    """Fields that do not keep what each item of a fan-out or pipeline, or each iteration of a loop, writes."""
    each = "iteration" if scope.item is None else "item"
    for position, field in enumerate(node.writes):
        rules = env.fields.get(field)
        merge = None if rules is None else rules.get("merge", Merge.LAST_WINS)
        if merge == Merge.SET_ONCE:
            message = f"every {each} writes `{field}`, but `set_once` fails the node at the first different value"
        elif merge == Merge.LAST_WINS and node.for_each is not None:
            message = (
                f"each item overwrites `{field}`, so only the last value remains; use `merge: array_append` to keep all"
            )
        else:
            continue
        span = locate(view, ("writes", position)).span
        yield Problem(Code.WRONG_MERGE, Severity.INFORMATION, message, span, data={"field": field})


def _problem(view: View, steps: Steps, message: str, severity: Severity = Severity.WARNING) -> Problem:
    return Problem(Code.WRITES_MISMATCH, severity, message, locate(view, steps).span)
