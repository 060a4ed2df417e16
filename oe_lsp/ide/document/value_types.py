"""Infers the types of state fields, run args, items and the paths into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.expressions import Path, Root, parse_reference
from engine.expressions.values import TYPE_OF_CLASS, type_in_words
from engine.syntax import View
from oe_lsp.ide.document.experience_index import ExperienceIndex

Shape = Mapping[str, Any]
"""A JSON Schema; an empty one allows any value."""

ANYTHING: Shape = {}
_MAX_LISTED = 6


def shape_of_path(path: Path, index: ExperienceIndex, node: View | None) -> Shape:
    """Return the shape of a path in a node, or in a condition if `node` is None."""
    names = [step.value for step in path.steps]
    match path.root:
        case Root.STATE:
            top, names = field_shape(index, str(names[0])), names[1:]
        case Root.BARE:
            top, names = _bare_shape(str(names[0]), index, node), names[1:]
        case Root.ARGS:
            top = args_shape(index)
        case Root.ITEM:
            top = item_shape(index, node)
        case Root.INDEX | Root.ITER:
            top = {"type": "integer"}
        case Root.LOOP | Root.PIPELINE:
            top = {"type": "string"}
        case Root.EDGES:
            top = ANYTHING
    return shape_inside(top, names)


def field_shape(index: ExperienceIndex, name: str) -> Shape:
    """Return the declared shape of a state field, refined by the schema of an agent that writes it."""
    field = index.fields.get(name)
    declared = field.schema if field else ANYTHING
    if declared.get("properties") or declared.get("items") or declared.get("enum"):
        return declared
    answered = index.answer_schemas.get(name, ANYTHING)
    agree = answered.get("type") == declared.get("type", answered.get("type"))
    return {**answered, **declared} if agree else declared


def args_shape(index: ExperienceIndex) -> Shape:
    """Return the shape of the run args."""
    return index.experience.args_schema or ANYTHING


def item_shape(index: ExperienceIndex, node: View | None) -> Shape:
    """Return the shape of `$item`: of the items of the node's fan-out or pipeline."""
    each = node.get("for_each") if node else None
    source = each.get("source") if each else None
    text = source.value if source else None
    if not isinstance(text, str):
        pipeline = index.pipeline_of(id_of(node))
        text = pipeline.items if pipeline else ""
    path = parse_reference(text)
    if path is None or path.root not in (Root.STATE, Root.ARGS):
        return ANYTHING
    return shape_inside(shape_of_path(path, index, None), [0])


def shape_inside(shape: Shape, steps: Iterable[str | int]) -> Shape:
    """Return the shape at the end of a path."""
    for step in steps:
        shape = dict(members(shape)).get(step, _any_item(shape) if isinstance(step, int) else ANYTHING)
    return shape


def members(shape: Shape) -> Iterator[tuple[str | int, Shape]]:
    """Yield the members of a shape: the keys of an object; `0` and `length` of an array."""
    properties = shape.get("properties")
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        yield str(name), _shape(inner)
    if "array" in type_names(shape):
        yield 0, _any_item(shape)
        yield "length", {"type": "integer"}


def type_names(shape: Shape) -> tuple[str, ...]:
    """Return the JSON types that a shape names."""
    named = shape.get("type")
    return tuple(map(str, named)) if isinstance(named, list) else (named,) if isinstance(named, str) else ()


def type_text(shape: Shape) -> str:
    """Describe a shape: `list of text`, `object with name, score`, `one of a, b`."""
    choices = shape.get("enum")
    if isinstance(choices, list) and choices:
        return f"one of {_listed(choices)}"
    if "const" in shape:
        return f"always {shape['const']}"
    return " or ".join(_named(shape, name) for name in type_names(shape)) or "any value"


def id_of(node: View | None) -> str | None:
    """Return the id of a node, pipeline or loop, or None."""
    id_ = node.get("id") if node else None
    return id_.value if id_ and isinstance(id_.value, str) else None


def _bare_shape(name: str, index: ExperienceIndex, node: View | None) -> Shape:
    args, reads = (node.get(key) if node else None for key in ("args", "reads"))
    given = args.get(name) if args else None
    if given is not None:
        path = parse_reference(given.value) if isinstance(given.value, str) else None
        if path is not None:
            return shape_of_path(path, index, node) if path.root is not Root.BARE else ANYTHING
        return _shape_of_value(given.value)
    read = reads.value if reads else None
    return field_shape(index, name) if isinstance(read, list) and name in read else ANYTHING


def _shape_of_value(value: object) -> Shape:
    return ANYTHING if value is None else {"type": TYPE_OF_CLASS[type(value)]}


def _any_item(shape: Shape) -> Shape:
    return _shape(shape.get("items"))


def _shape(value: object) -> Shape:
    return value if isinstance(value, Mapping) else ANYTHING


def _named(shape: Shape, name: str) -> str:
    if name == "array" and _any_item(shape):
        return f"list of {type_text(_any_item(shape))}"
    properties = shape.get("properties")
    if name == "object" and isinstance(properties, Mapping) and properties:
        return f"object with {_listed(list(properties))}"
    return type_in_words(name).removeprefix("a ").removeprefix("an ")


def _listed(values: list[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:_MAX_LISTED])
    return f"{shown}, …" if len(values) > _MAX_LISTED else shown
