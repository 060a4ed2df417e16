"""What is around each node: who sends it edge outputs, and whether it runs for items or in a loop. Names only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from engine.spec.model import Kind
from engine.spec.topology import Topology, VertexKind

MAKERS = frozenset({Kind.TOOL.value, Kind.CLI_AGENT.value, Kind.EXPERIENCE.value})
"""The kinds of nodes that can make files."""


class Around(Struct, frozen=True):
    """What surrounds an execution. `item_of` are the pipelines it is a stage of; `senders` deliver edge outputs.

    `after_makers`: something that can make files runs before it.
    """

    senders: frozenset[str]
    item_of: tuple[str, ...] = ()
    in_loop: bool = False
    after_makers: bool = False


NOTHING_AROUND = Around(frozenset())


class Surroundings(Struct, frozen=True):
    """By id, what is around each node, pipeline and loop. `whole`: every edge leads from and to what is known."""

    by_id: Mapping[str, Around]
    whole: bool

    def of(self, id_: str | None) -> Around:
        """What is around the node, pipeline or loop; nothing for ids that there are not."""
        return self.by_id.get(id_ or "", NOTHING_AROUND)


def surroundings(graph: Topology, kinds: Mapping[str, str | None], *, whole: bool) -> Surroundings:
    """Work out what is around everything in the graph; `kinds` are those of the nodes, as written."""
    senders = graph.predecessors()
    after_makers = _after_makers(graph, senders, kinds)
    by_id: dict[str, Around] = {}
    for vertex in graph.vertices:
        around = Around(frozenset(senders[vertex.id]), after_makers=vertex.id in after_makers)
        if vertex.kind is not VertexKind.NODE:
            _add_parts(by_id, around, vertex.kind, vertex.id, vertex.node_ids)
        by_id[vertex.id] = around
    return Surroundings(by_id, whole)


def _add_parts(by_id: dict[str, Around], around: Around, kind: VertexKind, owner: str, node_ids: Sequence[str]) -> None:
    for position, node_id in enumerate(node_ids):
        known = by_id.get(node_id, NOTHING_AROUND)
        before = {node_ids[position - 1]} if position else set()
        by_id[node_id] = Around(
            known.senders | around.senders | before,
            (*known.item_of, owner) if kind is VertexKind.PIPELINE else known.item_of,
            known.in_loop or kind is VertexKind.LOOP,
            after_makers=True,
        )


def _after_makers(
    graph: Topology, senders: Mapping[str, tuple[str, ...]], kinds: Mapping[str, str | None]
) -> frozenset[str]:
    """The vertices to which an edge leads, directly or not, from one that can make files."""
    makers = {node_id for node_id, kind in kinds.items() if kind in MAKERS}
    reached = {vertex.id for vertex in graph.vertices if not makers.isdisjoint(vertex.node_ids)}
    after: set[str] = set()
    for position in graph.order:
        id_ = graph.vertices[position].id
        if not reached.isdisjoint(senders[id_]):
            after.add(id_)
            reached.add(id_)
    return frozenset(after)
