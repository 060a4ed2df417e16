"""Finds what a node would receive now: its own last input, else the last values of a run, else declared defaults.

What nobody knows yet is marked, and what a log masks stays masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.experience.args import check_args, without_secrets
from engine.experience.graph import CycleError, build_graph
from engine.experience.model import Experience, Loop, Node, Pipeline
from engine.expressions import MISSING, UNWRITTEN, Json, Lookup, Missing, Path, Root
from engine.log.events.events import Input, RunStarted
from engine.log.reading.log_lines import LogLines
from engine.log.secrets.masking import MASK
from engine.log.values.input_values import ReferencedValues, ValueLostError
from engine.nodes.kind import Work, WorkItem, WorkLoop
from engine.nodes.prompts import MOST_BYTES, look_up
from engine.nodes.recorded_work import recorded_work
from engine.nodes.unknown_value import UnknownValue, descend_known
from engine.report.node_facts import NotShown, field_facts, node_facts, typical_execution, values_of
from engine.scheduler.state.inputs import args_of, given_of, left_out, named

_Fields = Mapping[str, Json]


class PreviewWork(Struct, frozen=True):
    """What a node would receive. `item` says which of its items that is, if it has several.

    `warnings` are those that a run would report of this.
    """

    work: Work
    item: str = ""
    warnings: tuple[str, ...] = ()


def preview_work(experience: Experience, node: Node, lines: LogLines | None) -> PreviewWork:
    """What `node` would receive now, with the values of the run with these `lines`; without, with the defaults.

    Raises UnreadableLogError and OSError, as LogLines does.
    """
    known = _KnownValues(experience, node, lines)
    pipeline = next((each for each in experience.pipelines if node.id in each.stages), None)
    loop = next((each for each in experience.loops if each.body == node.id), None)
    last_loop = known.last.loop
    stages = () if pipeline is None else pipeline.stages[: pipeline.stages.index(node.id)]
    around = replace(
        known.last,
        edges=known.edges(_predecessors(experience, {node.id, *_ids(pipeline, loop)}, stages)),
        item=None,
        pipeline=pipeline.id if pipeline is not None else None,
        loop=WorkLoop(loop.id, last_loop.iteration if last_loop is not None else 0) if loop is not None else None,
    )
    source = pipeline.items if pipeline is not None else node.for_each.source if node.for_each is not None else None
    item, which = (None, "") if source is None else _first_item(source, around, known)
    received = replace(around, item=item)
    args, given = args_of(node, _finder(received, known)), given_of(node, _finder(received, known))
    reads = {name: value for name in node.reads if (value := known.field(name)) is not MISSING}
    work = replace(received, args=cast(_Fields, args.value), given=cast(_Fields, given.value), reads=reads)
    return PreviewWork(work, which, left_out(node, args, given))


def _predecessors(experience: Experience, ends: set[str], earlier_stages: tuple[str, ...]) -> Iterator[str]:
    """The vertices whose edge outputs a node receives by edges to one of `ends`, and the stage before it."""
    yield from dict.fromkeys(edge.from_ for edge in experience.edges if edge.to in ends)
    yield from earlier_stages[-1:]


def _ids(*groups: Pipeline | Loop | None) -> Iterator[str]:
    return (group.id for group in groups if group is not None)


def _first_item(source: str, around: Work, known: _KnownValues) -> tuple[WorkItem, str]:
    """The item that the node last received, else the first one of its list; and a text that says which."""
    if known.last.item is not None:
        return known.last.item, f"item {known.last.item.index} of `{source}`"
    items = named(source, _finder(around, known))
    if isinstance(items, list) and items:
        return WorkItem(items[0], 0), f"item 0 of `{source}`"
    why = "which is empty now" if isinstance(items, list) else "which is not known yet"
    return WorkItem(UnknownValue.of("$item"), 0), f"an item of `{source}`, {why}"


def _finder(work: Work, known: _KnownValues) -> Lookup:
    """Looks references up, as the scheduler does for a run."""

    def find(path: Path) -> Json | Missing:
        if path.root is Root.STATE:
            value = known.field(str(path.steps[0].value))
            return MISSING if value is MISSING else descend_known(value, path.steps[1:])
        found = look_up(work, path)
        return MISSING if found is UNWRITTEN else found

    return find


class _KnownValues:
    """The values that a node can receive. `last` is what it received last; empty if that is not known."""

    def __init__(self, experience: Experience, node: Node, lines: LogLines | None) -> None:
        self._experience = experience
        self._node = node
        self._lines = lines
        self._fields = {field.name: field for field in experience.fields}
        started = lines.started().event if lines is not None else None
        args = _run_args(experience, started if isinstance(started, RunStarted) else RunStarted())
        self.last = _last_work(node, args, lines)

    def field(self, name: str) -> Json | Missing:
        """The value of a state field: what the node last read, else what the field last held, else its default.

        Unknown while a node that writes the field before this one has not ended; MISSING where none does.
        """
        declared = self._fields.get(name)
        if declared is None or name in self.last.reads:
            return self.last.reads.get(name, MISSING)
        try:
            found = None if self._lines is None else field_facts(self._lines, name, declared.merge, MOST_BYTES)
        except ValueLostError:
            return UnknownValue.of(name)
        if found is not None and found.written_by is not None:
            return found.value
        if any(not self._has_ended(vertex) for vertex in self._writers_before(name)):
            return UnknownValue.of(name)
        return found.value if found is not None else declared.schema.get("default", MISSING)

    def _has_ended(self, vertex: str) -> bool:
        if self._lines is None:
            return False
        own = self._lines.whole(vertex)
        return own.has_ended if own is not None else self._lines.parts(vertex).last_end() is not None

    def _writers_before(self, name: str) -> Iterator[str]:
        """The vertices that write a field before the node runs; if the edges form a cycle, all other nodes that do."""
        try:
            graph = build_graph(self._experience)
        except CycleError:
            yield from (node.id for node in self._experience.nodes if name in node.writes and node.id != self._node.id)
            return
        own = next(vertex for vertex in graph.vertices.values() if self._node.id in vertex.node_ids)
        yield from (id_ for id_ in graph.writers(name) if id_ in graph.ancestors(own.id))
        earlier = own.node_ids[: own.node_ids.index(self._node.id)]
        yield from (node.id for node in self._experience.nodes if node.id in earlier and name in node.writes)

    def edges(self, predecessors: Iterable[str]) -> _Fields:
        """The edge outputs of the predecessors: as last received, else of the run."""
        found = {vertex: self.last.edges.get(vertex, MISSING) for vertex in predecessors}
        outputs = {vertex: self._edge_output(vertex) if value is MISSING else value for vertex, value in found.items()}
        return {vertex: output for vertex, output in outputs.items() if output is not MISSING}

    def _edge_output(self, vertex: str) -> Json | Missing:
        """The edge output of a predecessor, unknown until it has ended; MISSING if it gives none."""
        facts = None if self._lines is None else node_facts(self._lines, vertex)
        if facts is None or facts.whole is None or facts.whole.ended_ms is None:
            return UnknownValue.of(f"$edges.{vertex}")
        output = facts.outputs.get(facts.whole.place, {}).get("", MISSING)
        return UnknownValue.of(f"$edges.{vertex}") if isinstance(output, NotShown) else output


def _run_args(experience: Experience, started: RunStarted) -> _Fields:
    """The args of the run: what the experience or the log calls secret is masked, missing required ones are marked."""
    args = dict(without_secrets(experience, check_args(experience, started.args).args, MASK))
    args |= {name: UnknownValue(MASK) for name in started.masked_args}
    required = (experience.args_schema or {}).get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    return {**{name: UnknownValue.of(f"$args.{name}") for name in names}, **args}


def _last_work(node: Node, args: _Fields, lines: LogLines | None) -> Work:
    execution = None if lines is None else typical_execution(lines, node.id)
    if lines is None or execution is None or execution.input is None:
        return Work(node, "", {}, {}, {}, args)
    return recorded_work(node, _known(execution.input, values_of(lines, MOST_BYTES)), execution.scope, args)


def _known(received: Input, values: ReferencedValues) -> Input:
    """The input with its references resolved, and marks for values that are lost."""

    def value(name: str, logged: Json) -> Json:
        try:
            return values.value(logged)
        except ValueLostError:
            return UnknownValue.of(name)

    return Input(
        reads={name: value(name, logged) for name, logged in received.reads.items()},
        edges={name: value(f"$edges.{name}", logged) for name, logged in received.edges.items()},
        item=UNSET if received.item is UNSET else value("$item", received.item),
    )
