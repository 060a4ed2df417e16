"""Reads and writes in their order: read before written, never read, two writers at once, waits that no edge shows.

OE304, OE305, OE404, OE405 and OE406, from the facts of engine/experience/graph/dataflow.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct, field

from engine.experience.graph.dataflow import DataFlow, Spot
from engine.experience.graph.reachability import Required, never_run
from engine.experience.graph.topology import VertexKind
from engine.experience.model import Merge
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.parts import Parts
from engine.expressions import show


class FlowContext(Struct, frozen=True):
    """The reads and writes of the whole graph, and the conditions that each vertex needs to run."""

    flow: DataFlow
    required: Required


class FlowProblem(Struct, frozen=True):
    """A problem without offsets, so that it stays true when the text around it moves."""

    code: Code
    severity: Severity
    message: str
    spot: Spot
    related: tuple[tuple[Spot, str], ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    def problem(self, parts: Parts) -> Problem:
        """The problem at its place in the text of `parts`."""
        related = tuple(Related(spot.span(parts), message) for spot, message in self.related)
        return Problem(self.code, self.severity, self.message, self.spot.span(parts), related, self.data)


def check_unreachable(context: FlowContext) -> Iterator[FlowProblem]:
    """OE304: vertices that need conditions that exclude each other."""
    flow = context.flow
    for vertex in never_run(flow, context.required):
        one, other = (show(flow.conditions[edge]) for edge in vertex.edges)
        message = (
            f"`{vertex.id}` never runs, since `{one}` and `{other}` are never both true;"
            " set `join: any` if one of its edges is enough"
        )
        related = tuple((Spot("edges", edge), f"`{show(flow.conditions[edge])}`") for edge in vertex.edges)
        yield FlowProblem(Code.UNREACHABLE, Severity.WARNING, message, flow.id_spot(vertex.id), related)


def check_reads_before_writes(context: FlowContext) -> Iterator[FlowProblem]:
    """OE404: fields without a default that no vertex before their reader writes."""
    flow = context.flow
    for position, vertex in enumerate(flow.order):
        for name, spot in flow.reads[vertex.id].items():
            facts = flow.fields.get(name)
            if facts is None or facts.starts or flow.is_given(spot):
                continue
            writers = flow.waiting.writers.get(name, ())  # in topological order
            is_written_before = writers and flow.positions[writers[0]] < position
            # In a pipeline or loop, an earlier stage or iteration may be the one that writes.
            if is_written_before or (vertex.kind is not VertexKind.NODE and vertex.id in writers):
                continue
            later = tuple(writer for writer in writers if writer != vertex.id)
            yield _read_before_write(flow, vertex.id, name, spot, later)


def _read_before_write(flow: DataFlow, reader: str, name: str, spot: Spot, later: tuple[str, ...]) -> FlowProblem:
    if not later:
        message = (
            f"`{name}` will be unset when read: it has no default, and nothing writes it before;"
            " add a `default`, unless an outer experience shares its state"
        )
        return FlowProblem(Code.READ_BEFORE_WRITE, Severity.INFORMATION, message, spot, data={"field": name})
    writer = later[0]
    if flow.waiting.edge_ancestors[writer] >> flow.positions[reader] & 1:
        message = f"`{name}` will be unset when read: `{writer}` writes it, but runs after `{reader}`"
    else:
        message = (
            f"`{name}` will be unset when read: `{reader}` does not wait for `{writer}`, which writes it;"
            f" add an edge from `{writer}` to `{reader}`"
        )
    related = tuple((flow.writes[id_][name], f"`{id_}` writes `{name}`") for id_ in later)
    data = {"field": name, "from": writer, "to": reader}
    return FlowProblem(Code.READ_BEFORE_WRITE, Severity.WARNING, message, spot, related, data)


def check_never_read(context: FlowContext) -> Iterator[FlowProblem]:
    """OE405: fields that nothing reads, but for those that only the last nodes write: they are the result."""
    flow = context.flow
    read = {name for fields in flow.reads.values() for name in fields}
    sources = {flow.topology.vertices[arc.source].id for arc in flow.topology.arcs}
    for name, facts in flow.fields.items():
        if name in read:
            continue
        writers = flow.waiting.writers.get(name, ())
        if sources.isdisjoint(writers) and (writers or facts.starts):
            continue
        message = f"`{name}` is never read" if writers else f"`{name}` is never read or written"
        yield FlowProblem(Code.NEVER_READ, Severity.HINT, message, Spot("fields", facts.position), data={"field": name})


def check_races(context: FlowContext) -> Iterator[FlowProblem]:
    """OE406: two writers of one field that no edge orders."""
    flow = context.flow
    for name, writers in flow.waiting.writers.items():
        facts = flow.fields.get(name)
        if facts is None or facts.merge is Merge.ARRAY_APPEND:
            continue
        for one, other in pairwise(writers):
            ordered = flow.waiting.ancestors[other] >> flow.positions[one] & 1
            if not ordered and context.required.may_both_run(one, other):
                yield _race(flow, facts.merge, name, one, other)


def _race(flow: DataFlow, merge: Merge, name: str, one: str, other: str) -> FlowProblem:
    result = f"`{other}` wins" if merge is Merge.LAST_WINS else f"`{other}` fails unless the values are equal"
    message = (
        f"`{one}` and `{other}` both write `{name}`, and no edge orders them: {result}, since it is declared later;"
        " add an edge between them, or use `merge: array_append`"
    )
    related = ((flow.writes[one][name], f"`{one}` also writes `{name}`"),)
    data = {"field": name, "from": one, "to": other}
    return FlowProblem(Code.DATA_RACE, Severity.WARNING, message, flow.writes[other][name], related, data)


def check_data_only_waits(context: FlowContext) -> Iterator[FlowProblem]:
    """OE305: a vertex that waits for a writer because it reads its field, without an edge between them."""
    flow = context.flow
    for vertex in flow.order:
        by_edge = flow.waiting.edge_ancestors[vertex.id]
        for writer in flow.waiting.waits[vertex.id]:
            if by_edge >> flow.positions[writer] & 1:
                continue
            name = next(name for name in flow.reads[vertex.id] if name in flow.writes[writer])
            message = (
                f"`{vertex.id}` waits for `{writer}` only because it reads `{name}`;"
                f" add an edge from `{writer}` to skip `{vertex.id}` if `{writer}` fails"
            )
            related = ((flow.writes[writer][name], f"`{writer}` writes `{name}`"),)
            data = {"field": name, "from": writer, "to": vertex.id}
            spot = flow.reads[vertex.id][name]
            yield FlowProblem(Code.DATA_ONLY_WAIT, Severity.HINT, message, spot, related, data)
