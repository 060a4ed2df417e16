"""What paths can name at a place: the fields, args, items and outputs that are in sight there, with their shapes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from engine.expressions import Root
from engine.syntax import View
from oe_lsp.ide.completion.context import Request
from oe_lsp.ide.document.value_types import ANYTHING, Shape, args_shape, field_shape, id_of, item_shape, members
from oe_lsp.ide.names.symbol_references import Language


class Named(Struct, frozen=True):
    """A path that names something. `order` is lower the closer it is to the node."""

    path: str
    shape: Shape
    about: str
    order: int = 1


def in_sight(request: Request, language: Language) -> Iterator[Named]:
    """The paths of one step that name something at the place."""
    node = request.node
    if language is Language.TEMPLATE:
        yield from _received(request, node)
    else:
        for name in request.likely(request.snapshot.analysis.places.fields):
            yield Named(f"$.{name}", field_shape(request.facts, name), "state field")
    arguments = [(name, shape) for name, shape in members(args_shape(request.facts)) if isinstance(name, str)]
    for name, shape in arguments:
        yield Named(f"$args.{name}", shape, "arg of the run", 2)
    if not arguments:
        yield Named(Root.ARGS.value, ANYTHING, Root.ARGS.meaning, 3)
    if node is not None and not request.is_at("graph.nodes.*.for_each.source"):
        yield from _of_place(request, node)


def _received(request: Request, node: View | None) -> Iterator[Named]:
    """What a prompt can name without a `$`, and the declared reads with one."""
    args, reads = (node.get(key) if node else None for key in ("args", "reads"))
    for entry in args.entries() if args else ():
        if isinstance(entry.key.value, str):
            yield Named(entry.key.value, ANYTHING, "arg of the node", 0)
    names = [name for name in (reads.value if reads else None) or () if isinstance(name, str)]
    for name in names:
        yield Named(name, field_shape(request.facts, name), "state field that the node reads", 0)
    for name in names:
        yield Named(f"$.{name}", field_shape(request.facts, name), "state field that the node reads", 2)


def _of_place(request: Request, node: View) -> Iterator[Named]:
    facts, id_ = request.facts, id_of(node)
    pipeline = facts.pipeline_of(id_)
    if node.key("for_each") is not None or pipeline is not None:
        yield Named(Root.ITEM.value, item_shape(facts, node), Root.ITEM.meaning, 0)
        yield Named(Root.INDEX.value, {"type": "integer"}, Root.INDEX.meaning, 2)
    if pipeline is not None:
        yield Named(Root.PIPELINE.value, {"type": "string"}, Root.PIPELINE.meaning, 3)
    if facts.loop_of(id_) is not None:
        yield Named(Root.ITER.value, {"type": "integer"}, Root.ITER.meaning, 2)
        yield Named(Root.LOOP.value, {"type": "string"}, Root.LOOP.meaning, 3)
    for name in facts.before(id_) if id_ else ():
        yield Named(f"$edges.{name}", ANYTHING, "edge output of a predecessor", 2)
