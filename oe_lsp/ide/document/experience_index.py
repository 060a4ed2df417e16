"""What is around a node or a field in an experience: who comes before and after, who reads and who writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from engine.experience import Analysis
from engine.experience.graph import ReadBy
from engine.experience.graph.reads import expression_reads, fields_in, node_reads
from engine.experience.model import AgentSpec, CliAgentSpec, Experience, Node, Pipeline, SkillSpec, StateField

_NOTHING = Experience(name="", version="", nodes=(), edges=(), fields=())


class Use(Struct, frozen=True):
    """Who uses a field, and by what: a node's `reads`, an edge's `when` …"""

    who: str
    by: str


class ExperienceIndex(Struct, frozen=True, dict=True):
    """Looked up when asked for, in what the checker has read already."""

    analysis: Analysis

    @cached_property
    def experience(self) -> Experience:
        """The experience, as far as it can be read."""
        return self.analysis.experience or _NOTHING

    @cached_property
    def fields(self) -> Mapping[str, StateField]:
        """The state fields by name."""
        return {field.name: field for field in self.experience.fields}

    @cached_property
    def answers(self) -> Mapping[str, Mapping[str, Any]]:
        """By field, what the inline `schema` of a node that writes it says of the field."""
        found: dict[str, Mapping[str, Any]] = {}
        for node in self.experience.nodes:
            for field, schema in _answer_of(node).items():
                if field in node.writes and isinstance(schema, dict):
                    found.setdefault(field, schema)
        return found

    def before(self, id_: str) -> tuple[str, ...]:
        """The ids that edges lead from to this one; for a stage or a body those of its pipeline or loop, too."""
        ends = {id_, *self._homes(id_)}
        return tuple(dict.fromkeys(edge.from_ for edge in self.experience.edges if edge.to in ends))

    def after(self, id_: str) -> tuple[str, ...]:
        """The ids that edges lead to from this one; for a stage or a body those of its pipeline or loop, too."""
        ends = {id_, *self._homes(id_)}
        return tuple(dict.fromkeys(edge.to for edge in self.experience.edges if edge.from_ in ends))

    def writers(self, field: str) -> tuple[str, ...]:
        """The nodes that declare to write a field, as declared."""
        return tuple(node.id for node in self.experience.nodes if field in node.writes)

    def readers(self, field: str) -> Iterator[Use]:
        """Who reads a field, and by what, in the order of nodes, edges, pipelines, loops."""
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
        """The pipeline that a node is a stage of."""
        return next((pipeline for pipeline in self.experience.pipelines if id_ in pipeline.stages), None)

    def loop_of(self, id_: str | None) -> str | None:
        """The id of the loop that runs a node."""
        return next((loop.id for loop in self.experience.loops if loop.body == id_), None)

    def _homes(self, id_: str) -> Iterator[str]:
        pipeline, loop = self.pipeline_of(id_), self.loop_of(id_)
        yield from ([pipeline.id] if pipeline else [])
        yield from ([loop] if loop else [])


def _answer_of(node: Node) -> Mapping[str, Any]:
    schema = node.spec.schema if isinstance(node.spec, AgentSpec | SkillSpec | CliAgentSpec) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return properties if isinstance(properties, dict) else {}
