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
    senders: list[set[str]] = [set() for _ in graph.vertices]
    for arc in graph.arcs:
        senders[arc.target].add(graph.vertices[arc.source].id)
    after_makers = _after_makers(graph, kinds)
    by_id: dict[str, Around] = {}
    for position, vertex in enumerate(graph.vertices):
        around = Around(frozenset(senders[position]), after_makers=after_makers[position])
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


def _after_makers(graph: Topology, kinds: Mapping[str, str | None]) -> list[bool]:
    """By vertex, whether an edge leads to it, directly or not, from one that can make files."""
    after = [False] * len(graph.vertices)
    makers = {node_id for node_id, kind in kinds.items() if kind in MAKERS}
    makes = [not makers.isdisjoint(vertex.node_ids) for vertex in graph.vertices]
    targets = graph.successors()
    for position in graph.order:
        if makes[position] or after[position]:
            for target in targets[position]:
                after[target] = True
    return after
