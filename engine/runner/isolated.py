"""Prepares an isolated run: finds in the logs what a node last received (docs/resume.md, Run one node alone)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.cache.decisions.address import Address, Levels, covers, levels_of
from engine.cache.decisions.find_address import compositions_on, find_address, node_id_of, pipeline_of, vertex_of
from engine.cache.decisions.recorded_lists import RecordedLists
from engine.experience.analyse import analyse
from engine.experience.model import Node
from engine.expressions import Json, Path, Root, parse_reference
from engine.file_names import writable
from engine.log.events.events import Input, NodeCached, NodeCompleted, NodeStarted, Scope, ScopeKind
from engine.log.reading.reader import Log
from engine.log.secrets.masking import MASK, MASKED_OUTPUT
from engine.log.storage.blobs import blobs_of
from engine.log.values.input_values import InputValues, ValueLostError
from engine.runner.find_run import RunRefusedError
from engine.runner.prepare import Isolated, Preparation
from engine.scheduler.composition import Composition
from engine.scheduler.isolated import IsolatedScheduler, IsolationError, ReceivedLevel
from engine.scheduler.state.inputs import given_name, written_given


def prepare_isolated(resume: Preparation, text: str) -> Preparation:
    """The run of the node at the address `text` alone, on what it last received in the run that `resume` resumes.

    Raises AddressError if there is no such node, and RunRefusedError if no log has its input, or only a mask of it.
    """
    assert resume.original is not None
    run_id, lists = resume.original.run_id, resume.original.lists
    address = find_address(text, resume.composition, resume.original)
    wanted = _Wanted(text, address, tuple(compositions_on(address, resume.composition)), lists)
    wanted.check()
    found = next((found for log in resume.logs if (found := _find(wanted, log))), None)
    if found is None:
        raise RunRefusedError(f"{text} never began in run {run_id[:8]}, so there is no input to run it on alone")
    reader = _Reader(found.log, resume.composition)
    try:
        target = tuple(reader.level(wanted, depth, found) for depth in range(len(address)))
        IsolatedScheduler(resume.composition, resume.args, target)
    except (ValueLostError, IsolationError) as error:
        raise RunRefusedError(f"what {text} received in run {found.run_id[:8]} is not known: {error}") from error
    isolated = Isolated(text, target, run_id, tuple(_warnings(target[-1], found)))
    return replace(resume, original=None, start={}, carried={}, isolated=isolated)


class _Wanted(Struct, frozen=True):
    """What is to run: its address, and the experience that each step of it is in."""

    text: str
    address: Address
    within: tuple[Composition, ...]
    lists: RecordedLists

    def node(self, depth: int) -> Node:
        """The node of a step; for a loop, its body."""
        id_ = node_id_of(self.address[depth], self.within[depth])
        return next(node for node in self.within[depth].experience.nodes if node.id == id_)

    @property
    def is_fan_out(self) -> bool:
        """Whether all items of a fan-out are wanted."""
        step = self.address[-1]
        return step.index is None and self.node(-1).for_each is not None and not self._stages

    @property
    def _stages(self) -> tuple[str, ...]:
        pipeline = pipeline_of(self.address[-1].id, self.within[-1])
        return () if pipeline is None else pipeline.stages

    def check(self) -> None:
        """Raise RunRefusedError for a whole pipeline or stage: each of its executions received something else."""
        step, stages = self.address[-1], self._stages
        if stages and (step.index is None or step.id not in stages):
            stage = step.id if step.id in stages else stages[0]
            raise RunRefusedError(
                f"{step.id} runs once for each item; name a stage and an item, such as {self.text_of(stage)}[0]"
            )

    def text_of(self, id_: str) -> str:
        """The address of `id_` beside the node."""
        return "/".join([*self.text.split("/")[:-1], id_])

    def is_at(self, node_id: str, levels: Levels) -> bool:
        """Whether an execution is what is wanted, or one of its items."""
        return (
            len(levels) == len(self.address)
            and node_id == self.node(-1).id
            and covers(self.address, levels, self.lists)
        )


class _Found(Struct, frozen=True):
    """The executions to run again, in one log: one, or the items of a fan-out of `size` items."""

    log: Log
    events: tuple[NodeStarted | NodeCached, ...]
    size: int | None = None

    @property
    def run_id(self) -> str:
        """The run that the log is of."""
        return self.log.records[0].run_id


def _find(wanted: _Wanted, log: Log) -> _Found | None:
    """The executions in one log whose input is recorded. Raises RunRefusedError if the address is ambiguous."""
    latest: dict[tuple[Scope, ...], NodeStarted | NodeCached] = {}
    sizes: dict[tuple[Scope, ...], int] = {}
    for event in (record.event for record in log.records):
        if not isinstance(event, (NodeStarted, NodeCached)) or event.node_id != wanted.node(-1).id:
            continue
        if not wanted.is_at(event.node_id, levels_of(event.node_id, event.scope)):
            continue
        if event.input is not None:
            latest.pop(event.scope, None)  # the last one to begin comes last
            latest[event.scope] = event
        elif isinstance(event, NodeStarted) and event.items is not None:
            sizes[event.scope] = event.items
    if not latest:
        return None
    newest = list(latest)[-1]
    group = newest[:-1] if wanted.is_fan_out else newest
    others = [scope for scope in latest if not _same_but_iterations(scope[: len(group)], group)]
    if others:
        raise RunRefusedError(_ambiguous(wanted, [*others, newest]))
    if not wanted.is_fan_out:
        return _Found(log, (latest[newest],))
    items = {event.scope[-1].item: event for scope, event in latest.items() if scope[:-1] == group}
    ordered = sorted(((item.index, event) for item, event in items.items() if item), key=lambda each: each[0])
    return _Found(log, tuple(event for _, event in ordered), sizes.get(group))


def _same_but_iterations(scope: tuple[Scope, ...], other: tuple[Scope, ...]) -> bool:
    return [(step.id, step.item) for step in scope] == [(step.id, step.item) for step in other]


def _ambiguous(wanted: _Wanted, scopes: Iterable[tuple[Scope, ...]]) -> str:
    items = dict.fromkeys((step.id, step.item.index) for scope in scopes for step in scope if step.item is not None)
    id_, index = next(iter(items))
    return f"{wanted.text} ran for {len(items)} items; say for which, such as {id_}[{index}]"


class _Reader:
    """Reads what nodes received from the log of one run of `outermost`."""

    def __init__(self, log: Log, outermost: Composition) -> None:
        self._log = log
        self._outermost = outermost
        self._read = blobs_of(log.path).read
        self._values = InputValues(log.records, self._read)
        self._has_masks = _has_masks(log)

    def level(self, wanted: _Wanted, depth: int, found: _Found) -> ReceivedLevel:
        """What the node of one step received. Raises ValueLostError, and RunRefusedError for a mask."""
        node, within = wanted.node(depth), wanted.within[depth]
        scope = _scopes(found.events[0].scope)[depth]
        vertex = vertex_of(node.id, within)
        if depth + 1 < len(wanted.address):
            event = self._nesting(node, found.events[0].scope, depth)
            if event is None or event.input is None:
                return ReceivedLevel(node, vertex, scope, Input(), {}, is_recorded=False)
            return self._received(wanted, node, within, vertex, scope, self._values.whole(event.input))
        inputs = [self._values.whole(event.input) for event in found.events if event.input is not None]
        if not wanted.is_fan_out:
            return self._received(wanted, node, within, vertex, scope, inputs[0])
        level = self._received(wanted, node, within, vertex, scope[:-1], replace(inputs[0], item=UNSET))
        return self._with_items(level, [None if each.item is UNSET else each.item for each in inputs], found)

    def _received(
        self,
        wanted: _Wanted,
        node: Node,
        within: Composition,
        vertex: str,
        scope: tuple[Scope, ...],
        received: Input,
    ) -> ReceivedLevel:
        paths = dict(self._paths(node, within, received))
        self._refuse_masks(wanted, {"item": None if received.item is UNSET else received.item})
        self._refuse_masks(wanted, {f"reads.{name}": value for name, value in received.reads.items()})
        self._refuse_masks(wanted, {f"edges.{name}": value for name, value in received.edges.items()})
        self._refuse_masks(wanted, {"args": list(paths.values())})
        reads = {name: value for name, value in received.reads.items() if name in node.reads}
        return ReceivedLevel(node, vertex, scope, replace(received, reads=reads), paths)

    def _with_items(self, level: ReceivedLevel, items: list[Json], found: _Found) -> ReceivedLevel:
        """The level of a fan-out as a whole, with its list."""
        assert level.node.for_each is not None
        if found.size is not None and len(items) < found.size:
            raise ValueLostError(
                f"{len(items)} of its {found.size} items had begun; name one of these, such as {level.node.id}[0]"
            )
        source = parse_reference(level.node.for_each.source)
        return level if source is None else replace(level, paths={**level.paths, source: items})

    def _nesting(self, node: Node, scope: tuple[Scope, ...], depth: int) -> NodeStarted | None:
        """The last start of the nested experience around the execution in `scope`, `depth` experiences deep."""
        ends = [at for at, step in enumerate(scope) if step.kind is ScopeKind.EXPERIENCE]
        around = scope[: ends[depth]]
        events = (record.event for record in reversed(self._log.records))
        return next(
            (
                event
                for event in events
                if isinstance(event, NodeStarted)
                and event.node_id == node.id
                and event.scope == around
                and event.input is not None
            ),
            None,
        )

    def _paths(self, node: Node, within: Composition, received: Input) -> Iterator[tuple[Path, Json]]:
        """The values of the paths into the state that the node's args, `source` or `inputs` referred to then."""
        then = self._source_then(node, within)
        args = dict(node.args) if then is None else then.get("args", {})
        given = dict(written_given(node)) if then is None else then.get(given_name(node), {})
        yield from _referred(args, dict(received.args))
        yield from _referred(given, dict(received.given))

    def _source_then(self, node: Node, within: Composition) -> Mapping[str, Json] | None:
        """The keys of the node as its experience.yaml had them in that run; None if the log has no copy of it."""
        if within is self._outermost:
            digest = self._log.started.spec_hash
        else:
            name = writable(FilePath(os.path.relpath(within.path, self._outermost.home)).as_posix())
            digest = self._log.started.files.get(name)
        text = blobs_of(self._log.path).find(digest or "")
        experience = None if text is None else analyse(text.decode("utf-8", "replace")).experience
        nodes = () if experience is None else experience.nodes
        return next((each.source for each in nodes if each.id == node.id), None)

    def _refuse_masks(self, wanted: _Wanted, values: Mapping[str, Json]) -> None:
        masked = [name for name, value in values.items() if self._has_masks and _holds_mask(value)]
        if masked:
            run_id = self._log.records[0].run_id[:8]
            raise RunRefusedError(
                f"{wanted.text} received a secret in run {run_id} ({', '.join(masked)}), and the log has only a mask "
                "of it. Resume the run instead: --rerun runs the node with what it receives then."
            )


def _scopes(scope: tuple[Scope, ...]) -> list[tuple[Scope, ...]]:
    """The steps within each experience, the outermost first."""
    levels: list[list[Scope]] = [[]]
    for step in scope:
        if step.kind is ScopeKind.EXPERIENCE:
            levels.append([])
        else:
            levels[-1].append(step)
    return [tuple(steps) for steps in levels]


def _referred(written: Json, resolved: Json) -> Iterator[tuple[Path, Json]]:
    """The paths into the state in `written`, with the values that they have in `resolved`."""
    if isinstance(written, str):
        path = parse_reference(written)
        if path is not None and path.root is Root.STATE:
            yield path, resolved
    elif isinstance(written, Mapping) and isinstance(resolved, Mapping):
        for name in written.keys() & resolved.keys():
            yield from _referred(written[name], resolved[name])
    elif isinstance(written, (list, tuple)) and isinstance(resolved, list):
        for inner, value in zip(written, resolved, strict=False):
            yield from _referred(inner, value)


def _has_masks(log: Log) -> bool:
    """Whether anything in the log was masked. Without that, three asterisks are just a text."""
    if log.started.masked_args or log.started.masked_state:
        return True
    ends = (record.event for record in log.records if isinstance(record.event, (NodeCached, NodeCompleted)))
    return any(
        event.keyed_parts or (isinstance(event, NodeCompleted) and event.restorable_reason == MASKED_OUTPUT)
        for event in ends
    )


def _holds_mask(value: Json) -> bool:
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, dict):
        return any(map(_holds_mask, value.values()))
    return isinstance(value, list) and any(map(_holds_mask, value))


def _warnings(level: ReceivedLevel, found: _Found) -> Iterator[str]:
    new = [name for name in level.node.reads if name not in level.received.reads]
    if new:
        names, run = ", ".join(new), found.run_id[:8]
        yield f"{level.node.id} reads {names}, which it did not receive in run {run}: there it has no value"
