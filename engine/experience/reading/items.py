"""Reads one item of an experience (a node, an edge, a field …): its model, its problems, and its references.

Spans are relative to the item, so that the result can be reused while the item's text is unchanged. Checks that need
the whole graph, such as unknown ids, are elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from engine.experience.json_schema.definitions import Part, part_of_node
from engine.experience.json_schema.embedded_schemas import schema_flaws
from engine.experience.json_schema.messages import dotted, shown
from engine.experience.json_schema.schema_errors import Flaw, find_flaws, problems_of
from engine.experience.model import Edge, Loop, Node, Pipeline, StateField
from engine.experience.problems import Code, Problem, Severity
from engine.experience.reading.build import build_edge, build_field, build_loop, build_node, build_pipeline
from engine.experience.reading.defaults import wrong_default
from engine.experience.reading.item_references import (
    NO_CONDITION,
    Flow,
    Name,
    Use,
    fields_of_uses,
    flow_of_condition,
    flow_of_node,
    read_expression,
    references,
    uses_of_node,
    value_at,
)
from engine.experience.reading.secret_literals import check_secrets
from engine.experience.reading.write_limits import wrong_count_of_writes, wrong_merge
from engine.experience.reading.yaml_traps import check_booleans, check_numbers
from engine.experience.source.locate import Steps, as_json, key_text, locate, texts
from engine.expressions import (
    Json,
    parse_reference,
)
from engine.syntax import Span, View

_ANSWERING = frozenset({Part.AGENT, Part.SKILL, Part.CLI_AGENT})
_FLOW_KEYS = frozenset({"reads", "writes", "id", "join", "impl", "for_each", "args", "inputs", "state_scope"})

Model = TypeVar("Model", bound=Node | Edge | Pipeline | Loop | StateField)


class Item(Struct, Generic[Model], frozen=True, gc=False):
    """An item as read. `model` is None if a mistake keeps it from being built; `refs` are the ids it refers to, or
    the references in the schema of a field.

    `fields` are the names in `uses`, for a quick check. `flow` is None if a node's reads and writes are unknown. `view`
    is the item's tree, starting at 0 like all spans.
    """

    model: Model | None
    problems: tuple[Problem, ...]
    id: Name | None = None
    refs: tuple[Name, ...] = ()
    uses: tuple[Use, ...] = ()
    fields: frozenset[str] = frozenset()
    flow: Flow | None = None
    view: View | None = None


def read_node(view: View) -> Item[Node]:
    """Reads a node of any kind."""
    value = as_json(view.value)
    flaws = _flaws_of_node(value)
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    problems = list(problems_of(flaws, view))
    if "for_each" in value:
        problems.extend(_not_a_reference(view, value, ("for_each", "source"), flaws))
    model = None if _blocked(flaws) else build_node(value)
    misspelt = {flaw.data.get("suggestion") for flaw in flaws}
    if model and "writes" not in misspelt:
        problems.extend(wrong_count_of_writes(view, model))
    problems.extend(problems_of(schema_flaws(value.get("schema"), ("schema",)), view))
    problems.extend(_ignored_schema(view, value))
    problems.extend(check_secrets(view, value))
    for key in ("args", "inputs"):
        if key in value:
            problems.extend(check_booleans(view, value[key], (key,)))
            problems.extend(check_numbers(view, (key,)))
    uses = tuple(uses_of_node(view, value))
    problems.extend(_listed_twice(uses))
    flow = None if misspelt & _FLOW_KEYS else flow_of_node(value, uses)
    id_ = _name(view, value, "id")
    return Item(model, tuple(problems), id=id_, uses=uses, fields=fields_of_uses(uses), flow=flow, view=view)


def _flaws_of_node(value: Json) -> tuple[Flaw, ...]:
    """The mistakes in a node. One in `source` is a warning: the public engine finds it only when the node runs."""
    part = part_of_node(value)
    flaws = find_flaws(part, value, "a node")
    if not flaws or part is not Part.DATASET or not isinstance(value_at(value, ("source",)), dict):
        return flaws
    return tuple(_as_warning(flaw) if flaw.path[:1] == ("source",) else flaw for flaw in flaws)


def _as_warning(flaw: Flaw) -> Flaw:
    if flaw.severity is not Severity.ERROR:
        return flaw
    return replace(flaw, severity=Severity.WARNING, blocks=False, message=f"this node will fail: {flaw.message}")


def _listed_twice(uses: Sequence[Use]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for use in uses:
        if use.by in ("reads", "writes") and (use.by, use.field) in seen:
            message = f"`{use.field}` is listed twice in `{use.by}`; remove one"
            yield Problem(Code.NO_EFFECT, Severity.HINT, message, use.span)
        seen.add((use.by, use.field))


def read_edge(view: View) -> Item[Edge]:
    """Reads an edge and parses its `when`."""
    value = as_json(view.value)
    flaws = find_flaws(Part.EDGE, value, "an edge")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    # An empty one is parsed, too, since it is most likely unfinished.
    when = read_expression(view, value, "when") if "when" in value else NO_CONDITION
    model = build_edge(value, when.tree) if not _blocked(flaws) and not when.problems else None
    refs = tuple(name for key in ("from", "to") if (name := _name(view, value, key)))
    return Item(
        model,
        (*problems_of(flaws, view), *when.problems),
        refs=refs,
        uses=when.uses,
        fields=fields_of_uses(when.uses),
        flow=flow_of_condition(when),
        view=view,
    )


def read_pipeline(view: View) -> Item[Pipeline]:
    """Reads a pipeline."""
    value = as_json(view.value)
    flaws = find_flaws(Part.PIPELINE, value, "a pipeline")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    uses = tuple(references(view, value, ("items",)))
    return Item(
        None if _blocked(flaws) else build_pipeline(value),
        (*problems_of(flaws, view), *_not_a_reference(view, value, ("items",), flaws)),
        id=_name(view, value, "id"),
        refs=_names(view, value, "stages"),
        uses=uses,
        fields=fields_of_uses(uses),
        view=view,
    )


def read_loop(view: View) -> Item[Loop]:
    """Reads a loop and parses its `until`."""
    value = as_json(view.value)
    flaws = find_flaws(Part.LOOP, value, "a loop")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    until = read_expression(view, value, "until") if value.get("until") else NO_CONDITION
    body = _name(view, value, "body")
    model = build_loop(value, until.tree) if not _blocked(flaws) and not until.problems else None
    return Item(
        model,
        (*problems_of(flaws, view), *until.problems, *(_endless(view, model) if model else ())),
        id=_name(view, value, "id"),
        refs=(body,) if body else (),
        uses=until.uses,
        fields=fields_of_uses(until.uses),
        flow=flow_of_condition(until),
        view=view,
    )


def read_field(key: View, value: View | None) -> Item[StateField]:
    """Reads a state field and checks its default. Spans are relative to its name."""
    name = key_text(key)
    id_ = Name(name, Span(0, key.span.end - key.start), by="schema")
    if value is None or not value.green.length:
        message = f"the field `{name}` must be a mapping, not empty; write at least `{name}: {{}}`"
        return Item(None, (Problem(Code.WRONG_TYPE, Severity.ERROR, message, id_.span),), id=id_)
    view = View(value.green, value.start - key.start)
    refs = tuple(_schema_references(view)) if "$ref" in value.text or "*" in value.text else ()
    rules, problems = _check_field(view, name)
    return Item(None if rules is None else build_field(name, rules), problems, id=id_, refs=refs)


def _schema_references(view: View) -> Iterator[Name]:
    for steps, text in texts(as_json(view.value)):
        if steps and steps[-1] == "$ref":
            yield Name(text, locate(view, steps).span, by="$ref")


def _check_field(view: View, name: str) -> tuple[dict[str, Json] | None, tuple[Problem, ...]]:
    """A field's value, or None if a mistake keeps it from being built, and its problems."""
    value = as_json(view.value)
    flaws = find_flaws(Part.FIELD, value, f"the field `{name}`")
    problems = problems_of(flaws, view)
    if _blocked(flaws) or not isinstance(value, dict):
        return None, problems
    reason = wrong_default(value)
    if reason:
        span = locate(view, ("default",)).span
        problems = (*problems, Problem(Code.WRONG_DEFAULT, Severity.ERROR, f"the default of `{name}` {reason}", span))
    inner = {key: rule for key, rule in value.items() if key != "type"}  # which our own schema checks
    problems = (*problems, *problems_of(schema_flaws(inner, ()), view))
    problems = (*problems, *wrong_merge(view, name, value), *check_secrets(view, value))
    if value.get("type") != "string":
        problems = (*problems, *check_booleans(view, value.get("default"), ("default",)))
    return value, problems


def _ignored_schema(view: View, value: dict[str, Json]) -> Iterator[Problem]:
    """Reports `schema: false`: as in the public engine, the answer is text."""
    if value.get("schema") is False and part_of_node(value) in _ANSWERING:
        message = "`schema: false` is ignored, so the answer is text; remove it"
        yield Problem(Code.NO_EFFECT, Severity.WARNING, message, locate(view, ("schema",)).span)


def _blocked(flaws: Sequence[Flaw]) -> bool:
    return any(flaw.blocks for flaw in flaws)


def _name(view: View, value: dict[str, Json], key: str) -> Name | None:
    text = value.get(key)
    return Name(text, locate(view, (key,)).span, key) if isinstance(text, str) and text else None


def _names(view: View, value: dict[str, Json], key: str) -> tuple[Name, ...]:
    texts = value.get(key)
    if not isinstance(texts, list):
        return ()
    return tuple(
        Name(text, locate(view, (key, position)).span, key)
        for position, text in enumerate(texts)
        if isinstance(text, str) and text
    )


def _not_a_reference(view: View, value: Json, steps: Steps, flaws: Iterable[Flaw]) -> Iterator[Problem]:
    """Reports other text where a reference to a list is required: it fails the node (docs/format.md, Fan-out)."""
    text = value_at(value, steps)
    if isinstance(text, str) and text and parse_reference(text) is None and all(flaw.path != steps for flaw in flaws):
        message = f"`{dotted(steps)}` must be a reference to a list, such as `$.files`, not {shown(text)}"
        yield Problem(Code.BAD_REFERENCE, Severity.WARNING, message, locate(view, steps).span)


def _endless(view: View, loop: Loop) -> Iterator[Problem]:
    """Reports a loop without an end (docs/format.md, Pipelines and loops)."""
    if loop.until is None and loop.max_iters is None:
        message = f"the loop `{loop.id}` never ends; add `until`, `max_iters` or both"
        yield Problem(Code.ENDLESS_LOOP, Severity.ERROR, message, locate(view, ("id",)).span)
