"""One item of an experience (a node, an edge, a field …) read alone: its model, its problems, and what it names.

Spans are relative to the item, so that the result serves as long as the item's text stays the same. What only the
whole graph can tell (whether a name exists) is checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.expressions import Expression, Json, Path, Root, parse_expression, parse_reference, paths_of
from engine.spec.build import build_edge, build_field, build_loop, build_node, build_pipeline
from engine.spec.defaults import wrong_default
from engine.spec.flaws import Flaw, find_flaws, problems_of
from engine.spec.locate import Steps, as_json, key_text, locate, span_inside, texts
from engine.spec.model import Edge, Loop, Node, Pipeline, StateField
from engine.spec.problems import Code, Problem, Severity
from engine.spec.schema import Part, part_of_node
from engine.spec.wording import dotted, shown
from engine.syntax import EntryView, Span, View

Model = TypeVar("Model", bound=Node | Edge | Pipeline | Loop | StateField)


@dataclass(frozen=True, slots=True)
class Name:
    """An id, where it is written, and the key that it stands under."""

    text: str
    span: Span
    by: str


@dataclass(frozen=True, slots=True)
class Use:
    """A state field that is named: where, by which part of the item, and how bad it is if nobody declares it."""

    field: str
    span: Span
    by: str
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Item(Generic[Model]):
    """What an item says. `model` is None while a mistake keeps it from being read; `refs` are the ids it names.

    `fields` are those of `uses`: most items are done with by one look at them.
    """

    model: Model | None
    problems: tuple[Problem, ...]
    id: Name | None = None
    refs: tuple[Name, ...] = ()
    uses: tuple[Use, ...] = ()
    fields: frozenset[str] = frozenset()


def read_node(view: View) -> Item[Node]:
    """Read a node of any kind."""
    value = as_json(view.value)
    flaws = find_flaws(part_of_node(value), value, "a node")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    problems = [*problems_of(flaws, view), *_not_a_reference(view, value, ("for_each", "source"), flaws)]
    model = None if _blocked(flaws) else build_node(value)
    if model and not any(flaw.data.get("suggestion") == "writes" for flaw in flaws):
        problems.extend(_writes_of_text_agent(view, value))
    uses = tuple(_uses_of_node(view, value))
    return Item(model, tuple(problems), id=_name(view, value, "id"), uses=uses, fields=_fields(uses))


def read_edge(view: View) -> Item[Edge]:
    """Read an edge; its `when` is parsed."""
    value = as_json(view.value)
    flaws = find_flaws(Part.EDGE, value, "an edge")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    when = _read_expression(view, value, "when")  # an empty one, too: it says nothing, and is most likely unfinished
    model = build_edge(value, when.tree) if not _blocked(flaws) and not when.problems else None
    refs = tuple(name for key in ("from", "to") if (name := _name(view, value, key)))
    return Item(
        model, (*problems_of(flaws, view), *when.problems), refs=refs, uses=when.uses, fields=_fields(when.uses)
    )


def read_pipeline(view: View) -> Item[Pipeline]:
    """Read a pipeline."""
    value = as_json(view.value)
    flaws = find_flaws(Part.PIPELINE, value, "a pipeline")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    stages = value.get("stages")
    refs = (_name(view, value, "stages", at) for at in range(len(stages) if isinstance(stages, list) else 0))
    uses = tuple(_references(view, value, ("items",), Severity.ERROR))
    return Item(
        None if _blocked(flaws) else build_pipeline(value),
        (*problems_of(flaws, view), *_not_a_reference(view, value, ("items",), flaws)),
        id=_name(view, value, "id"),
        refs=tuple(name for name in refs if name),
        uses=uses,
        fields=_fields(uses),
    )


def read_loop(view: View) -> Item[Loop]:
    """Read a loop; its `until` is parsed."""
    value = as_json(view.value)
    flaws = find_flaws(Part.LOOP, value, "a loop")
    if not isinstance(value, dict):
        return Item(None, problems_of(flaws, view))
    until = _read_expression(view, value, "until") if value.get("until") else _Condition()
    body = _name(view, value, "body")
    return Item(
        build_loop(value, until.tree) if not _blocked(flaws) and not until.problems else None,
        (*problems_of(flaws, view), *until.problems),
        id=_name(view, value, "id"),
        refs=(body,) if body else (),
        uses=until.uses,
        fields=_fields(until.uses),
    )


def read_field(entry: EntryView) -> Item[StateField]:
    """Read a field of the state; its default is checked against its type. Spans are relative to its name."""
    name = key_text(entry.key)
    id_ = Name(name, Span(0, entry.key.span.end - entry.key.start), by="schema")
    if entry.value is None or not entry.value.text:
        message = f"the field `{name}` must be a mapping, not nothing: write at least `{name}: {{}}`"
        return Item(None, (Problem(Code.WRONG_TYPE, Severity.ERROR, message, id_.span),), id=id_)
    view = View(entry.value.green, entry.value.start - entry.key.start)
    value = as_json(view.value)
    flaws = find_flaws(Part.FIELD, value, f"the field `{name}`")
    problems = problems_of(flaws, view)
    if _blocked(flaws) or not isinstance(value, dict):
        return Item(None, problems, id=id_)
    reason = wrong_default(value)
    if reason:
        span = locate(view, ("default",)).span
        problems = (*problems, Problem(Code.WRONG_DEFAULT, Severity.ERROR, f"the default of `{name}` {reason}", span))
    return Item(build_field(name, value), problems, id=id_)


def _fields(uses: Iterable[Use]) -> frozenset[str]:
    return frozenset(use.field for use in uses)


def _blocked(flaws: Iterable[Flaw]) -> bool:
    return any(flaw.blocks for flaw in flaws)


def _at(value: Json, steps: Steps) -> Any:
    """The value at a path, or None."""
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _name(view: View, value: Json, *steps: str | int) -> Name | None:
    text = _at(value, steps)
    return Name(text, locate(view, steps).span, str(steps[0])) if isinstance(text, str) and text else None


def _uses_of_node(view: View, value: dict[str, Json]) -> Iterator[Use]:
    for key in ("reads", "writes"):
        fields = value.get(key)
        for at, field in enumerate(fields if isinstance(fields, list) else ()):
            if isinstance(field, str):
                yield Use(field, locate(view, (key, at)).span, key, Severity.ERROR)
    yield from _references(view, value, ("for_each", "source"), Severity.ERROR)
    for key in ("args", "inputs", "source"):
        yield from _references(view, value, (key,), Severity.WARNING)


def _references(view: View, value: Json, steps: Steps, severity: Severity) -> Iterator[Use]:
    """The fields that the references under a key name: a reference to nothing drops its key, or fails a source."""
    for inner, text in texts(_at(value, steps), steps):
        path = parse_reference(text)
        if path is not None:
            yield from _field_uses(view, inner, [path], str(steps[0]), severity)


def _field_uses(
    view: View, steps: Steps, paths: Iterable[Path], by: str, severity: Severity = Severity.WARNING
) -> Iterator[Use]:
    scalar = locate(view, steps)
    for path in paths:
        if path.root is Root.STATE and path.steps:
            step = path.steps[0]
            span = span_inside(scalar.value, step.span) if scalar.value else scalar.span
            yield Use(str(step.value), span, by, severity)


def _not_a_reference(view: View, value: Json, steps: Steps, flaws: Iterable[Flaw]) -> Iterator[Problem]:
    """A list of items can only come from a reference: any other text fails the run (docs/format.md, Fan-out)."""
    text = _at(value, steps)
    if isinstance(text, str) and text and parse_reference(text) is None and all(flaw.path != steps for flaw in flaws):
        message = f"`{dotted(steps)}` must be a reference to a list, such as `$.files`, not {shown(text)}"
        yield Problem(Code.BAD_REFERENCE, Severity.ERROR, message, locate(view, steps).span)


def _writes_of_text_agent(view: View, value: dict[str, Any]) -> Iterator[Problem]:
    """An agent without a schema answers in text, which goes to the one field it writes (docs/format.md, Agents)."""
    writes = value.get("writes", [])
    if value["kind"] == "agent" and "schema" not in value and len(writes) != 1:
        place = locate(view, ("writes",) if "writes" in value else ("id",))
        message = (
            f"an agent without `schema` answers in text and needs exactly one field in `writes`, not {len(writes)}:"
            " name one field, or add a `schema`"
        )
        yield Problem(Code.WRITES_COUNT, Severity.ERROR, message, place.span)


@dataclass(frozen=True, slots=True)
class _Condition:
    tree: Expression | None = None
    problems: tuple[Problem, ...] = ()
    uses: tuple[Use, ...] = ()


def _read_expression(view: View, value: dict[str, Json], key: str) -> _Condition:
    """Parse a `when` or an `until`; one that is no text is the schema's to report."""
    text, scalar = value.get(key), locate(view, (key,)).value
    if not isinstance(text, str) or scalar is None:
        return _Condition()
    parsed = parse_expression(text)
    problems = tuple(
        Problem(Code.EXPRESSION_SYNTAX, Severity.ERROR, error.message, span_inside(scalar, error.span))
        for error in parsed.errors
    )
    uses = tuple(_field_uses(view, (key,), paths_of(parsed.tree), key)) if parsed.tree else ()
    return _Condition(None if problems else parsed.tree, problems, uses)
