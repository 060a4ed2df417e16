"""The args that a node passes to a nested experience, and the fields that it takes from it.

OE201, OE203 and OE204 for its args, OE407 for a shared state, OE408 for what is taken. Rules: docs/format.md, Nested
experiences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.experience.args import wrong_arg
from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.outputs import OPEN
from engine.experience.checks.path_resolution import Environment, suggest
from engine.experience.json_schema.inference import Nowhere, inside, known_of_field
from engine.experience.model import ExperienceSpec, Merge, Node
from engine.experience.nested.declarations import Declarations
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate
from engine.expressions import Json, parse_reference
from engine.expressions.kinds import words
from engine.expressions.values import ValueKind
from engine.syntax import View

_NULL = frozenset({ValueKind.NULL})


def check_interface(context: ItemContext[Node]) -> Iterator[Problem]:
    """OE201, OE203, OE204, OE407 and OE408 for a node that nests an experience whose declarations are known."""
    view, node, env = context.view, context.model, context.env
    spec = node.spec
    child = env.nested.get(spec.impl) if isinstance(spec, ExperienceSpec) else None
    if child is None or not isinstance(spec, ExperienceSpec):
        return
    if child.args is not None:
        yield from _missing_args(view, node, child.args, spec)
        yield from _given_args(view, node, child.args, spec)
    if spec.state_scope == "shared":
        yield from _other_merges(view, child, spec, env)
    else:
        for position, field in enumerate(node.writes):
            if field not in spec.outputs:
                yield from _taken(view, ("writes", position), field, field, spec, child, env)
    for field, source in spec.outputs.items():
        if isinstance(source, str):
            yield from _taken(view, ("outputs", field), field, source, spec, child, env)
        if field not in node.writes and field in env.fields:
            message = (
                f"`{field}` is not listed in `writes`, so nodes see it only through an edge from here; add it there"
            )
            span = locate(view, ("outputs", field)).key_span
            yield Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, span, data={"field": field})


def _missing_args(view: View, node: Node, declared: Mapping[str, Any], spec: ExperienceSpec) -> Iterator[Problem]:
    """Required args that are not passed, so that the node fails before anything runs."""
    named = _properties(declared)
    required = declared.get("required")
    for name in required if isinstance(required, list) else ():
        rule = named.get(name)
        if name not in node.args and not (isinstance(rule, Mapping) and "default" in rule):
            place = locate(view, ("args",) if "args" in node.source else ("impl",))
            message = f"`{spec.impl}` requires the arg `{name}`; add it to `args`"
            yield Problem(Code.MISSING_KEY, Severity.WARNING, message, place.key_span, data={"key": str(name)})


def _given_args(view: View, node: Node, declared: Mapping[str, Any], spec: ExperienceSpec) -> Iterator[Problem]:
    named = _properties(declared)
    is_open = not OPEN.isdisjoint(declared)
    refuses_others = declared.get("additionalProperties") is False
    for name, value in node.args.items():
        place = locate(view, ("args", name))
        if name in named:
            wrong = wrong_arg(declared, name, value) if _is_literal(value) else None
            if wrong is not None:
                yield Problem(
                    Code.WRONG_VALUE, Severity.WARNING, f"`{spec.impl}` does not accept this: {wrong}", place.span
                )
        elif named and not is_open:
            suggestion, end = suggest(name, map(str, named))
            severity = Severity.WARNING if refuses_others else Severity.INFORMATION
            data = {"key": name} | ({"suggestion": suggestion} if suggestion else {})
            message = f"`{spec.impl}` declares no arg `{name}`{end}"
            yield Problem(Code.UNKNOWN_KEY, severity, message, place.key_span, data=data)


def _properties(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = declared.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _is_literal(value: Json) -> bool:
    """Checks that a value is passed as it is written: `$` may begin a reference, or stand for another `$`."""
    if isinstance(value, str):
        return not value.startswith("$")
    if isinstance(value, Mapping):
        return all(_is_literal(member) for member in value.values())
    return not isinstance(value, list) or all(map(_is_literal, value))


def _other_merges(view: View, child: Declarations, spec: ExperienceSpec, env: Environment) -> Iterator[Problem]:
    """Fields that two experiences share and merge differently, which a run refuses."""
    for name in sorted(child.fields.keys() & env.fields.keys()):
        here, there = (rules.get("merge", Merge.LAST_WINS.value) for rules in (env.fields[name], child.fields[name]))
        if here != there:
            message = f"shared field `{name}` has `merge: {here}`, but `{there}` in `{spec.impl}`; use the same in both"
            place = locate(view, ("impl",)).span
            yield Problem(Code.WRONG_MERGE, Severity.ERROR, message, place, data={"field": name})


def _taken(
    view: View, steps: Steps, field: str, source: str, spec: ExperienceSpec, child: Declarations, env: Environment
) -> Iterator[Problem]:
    """A field that is taken over into one of ours: it must exist, and have a type that ours allows."""
    path = parse_reference(source)
    name = str(path.steps[0].value) if path is not None and path.steps else source
    given = child.fields.get(name)
    span = locate(view, steps).span
    if given is None:
        suggestion, end = suggest(name, child.fields)
        message = f"`{spec.impl}` declares no field `{name}`, so nothing is written here{end}"
        data = {"suggestion": suggestion} if suggestion else {}
        yield Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, span, data=data)
        return
    found = inside(given, path.steps[1:]) if path is not None else given
    rules = env.fields.get(field)
    if rules is None or isinstance(found, Nowhere) or not OPEN.isdisjoint(found) or not OPEN.isdisjoint(rules):
        return
    gives, takes = known_of_field(found).kinds - _NULL, known_of_field(rules).kinds - _NULL
    if gives and takes and gives.isdisjoint(takes):
        message = f"`{name}` of `{spec.impl}` is {words(gives)}, but the field `{field}` must be {words(takes)}"
        yield Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, span)
