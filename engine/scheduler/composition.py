"""Compositions: a valid experience with its graph and its nested experiences. Data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.graph import Graph, build_graph
from engine.experience.model import Experience, ExperienceSpec, Node


class Nesting(Struct, frozen=True):
    """A node that nests an experience; `path` and `home` are those of the experience that contains the node."""

    path: str
    home: str
    node: Node


class Composition(Struct, frozen=True):
    """An experience, its graph, and the experiences that it nests, by node id, if they can run.

    `path` is that of its file, `home` the folder that its paths are relative to: strings, since the scheduler knows no
    files. `nested_by` are the nodes that nest it, outermost first.
    """

    experience: Experience
    graph: Graph
    path: str = ""
    home: str = ""
    nested: Mapping[str, Composition] = field(default_factory=dict)
    nested_by: tuple[Nesting, ...] = ()

    def walk(self) -> Iterator[Composition]:
        """This composition and all nested ones, outer ones first."""
        yield self
        for inner in self.nested.values():
            yield from inner.walk()

    def all_nodes(self) -> Iterator[Node]:
        """The nodes of this experience and of all nested ones."""
        return (node for within in self.walk() for node in within.experience.nodes)


def compose(
    experience: Experience,
    path: str = "",
    home: str = "",
    nested: Mapping[str, Composition] | None = None,
    nested_by: tuple[Nesting, ...] = (),
) -> Composition:
    """Compose an experience with its nested ones. Reads and writes of one with shared state count as its node's.

    Raises engine.experience.graph.CycleError.
    """
    inner = nested or {}
    nodes = tuple(with_shared(node, experience, inner.get(node.id)) for node in experience.nodes)
    experience = replace(experience, nodes=nodes)
    return Composition(experience, build_graph(experience), path, home, inner, nested_by)


def is_shared(node: Node) -> bool:
    """Whether `node` nests an experience that shares the state of the outer one."""
    return isinstance(node.spec, ExperienceSpec) and node.spec.state_scope == "shared"


def shared_fields(outer: Experience, inner: Experience) -> tuple[str, ...]:
    """The fields that both declare; a shared state consists of these."""
    declared = {field.name for field in outer.fields}
    return tuple(field.name for field in inner.fields if field.name in declared)


def with_shared(node: Node, outer: Experience, inner: Composition | None) -> Node:
    """The node, with the reads and writes of its nested experience if that shares the state."""
    if inner is None or not is_shared(node):
        return node
    shared = set(shared_fields(outer, inner.experience))
    read = {read.field for vertex in inner.graph.order for read in inner.graph.reads_of(vertex)}
    written = {name for child in inner.experience.nodes for name in child.writes}
    return replace(
        node,
        reads=_joined(node.reads, shared & read),
        writes=_joined(node.writes, shared & written),
    )


def _joined(named: tuple[str, ...], more: set[str]) -> tuple[str, ...]:
    return (*named, *sorted(more - set(named)))
