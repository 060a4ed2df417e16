"""The graph of an experience: order, edges and waits. Knows no YAML and no runs."""

from engine.experience.graph.graph import CycleError, Graph, build_graph
from engine.experience.graph.reads import Read, ReadBy
from engine.experience.graph.topology import Vertex, VertexKind
from engine.experience.graph.waits import VertexSet

__all__ = [
    "CycleError",
    "Graph",
    "Read",
    "ReadBy",
    "Vertex",
    "VertexKind",
    "VertexSet",
    "build_graph",
]
