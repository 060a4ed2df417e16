"""The context of each node: the senders of its edge outputs, and the pipelines and loops it runs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from engine.experience.files.port import glob_names
from engine.experience.graph.topology import Topology, Vertex, VertexKind
from engine.experience.model import Kind

MAKERS = frozenset({Kind.TOOL.value, Kind.CLI_AGENT.value, Kind.EXPERIENCE.value})
"""The kinds of nodes that can create files."""


class Around(Struct, frozen=True):
    """The context of an execution. `item_of` are the pipelines it is a stage of; `senders` deliver edge outputs.

    `after_makers`: a node that can create any file runs before it. `produced` are the `produces` globs of the nodes
    before it.
    """

    senders: frozenset[str]
    item_of: tuple[str, ...] = ()
    in_loop: bool = False
    after_makers: bool = False
    produced: tuple[str, ...] = ()

    def may_have_made(self, path: str) -> bool:
        """Checks that a node that runs before it may create the file or folder at a path."""
        return self.after_makers or any(glob_names(glob, path) for glob in self.produced)


NOTHING_AROUND = Around(frozenset())


class Surroundings(Struct, frozen=True):
    """The context of each node, pipeline and loop, by id. `whole`: all ids in edges are known."""

    by_id: Mapping[str, Around]
    whole: bool

    def of(self, id_: str | None) -> Around:
        """The context of a node, pipeline or loop; an empty one for an unknown id."""
        return self.by_id.get(id_ or "", NOTHING_AROUND)


class Makers(Struct, frozen=True):
    """The nodes that can create files: by their kinds, as written, and by `produces`."""

    kinds: Mapping[str, str | None]
    produces: Mapping[str, tuple[str, ...]]

    def any_in(self, node_ids: Iterable[str]) -> bool:
        """Checks that one of the nodes can create any file."""
        return any(self.kinds.get(node_id) in MAKERS for node_id in node_ids)

    def globs_of(self, node_ids: Iterable[str]) -> tuple[str, ...]:
        """The `produces` globs of the nodes."""
        return tuple(glob for node_id in node_ids for glob in self.produces.get(node_id, ()))


def surroundings(graph: Topology, makers: Makers, before: Mapping[str, int] | None, *, whole: bool) -> Surroundings:
    """Computes the context of everything in the graph.

    `before` are the vertices that each one waits for, by edge or data, as bits by position in the order; None if only
    the edges are known.
    """
    senders = graph.predecessors()
    order = [graph.vertices[position] for position in graph.order]
    bits = _by_edge(order, senders) if before is None else before
    making = sum(1 << place for place, vertex in enumerate(order) if makers.any_in(vertex.node_ids))
    producing = {place: globs for place, vertex in enumerate(order) if (globs := makers.globs_of(vertex.node_ids))}
    by_id: dict[str, Around] = {}
    for vertex in graph.vertices:
        behind = bits.get(vertex.id, 0)
        produced = tuple(glob for place, globs in producing.items() if behind >> place & 1 for glob in globs)
        around = Around(frozenset(senders[vertex.id]), after_makers=bool(behind & making), produced=produced)
        if vertex.kind is not VertexKind.NODE:
            _add_parts(by_id, around, vertex.kind, vertex.id, vertex.node_ids, makers)
        by_id[vertex.id] = around
    return Surroundings(by_id, whole)


def _add_parts(
    by_id: dict[str, Around],
    around: Around,
    kind: VertexKind,
    owner: str,
    node_ids: Sequence[str],
    makers: Makers,
) -> None:
    for position, node_id in enumerate(node_ids):
        known = by_id.get(node_id, NOTHING_AROUND)
        earlier = node_ids[:position]
        by_id[node_id] = Around(
            known.senders | around.senders | {*earlier[-1:]},
            (*known.item_of, owner) if kind is VertexKind.PIPELINE else known.item_of,
            known.in_loop or kind is VertexKind.LOOP,
            after_makers=known.after_makers or around.after_makers or makers.any_in(earlier),
            produced=(*known.produced, *around.produced, *makers.globs_of(earlier)),
        )


def _by_edge(order: Sequence[Vertex], senders: Mapping[str, tuple[str, ...]]) -> Mapping[str, int]:
    """The vertices from which edges lead to each one, transitively."""
    places = {vertex.id: place for place, vertex in enumerate(order)}
    bits: dict[str, int] = {}
    for vertex in order:
        bits[vertex.id] = 0
        for sender in senders[vertex.id]:
            bits[vertex.id] |= bits.get(sender, 0) | (1 << places[sender] if sender in places else 0)
    return bits
