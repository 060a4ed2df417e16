"""The call hierarchy of a graph: what comes before a node and what after it, by edge, by data, and in pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from engine.experience import Analysis
from engine.syntax import Span, View
from oe_lsp.ide.document.cursor import cursor_at
from oe_lsp.ide.document.items import EDGES, LOOPS, NODES, PIPELINES, VERTICES, Item, items_at, text_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access, Named, entity_at, named_in
from oe_lsp.ide.names.symbol_references import EntityKind


class Vertex(Struct, frozen=True):
    """A node, a pipeline or a loop. `detail` says which of them, or a node's kind."""

    id: str
    detail: str
    span: Span
    id_span: Span


class Call(Struct, frozen=True):
    """A vertex before or after another one, and the places because of which it is: ids in edges, names of fields."""

    vertex: Vertex
    because: tuple[Span, ...]


def vertex_at(snapshot: Snapshot, offset: int) -> Vertex | None:
    """The node, pipeline or loop that is named at an offset, else the one that the offset is in."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if found is not None and found[0].kind is EntityKind.VERTEX:
        return vertex_of(snapshot, found[0].name)
    cursor = cursor_at(snapshot, offset)
    around = cursor.item if cursor else None
    for item in _vertices(root) if around else ():
        if item.view == around and (id_ := _id_of(item)) is not None:
            return _vertex(item, id_)
    return None


def vertex_of(snapshot: Snapshot, id_: str) -> Vertex | None:
    """The vertex with an id; the first one, where there are two."""
    for item in _vertices(snapshot.analysis.tree.root):
        found = _id_of(item)
        if found is not None and found.name == id_:
            return _vertex(item, found)
    return None


def upstream(snapshot: Snapshot, id_: str) -> tuple[Call, ...]:
    """What runs right before a vertex: what edges lead from, who writes what it reads, the stage before."""
    root = snapshot.analysis.tree.root
    handed = (_Step(before, at) for before, after, at in (*_edges(root, id_), *_handed_on(root)) if after == id_)
    return _calls(root, (*handed, *_by_data(snapshot.analysis, id_, Access.READS)))


def downstream(snapshot: Snapshot, id_: str) -> tuple[Call, ...]:
    """What runs right after a vertex: what edges lead to, who reads what it writes, the stage behind."""
    root = snapshot.analysis.tree.root
    handed = (_Step(after, at) for before, after, at in (*_edges(root, id_), *_handed_on(root)) if before == id_)
    return _calls(root, (*handed, *_by_data(snapshot.analysis, id_, Access.WRITES)))


class _Step(Struct, frozen=True):
    """What is at the other end of a step, and the name in the text that makes the step."""

    id: str
    because: Span


def _calls(root: View | None, steps: tuple[_Step, ...]) -> tuple[Call, ...]:
    places: dict[str, dict[Span, None]] = {}
    for step in steps:
        places.setdefault(step.id, {})[step.because] = None
    ends: dict[str, Vertex] = {}
    for item in _vertices(root):
        if (id_ := _id_of(item)) is not None and id_.name in places:
            ends.setdefault(id_.name, _vertex(item, id_))
    return tuple(Call(ends[id_], tuple(spans)) for id_, spans in places.items() if id_ in ends)


def _edges(root: View | None, id_: str) -> Iterator[tuple[str, str, Span]]:
    """Both ends of each edge that names a vertex, and where the second one is named."""
    for item in items_at(root, EDGES):
        if all(named.name != id_ for named in named_in(item)):
            continue
        from_, to, place = text_at(item.view, "from"), text_at(item.view, "to"), item.view.get("to")
        if from_ is not None and to is not None and place is not None:
            yield from_, to, place.span


def _handed_on(root: View | None) -> Iterator[tuple[str, str, Span]]:
    """A pipeline hands its items to the first stage, each stage hands them on; a loop runs its body."""
    for item in items_at(root, PIPELINES):
        stages = item.view.get("stages")
        before = text_at(item.view, "id")
        for stage in stages.items() if stages else ():
            if before is not None and isinstance(stage.value, str):
                yield before, stage.value, stage.span
                before = stage.value
    for item in items_at(root, LOOPS):
        loop, body = text_at(item.view, "id"), item.view.get("body")
        if loop is not None and body is not None and isinstance(body.value, str):
            yield loop, body.value, body.span


def _by_data(analysis: Analysis, id_: str, access: Access) -> Iterator[_Step]:
    """Who writes the fields that a vertex reads, or reads those that it writes, and where the reader names them.

    What the order of the graph has the other way round is left out.
    """
    root = analysis.tree.root
    own = {span: name for name, span in _fields(root, id_, access)}
    is_before = _order(analysis)
    for item in _vertices(root) if own else ():
        other = _id_of(item)
        if other is None or other.name == id_:
            continue
        for named in named_in(item):
            if named.kind is not EntityKind.FIELD or named.name not in own.values() or named.access is access:
                continue
            if access is Access.WRITES and is_before(id_, other.name):
                yield _Step(other.name, named.span.shift(item.view.start))
            elif access is Access.READS and is_before(other.name, id_):
                yield from (_Step(other.name, span) for span, name in own.items() if name == named.name)


def _fields(root: View | None, id_: str, access: Access) -> Iterator[tuple[str, Span]]:
    """The fields that a vertex reads or writes, and where it names them."""
    for item in _vertices(root):
        found = _id_of(item)
        for named in named_in(item) if found is not None and found.name == id_ else ():
            if named.kind is EntityKind.FIELD and named.access is access:
                yield named.name, named.span.shift(item.view.start)


def _order(analysis: Analysis) -> Callable[[str, str], bool]:
    """Whether one vertex can run before another one; yes, where the order cannot be known."""
    flow = analysis.graph.flow if analysis.graph else None
    if flow is None:
        return lambda _before, _after: True

    def place(id_: str) -> int | None:
        home = flow.topology.home.get(id_)
        return None if home is None else flow.positions.get(flow.topology.vertices[home].id)

    def is_before(before: str, after: str) -> bool:
        one, other = place(before), place(after)
        return one is None or other is None or one <= other

    return is_before


def _vertices(root: View | None) -> Iterator[Item]:
    for place in VERTICES:
        yield from items_at(root, place)


def _id_of(item: Item) -> Named | None:
    for named in named_in(item):
        if named.access is Access.DECLARES and named.kind is EntityKind.VERTEX:
            return named
    return None


def _vertex(item: Item, id_: Named) -> Vertex:
    return Vertex(id_.name, _detail(item), item.view.span, id_.span.shift(item.view.start))


def _detail(item: Item) -> str:
    if item.place == NODES:
        return text_at(item.view, "kind") or "node"
    return "pipeline" if item.place == PIPELINES else "loop"
