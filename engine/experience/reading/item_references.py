"""The ids and fields that an item refers to, at their places, and its reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from engine.experience.model import Join, Kind
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate, span_inside, texts
from engine.expressions import Call, Expression, Json, Path, Root, children, parse_expression, parse_reference, paths_of
from engine.expressions.contradictions import bounded_paths
from engine.syntax import Span, View


class Name(Struct, frozen=True, gc=False):
    """An id, its span, and the key it is under."""

    text: str
    span: Span
    by: str


class Use(Struct, frozen=True, gc=False):
    """A use of a state field: its span, the key it is under, and the severity if the field is not declared."""

    field: str
    span: Span
    by: str
    severity: Severity = Severity.WARNING


class Flow(Struct, frozen=True, gc=False):
    """The reads and writes of a node or a condition.

    `shares` is the `impl` of a nested experience with shared state. `bounds` are the paths that a condition compares.
    `given` are the fields that a node reads only through `reads` and that an arg of the same name replaces.
    """

    id: str = ""
    kind: str | None = None
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    joins_any: bool = False
    shares: str | None = None
    bounds: frozenset[Path] = frozenset()
    given: frozenset[str] = frozenset()


class Condition(Struct, frozen=True):
    """A `when` or `until`: its tree if it could be parsed, its mistakes, and the fields it uses."""

    tree: Expression | None = None
    problems: tuple[Problem, ...] = ()
    uses: tuple[Use, ...] = ()


NO_CONDITION = Condition()
_NO_FLOW = Flow()


def read_expression(view: View, value: dict[str, Json], key: str) -> Condition:
    """Parses a `when` or `until`. The schema check reports one that is not text."""
    text = value.get(key)
    scalar = locate(view, (key,)).value if isinstance(text, str) else None
    if not isinstance(text, str) or scalar is None:
        return NO_CONDITION
    parsed = parse_expression(text)
    problems = tuple(
        Problem(Code.EXPRESSION_SYNTAX, Severity.ERROR, error.message, span_inside(scalar, error.span))
        for error in parsed.errors
    )
    uses = tuple(_field_uses(view, (key,), paths_of(parsed.tree), key)) if parsed.tree else ()
    return Condition(None if problems else parsed.tree, problems, uses)


def uses_of_node(view: View, value: dict[str, Json]) -> Iterator[Use]:
    """The state fields that a node reads and writes, by name and by reference."""
    for key in ("reads", "writes"):
        fields = value.get(key)
        if isinstance(fields, list):
            for position, field in enumerate(fields):
                if isinstance(field, str):
                    yield Use(field, locate(view, (key, position)).span, key, Severity.ERROR)
    if "for_each" in value:
        yield from references(view, value, ("for_each", "source"))
    for key in ("args", "inputs", "source"):
        if key in value:
            yield from references(view, value, (key,))


def references(view: View, value: Json, steps: Steps) -> Iterator[Use]:
    """The fields that references under a key use; an undeclared one is a warning, as it affects only its node."""
    for inner, text in texts(value_at(value, steps), steps):
        path = parse_reference(text)
        if path is not None:
            yield from _field_uses(view, inner, [path], str(steps[0]))


def _field_uses(view: View, steps: Steps, paths: Iterable[Path], by: str) -> Iterator[Use]:
    for path in paths:
        if path.root is Root.STATE and path.steps:
            scalar, step = locate(view, steps), path.steps[0]
            span = span_inside(scalar.value, step.span) if scalar.value else scalar.span
            yield Use(str(step.value), span, by)


def flow_of_node(value: dict[str, Any], uses: Sequence[Use]) -> Flow | None:
    """The reads and writes of a node; None if it has no id."""
    id_, kind, impl = value.get("id"), value.get("kind"), value.get("impl")
    if not isinstance(id_, str):
        return None
    shares = kind == Kind.EXPERIENCE and value.get("state_scope") == "shared" and isinstance(impl, str)
    return Flow(
        id_,
        kind if isinstance(kind, str) else None,
        frozenset([use.field for use in uses if use.by != "writes"]),
        frozenset([use.field for use in uses if use.by == "writes"]),
        value.get("join") == Join.ANY,
        impl if shares else None,
        given=_given(value.get("args"), uses),
    )


def _given(args: Any, uses: Sequence[Use]) -> frozenset[str]:
    if not isinstance(args, dict) or not args:
        return frozenset()
    by_name = {use.field for use in uses if use.by == "reads"} & args.keys()
    return frozenset(by_name - {use.field for use in uses if use.by not in ("reads", "writes")})


def flow_of_condition(condition: Condition) -> Flow:
    """The reads of a condition. One that calls `defined` counts as none, since an unset field is no mistake there."""
    if condition is NO_CONDITION:
        return _NO_FLOW
    if condition.tree is None or _calls_defined(condition.tree):
        return Flow()
    return Flow(reads=fields_of_uses(condition.uses), bounds=bounded_paths(condition.tree))


def _calls_defined(tree: Expression) -> bool:
    is_defined = isinstance(tree, Call) and tree.name == "defined"
    return is_defined or any(_calls_defined(child) for child in children(tree))


def fields_of_uses(uses: Iterable[Use]) -> frozenset[str]:
    """The names of the fields."""
    return frozenset([use.field for use in uses])


def value_at(value: Json, steps: Steps) -> Any:
    """The value at a path, or None."""
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
