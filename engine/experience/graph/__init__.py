"""The graph of an experience: order, edges, what waits for what. No YAML, no running."""

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
