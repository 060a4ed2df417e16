"""Lookups in an analysed experience: predecessors and successors, readers and writers, pipelines and loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from engine.experience import Analysis
from engine.experience.graph import ReadBy
from engine.experience.graph.reads import expression_reads, fields_in, node_reads
from engine.experience.model import AgentSpec, CliAgentSpec, Experience, Node, Pipeline, SkillSpec, StateField

_EMPTY = Experience(name="", version="", nodes=(), edges=(), fields=())


class Use(Struct, frozen=True):
    """A reader of a field, and the key it reads it in: a node's `reads`, an edge's `when` …"""

    reader: str
    key: str


class ExperienceIndex(Struct, frozen=True, dict=True):
    """Computed on demand from the checker's analysis."""

    analysis: Analysis

    @cached_property
    def experience(self) -> Experience:
        """The experience, without its unreadable parts."""
        return self.analysis.experience or _EMPTY

    @cached_property
    def fields(self) -> Mapping[str, StateField]:
        """The state fields by name."""
        return {field.name: field for field in self.experience.fields}

    @cached_property
    def answer_schemas(self) -> Mapping[str, Mapping[str, Any]]:
        """By field, its schema in the inline `schema` of a node that writes it."""
        found: dict[str, Mapping[str, Any]] = {}
        for node in self.experience.nodes:
            for field, schema in _answer_properties(node).items():
                if field in node.writes and isinstance(schema, dict):
                    found.setdefault(field, schema)
        return found

    def predecessors(self, id_: str) -> tuple[str, ...]:
        """Return the ids of direct predecessors by edge, also of the pipeline or loop that runs the vertex."""
        ids = {id_, *self._parents(id_)}
        return tuple(dict.fromkeys(edge.from_ for edge in self.experience.edges if edge.to in ids))

    def successors(self, id_: str) -> tuple[str, ...]:
        """Return the ids of direct successors by edge, also of the pipeline or loop that runs the vertex."""
        ids = {id_, *self._parents(id_)}
        return tuple(dict.fromkeys(edge.to for edge in self.experience.edges if edge.from_ in ids))

    def writers(self, field: str) -> tuple[str, ...]:
        """Return the nodes that list a field under `writes`."""
        return tuple(node.id for node in self.experience.nodes if field in node.writes)

    def readers(self, field: str) -> Iterator[Use]:
        """Yield the readers of a field: nodes, edges, pipelines, then loops."""
        parts = self.analysis.parts
        if parts is None:
            return
        for node in parts.nodes.items:
            if field in node.fields and node.model is not None:
                yield from (Use(node.model.id, read.by.value) for read in node_reads(node.model) if read.field == field)
        for edge in parts.edges.items:
            if field in edge.fields and edge.model is not None and edge.model.when is not None:
                yield Use(f"{edge.model.from_} → {edge.model.to}", ReadBy.WHEN.value)
        for pipeline in self.experience.pipelines:
            if field in fields_in(pipeline.items):
                yield Use(pipeline.id, ReadBy.ITEMS.value)
        for loop in self.experience.loops:
            if any(read.field == field for read in expression_reads(loop.until, ReadBy.UNTIL)):
                yield Use(loop.id, ReadBy.UNTIL.value)

    def pipeline_of(self, id_: str | None) -> Pipeline | None:
        """Return the pipeline that a node is a stage of."""
        return next((pipeline for pipeline in self.experience.pipelines if id_ in pipeline.stages), None)

    def loop_of(self, id_: str | None) -> str | None:
        """Return the id of the loop that runs a node."""
        return next((loop.id for loop in self.experience.loops if loop.body == id_), None)

    def _parents(self, id_: str) -> Iterator[str]:
        pipeline, loop = self.pipeline_of(id_), self.loop_of(id_)
        yield from ([pipeline.id] if pipeline else [])
        yield from ([loop] if loop else [])


def _answer_properties(node: Node) -> Mapping[str, Any]:
    schema = node.spec.schema if isinstance(node.spec, AgentSpec | SkillSpec | CliAgentSpec) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}
