"""The graph of an experience: order, edges, what waits for what. No YAML, no running."""

from engine.graph.graph import CycleError, Graph, build_graph
from engine.graph.reads import Read, ReadBy
from engine.spec.topology import Vertex, VertexKind
from engine.spec.waits import VertexSet

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
