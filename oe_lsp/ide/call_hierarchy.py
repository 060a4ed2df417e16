"""Call hierarchy: what runs right before and after a vertex, by edge, by data, in pipelines and in loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from engine.experience import Analysis
from engine.syntax import Span, View
from oe_lsp.ide.document.cursor import cursor_at
from oe_lsp.ide.document.items import EDGES, LOOPS, NODES, PIPELINES, VERTICES, Item, items_at, text_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access, ItemMention, entity_at, mentions_in_item
from oe_lsp.ide.names.symbol_references import EntityKind


class Vertex(Struct, frozen=True):
    """A node, pipeline or loop. `detail` is a node's kind, else `pipeline` or `loop`."""

    id: str
    detail: str
    span: Span
    id_span: Span


class Call(Struct, frozen=True):
    """A vertex before or after another one. `sites` are the ids and field names in the text that connect them."""

    vertex: Vertex
    sites: tuple[Span, ...]


def vertex_at(snapshot: Snapshot, offset: int) -> Vertex | None:
    """Return the vertex named at an offset, else the one that encloses it."""
    root = snapshot.analysis.tree.root
    found = entity_at(root, offset)
    if found is not None and found[0].kind is EntityKind.VERTEX:
        return vertex_of(snapshot, found[0].name)
    cursor = cursor_at(snapshot, offset)
    enclosing = cursor.item if cursor else None
    for item in _vertices(root) if enclosing else ():
        if item.view == enclosing and (id_ := _id_of(item)) is not None:
            return _vertex(item, id_)
    return None


def vertex_of(snapshot: Snapshot, id_: str) -> Vertex | None:
    """Return the vertex with an id; the first one if two share it."""
    for item in _vertices(snapshot.analysis.tree.root):
        found = _id_of(item)
        if found is not None and found.name == id_:
            return _vertex(item, found)
    return None


def upstream(snapshot: Snapshot, id_: str) -> tuple[Call, ...]:
    """Return what runs right before a vertex: sources of edges, writers of what it reads, the previous stage."""
    root = snapshot.analysis.tree.root
    links = (*_edges(root, id_), *_stages_and_bodies(root))
    direct = (_Step(before, at) for before, after, at in links if after == id_)
    return _calls(root, (*direct, *_data_steps(snapshot.analysis, id_, Access.READS)))


def downstream(snapshot: Snapshot, id_: str) -> tuple[Call, ...]:
    """Return what runs right after a vertex: targets of edges, readers of what it writes, the next stage."""
    root = snapshot.analysis.tree.root
    links = (*_edges(root, id_), *_stages_and_bodies(root))
    direct = (_Step(after, at) for before, after, at in links if before == id_)
    return _calls(root, (*direct, *_data_steps(snapshot.analysis, id_, Access.WRITES)))


class _Step(Struct, frozen=True):
    """The vertex at the other end of a connection, and the name in the text that makes it."""

    id: str
    site: Span


def _calls(root: View | None, steps: tuple[_Step, ...]) -> tuple[Call, ...]:
    sites: dict[str, dict[Span, None]] = {}
    for step in steps:
        sites.setdefault(step.id, {})[step.site] = None
    ends: dict[str, Vertex] = {}
    for item in _vertices(root):
        if (id_ := _id_of(item)) is not None and id_.name in sites:
            ends.setdefault(id_.name, _vertex(item, id_))
    return tuple(Call(ends[id_], tuple(spans)) for id_, spans in sites.items() if id_ in ends)


def _edges(root: View | None, id_: str) -> Iterator[tuple[str, str, Span]]:
    """Yield both ends of each edge that names a vertex, and the span of `to`."""
    for item in items_at(root, EDGES):
        if all(named.name != id_ for named in mentions_in_item(item)):
            continue
        from_, to, place = text_at(item.view, "from"), text_at(item.view, "to"), item.view.get("to")
        if from_ is not None and to is not None and place is not None:
            yield from_, to, place.span


def _stages_and_bodies(root: View | None) -> Iterator[tuple[str, str, Span]]:
    """Yield pipeline and first stage, stage and next stage, loop and body, with the span of the second."""
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


def _data_steps(analysis: Analysis, id_: str, access: Access) -> Iterator[_Step]:
    """Yield the writers of the fields that a vertex reads, or the readers of those that it writes, where the reader
    names them; not those that the graph orders the other way round.
    """
    root = analysis.tree.root
    own = {span: name for name, span in _fields(root, id_, access)}
    is_before = _order(analysis)
    for item in _vertices(root) if own else ():
        other = _id_of(item)
        if other is None or other.name == id_:
            continue
        for named in mentions_in_item(item):
            if named.kind is not EntityKind.FIELD or named.name not in own.values() or named.access is access:
                continue
            if access is Access.WRITES and is_before(id_, other.name):
                yield _Step(other.name, named.span.shift(item.view.start))
            elif access is Access.READS and is_before(other.name, id_):
                yield from (_Step(other.name, span) for span, name in own.items() if name == named.name)


def _fields(root: View | None, id_: str, access: Access) -> Iterator[tuple[str, Span]]:
    """Yield the fields that a vertex reads or writes, and where it names them."""
    for item in _vertices(root):
        found = _id_of(item)
        for named in mentions_in_item(item) if found is not None and found.name == id_ else ():
            if named.kind is EntityKind.FIELD and named.access is access:
                yield named.name, named.span.shift(item.view.start)


def _order(analysis: Analysis) -> Callable[[str, str], bool]:
    """Return a test whether one vertex can run before another; true where the order is unknown."""
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


def _id_of(item: Item) -> ItemMention | None:
    for named in mentions_in_item(item):
        if named.access is Access.DECLARES and named.kind is EntityKind.VERTEX:
            return named
    return None


def _vertex(item: Item, id_: ItemMention) -> Vertex:
    return Vertex(id_.name, _detail(item), item.view.span, id_.span.shift(item.view.start))


def _detail(item: Item) -> str:
    if item.place == NODES:
        return text_at(item.view, "kind") or "node"
    return "pipeline" if item.place == PIPELINES else "loop"
