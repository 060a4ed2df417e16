"""The paths visible at a place: fields, args, items and outputs, with their shapes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.expressions import Root
from engine.syntax import View
from oe_lsp.ide.completion.context import Context
from oe_lsp.ide.document.value_types import ANYTHING, Shape, args_shape, field_shape, id_of, item_shape, members
from oe_lsp.ide.names.symbol_references import EntityKind, Language


class VisiblePath(Struct, frozen=True):
    """A path with its description. `order` is lower the closer it is to the node."""

    path: str
    shape: Shape
    about: str
    order: int = 1


def visible_paths(context: Context, language: Language) -> Iterator[VisiblePath]:
    """Yield the one-step paths visible at the place."""
    node = context.node
    if language is Language.TEMPLATE:
        yield from _prompt_names(context, node)
    else:
        for name in context.matching(context.snapshot.analysis.places.fields):
            yield VisiblePath(f"$.{name}", field_shape(context.index, name), "state field")
    arguments = [(name, shape) for name, shape in members(args_shape(context.index)) if isinstance(name, str)]
    for name, shape in arguments:
        yield VisiblePath(f"$args.{name}", shape, EntityKind.RUN_ARG.value, 2)
    if not arguments:
        yield VisiblePath(Root.ARGS.value, ANYTHING, Root.ARGS.meaning, 3)
    if node is not None and not context.is_at("graph.nodes.*.for_each.source"):
        yield from _node_variables(context, node)


def _prompt_names(context: Context, node: View | None) -> Iterator[VisiblePath]:
    """Yield what a prompt can name: args and reads of the node without `$`, reads also with it."""
    args, reads = (node.get(key) if node else None for key in ("args", "reads"))
    for entry in args.entries() if args else ():
        if isinstance(entry.key.value, str):
            yield VisiblePath(entry.key.value, ANYTHING, EntityKind.NODE_ARG.value, 0)
    names = [name for name in (reads.value if reads else None) or () if isinstance(name, str)]
    for name in names:
        yield VisiblePath(name, field_shape(context.index, name), "state field in `reads`", 0)
    for name in names:
        yield VisiblePath(f"$.{name}", field_shape(context.index, name), "state field in `reads`", 2)


def _node_variables(context: Context, node: View) -> Iterator[VisiblePath]:
    index, id_ = context.index, id_of(node)
    pipeline = index.pipeline_of(id_)
    if node.key("for_each") is not None or pipeline is not None:
        yield VisiblePath(Root.ITEM.value, item_shape(index, node), Root.ITEM.meaning, 0)
        yield VisiblePath(Root.INDEX.value, {"type": "integer"}, Root.INDEX.meaning, 2)
    if pipeline is not None:
        yield VisiblePath(Root.PIPELINE.value, {"type": "string"}, Root.PIPELINE.meaning, 3)
    if index.loop_of(id_) is not None:
        yield VisiblePath(Root.ITER.value, {"type": "integer"}, Root.ITER.meaning, 2)
        yield VisiblePath(Root.LOOP.value, {"type": "string"}, Root.LOOP.meaning, 3)
    for name in index.predecessors(id_) if id_ else ():
        yield VisiblePath(f"$edges.{name}", ANYTHING, "output of a predecessor", 2)
