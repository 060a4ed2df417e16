"""What a vertex receives: its reads, its resolved args, and what a path names for it (docs/format.md, References)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.board import Board
from engine.expressions import MISSING, Json, Lookup, Missing, Path, Resolved, Root, descend, parse_reference, resolve
from engine.spec.model import Node


@dataclass(frozen=True, slots=True)
class ItemValue:
    """One item of a fan-out: its value, its place in the list, and its key (docs/design.md, The run log)."""

    value: Json
    index: int
    key: str


def reads_of(board: Board, node: Node) -> dict[str, Json]:
    """The declared reads that have a value. Raises NotYetKnownError (plans only)."""
    values = {field: board.see(node.id, field) for field in node.reads}
    return {field: value for field, value in values.items() if value is not MISSING}


def args_of(board: Board, node: Node, edges: Mapping[str, Json], item: ItemValue | None = None) -> Resolved:
    """The node's args with references resolved; those that name nothing are dropped and reported."""
    return resolve(dict(node.args), lookup(board, node.id, edges, item))


def items_of(board: Board, node: Node, edges: Mapping[str, Json]) -> Json | Missing:
    """What `for_each.source` names: a list, if the author was right. Raises NotYetKnownError (plans only)."""
    assert node.for_each is not None
    path = parse_reference(node.for_each.source)
    return MISSING if path is None else lookup(board, node.id, edges)(path)


def lookup(board: Board, vertex: str, edges: Mapping[str, Json], item: ItemValue | None = None) -> Lookup:
    """What a path names for `vertex`, which received `edges` and, within a fan-out, `item`."""

    def find(path: Path) -> Json | Missing:
        if path.root is Root.STATE:
            value = board.see(vertex, str(path.steps[0].value))
            return MISSING if value is MISSING else descend(value, path.steps[1:])
        if path.root is Root.ARGS:
            return descend(dict(board.args), path.steps)
        if path.root is Root.EDGES:
            return descend(dict(edges), path.steps)
        if item is not None and path.root is Root.ITEM:
            return descend(item.value, path.steps)
        if item is not None and path.root is Root.INDEX:
            return descend(item.index, path.steps)
        return MISSING

    return find
