"""What is wrong with how fields flow: read before written, never read, two writers at once, waits that no edge shows.

OE304, OE305, OE404, OE405 and OE406, from the facts of engine/experience/graph/dataflow.py, as remarks without places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from msgspec import Struct, field

from engine.experience.graph.dataflow import DataFlow, Spot
from engine.experience.graph.reachability import NeverRuns, Required, never_run, required_conditions
from engine.experience.graph.topology import VertexKind
from engine.experience.model import Merge
from engine.experience.problems import Code, Problem, Related, Severity
from engine.experience.reading.parts import Parts
from engine.expressions import show


class Remark(Struct, frozen=True):
    """A problem whose places are names, so that it stays true when the text around it moves."""

    code: Code
    severity: Severity
    message: str
    spot: Spot
    related: tuple[tuple[Spot, str], ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)

    def problem(self, parts: Parts) -> Problem:
        """The problem that it is in the text now."""
        related = tuple(Related(spot.span(parts), message) for spot, message in self.related)
        return Problem(self.code, self.severity, self.message, self.spot.span(parts), related, self.data)


def check_dataflow(flow: DataFlow) -> Iterator[Remark]:
    """Everything that can be said of reads, writes and what runs at all."""
    required = required_conditions(flow)
    yield from (_never_runs(flow, vertex) for vertex in never_run(flow, required))
    yield from _reads_before_writes(flow)
    yield from _never_read(flow)
    yield from _races(flow, required)
    yield from _waits_by_data(flow)


def _never_runs(flow: DataFlow, vertex: NeverRuns) -> Remark:
    one, other = (show(flow.conditions[edge]) for edge in vertex.edges)
    message = (
        f"`{vertex.id}` never runs: it needs both `{one}` and `{other}`, which never hold together;"
        " with `join: any`, one of its edges is enough"
    )
    related = tuple((Spot("edges", edge), f"`{show(flow.conditions[edge])}`") for edge in vertex.edges)
    return Remark(Code.UNREACHABLE, Severity.WARNING, message, flow.id_spot(vertex.id), related)


def _reads_before_writes(flow: DataFlow) -> Iterator[Remark]:
    for position, vertex in enumerate(flow.order):
        for name, spot in flow.reads[vertex.id].items():
            facts = flow.fields.get(name)
            if facts is None or facts.starts or flow.is_given(spot):
                continue
            writers = flow.waiting.writers.get(name, ())
            before = writers and flow.positions[writers[0]] < position  # they stand in their order
            # In a pipeline or loop, an earlier stage or iteration may be the one that writes.
            if before or (vertex.kind is not VertexKind.NODE and vertex.id in writers):
                continue
            yield _read_before_write(flow, vertex.id, name, spot, tuple(w for w in writers if w != vertex.id))


def _read_before_write(flow: DataFlow, reader: str, name: str, spot: Spot, later: tuple[str, ...]) -> Remark:
    if not later:
        message = (
            f"nothing writes `{name}` before it is read here, and it has no default: a run finds nothing in it,"
            " unless the experience is nested and shares the state around it"
        )
        return Remark(Code.READ_BEFORE_WRITE, Severity.INFORMATION, message, spot, data={"field": name})
    writer = later[0]
    message = f"`{name}` is not written yet here: `{writer}`, which writes it, comes after `{reader}`"
    if not flow.waiting.edge_ancestors[writer] >> flow.positions[reader] & 1:
        message += "; add an edge from it to here"
    related = tuple((flow.writes[id_][name], f"`{id_}` writes `{name}`") for id_ in later)
    data = {"field": name, "from": writer, "to": reader}
    return Remark(Code.READ_BEFORE_WRITE, Severity.WARNING, message, spot, related, data)


def _never_read(flow: DataFlow) -> Iterator[Remark]:
    """What only the last nodes write is the result of the experience: nobody has to read that here."""
    read = {name for fields in flow.reads.values() for name in fields}
    sources = {flow.topology.vertices[arc.source].id for arc in flow.topology.arcs}
    for name, facts in flow.fields.items():
        if name in read:
            continue
        writers = flow.waiting.writers.get(name, ())
        if sources.isdisjoint(writers) and (writers or facts.starts):
            continue
        message = f"nothing reads `{name}`" if writers else f"nothing reads or writes `{name}`"
        yield Remark(Code.NEVER_READ, Severity.HINT, message, Spot("fields", facts.position), data={"field": name})


def _races(flow: DataFlow, required: Required) -> Iterator[Remark]:
    for name, writers in flow.waiting.writers.items():
        facts = flow.fields.get(name)
        if facts is None or facts.merge is Merge.ARRAY_APPEND:
            continue
        for one, other in pairwise(writers):
            ordered = flow.waiting.ancestors[other] >> flow.positions[one] & 1
            if not ordered and required.may_both_run(one, other):
                yield _race(flow, facts.merge, name, one, other)


def _race(flow: DataFlow, merge: Merge, name: str, one: str, other: str) -> Remark:
    wins = f"what `{other}` writes stays" if merge is Merge.LAST_WINS else f"`{other}` fails unless both write the same"
    message = (
        f"`{one}` and `{other}` both write `{name}`, and no edge orders them: {wins}, because it is declared later;"
        " add an edge between them, or use `merge: array_append`"
    )
    related = ((flow.writes[one][name], f"`{one}` writes `{name}`, too"),)
    data = {"field": name, "from": one, "to": other}
    return Remark(Code.DATA_RACE, Severity.WARNING, message, flow.writes[other][name], related, data)


def _waits_by_data(flow: DataFlow) -> Iterator[Remark]:
    for vertex in flow.order:
        by_edge = flow.waiting.edge_ancestors[vertex.id]
        for writer in flow.waiting.waits[vertex.id]:
            if by_edge >> flow.positions[writer] & 1:
                continue
            name = next(name for name in flow.reads[vertex.id] if name in flow.writes[writer])
            message = (
                f"`{vertex.id}` waits for `{writer}`, which writes `{name}`, though no edge says so: with an edge"
                f" from `{writer}` it would also be skipped when `{writer}` fails"
            )
            related = ((flow.writes[writer][name], f"`{writer}` writes `{name}`"),)
            data = {"field": name, "from": writer, "to": vertex.id}
            spot = flow.reads[vertex.id][name]
            yield Remark(Code.DATA_ONLY_WAIT, Severity.HINT, message, spot, related, data)
