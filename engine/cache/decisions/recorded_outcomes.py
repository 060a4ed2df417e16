"""The outcomes in the log of an original run, and how its other executions ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.equal_items import EqualItems
from engine.cache.decisions.execution_path import ExecutionPath, path_of
from engine.cache.decisions.recorded_lists import RecordedLists
from engine.log.events.events import (
    Metrics,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    Output,
    ProducedBy,
    RunStarted,
    ScopeKind,
    Sums,
)
from engine.log.events.usage_totals import add, spent_in
from engine.log.reading.reader import Log
from engine.log.secrets.masking import MASKED_OUTPUT, Secrets
from engine.log.storage.blobs import BlobLostError, blobs_of
from engine.log.values.large_values import Read, fetched_output


class RecordedEnd(str, Enum):
    """How an execution without a reusable outcome ended in the original run."""

    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class RecordedOutcome(Struct, frozen=True):
    """One outcome. `duration_ms` and `metrics` are those of the execution that produced it.

    `produced` are the files that it made and its node declares, with their hashes at that time; `loaded` are the
    modules that it loaded although its input hash does not cover them, with theirs. `keyed_parts` maps the parts that
    come from a secret to the ids of their keys. `used_hash` is the input hash without the run args that the node did
    not receive. `not_restorable` is the reason why it must not be reused.
    """

    input_hash: str
    input_parts: Mapping[str, str]
    output: Output
    duration_ms: float
    metrics: Metrics | None
    produced_by: ProducedBy
    not_restorable: str | None = None
    produced: Mapping[str, str] = field(default_factory=dict)
    loaded: Mapping[str, str] = field(default_factory=dict)
    keyed_parts: Mapping[str, str] = field(default_factory=dict)
    used_hash: str | None = None


class RecordedFailure(Struct, frozen=True):
    """How an execution failed, and the input parts that it failed with; None in logs of older versions."""

    message: str
    input_parts: Mapping[str, str] | None = None
    keyed_parts: Mapping[str, str] = {}


class RecordedOutcomes(Struct):
    """The outcomes of an original run. `spent` are its own costs; `lineage_spent` includes the runs before it.

    `open` maps executions that were started and have no logged end to the run that started them. `keys` are the ids of
    the keys that its secrets were hashed with.
    """

    run_id: str
    started: RunStarted
    spent: Sums
    lineage_spent: Sums
    outcomes: dict[ExecutionPath, list[RecordedOutcome]] = field(default_factory=dict)
    ends: dict[ExecutionPath, RecordedEnd] = field(default_factory=dict)
    failures: dict[ExecutionPath, RecordedFailure] = field(default_factory=dict)
    open: dict[ExecutionPath, str] = field(default_factory=dict)
    lists: RecordedLists = field(default_factory=RecordedLists)
    keys: set[str] = field(default_factory=set)
    _settled: set[ExecutionPath] = field(default_factory=set)
    _products: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)
    _equal_items: EqualItems | None = None

    def recorded(self, path: ExecutionPath, equals: int | None = None) -> list[RecordedOutcome]:
        """The outcomes of an execution, the latest last. For an item, the current list has `equals` of its value.

        An item without outcomes takes those of an equal item that is no longer in the list.
        """
        found = self.outcomes.get(path)
        if found is not None or equals is None:
            return found or []
        self._equal_items = self._equal_items or EqualItems(self.outcomes)
        spare = self._equal_items.spare(path, equals)
        return [] if spare is None else self.outcomes[spare]

    def open_since(self, path: ExecutionPath) -> str | None:
        """The run that started an execution without logging its end; None where there is no such run."""
        return self.open.get(path)

    def latest_produced(self, path: ExecutionPath, outcome: RecordedOutcome) -> Mapping[str, str]:
        """The files that an outcome made, with their latest logged hashes: other nodes may have continued them."""
        nesting = _nesting_ids(path)
        return {name: self._products.get((nesting, name), digest) for name, digest in outcome.produced.items()}

    def add_older(self, older: RecordedOutcomes) -> None:
        """Add the outcomes of an earlier run; those of this run take precedence."""
        self._equal_items = None
        for path, outcomes in older.outcomes.items():
            self.outcomes[path] = outcomes + self.outcomes.get(path, [])
        for path, run_id in older.open.items():
            if path not in self._settled:
                self.open.setdefault(path, run_id)
        self._settled |= older._settled
        self.lists.add_older(older.lists)
        self.keys |= older.keys
        self._products = {**older._products, **self._products}

    def withhold(self, secrets: Secrets) -> None:
        """Restore no output that holds one of `secrets`: the log would hold a mask, which the next resume restores.

        Mask them in errors, too.
        """
        self.failures = {
            path: replace(failure, message=secrets.masked(failure.message)) for path, failure in self.failures.items()
        }
        for path, outcomes in self.outcomes.items():
            self.outcomes[path] = [
                replace(each, not_restorable=MASKED_OUTPUT)
                if each.not_restorable is None and secrets.are_in_output(each.output)
                else each
                for each in outcomes
            ]

    def has_parts(self, group: ExecutionPath) -> bool:
        """Whether any part of a fan-out, pipeline, loop or nested experience has an outcome."""
        scope, node_id = group
        depth = len(scope)
        return any(
            len(steps) > depth and steps[:depth] == scope and steps[depth][1] == node_id for steps, _ in self.outcomes
        )


def read_outcomes(log: Log) -> RecordedOutcomes:
    """Index a log for a resume, its large values in path."""
    read = blobs_of(log.path).read
    spent = spent_in(log.records)
    started = log.started
    before = started.lineage.spent if started.lineage else Sums()
    original = RecordedOutcomes(log.records[0].run_id, started, spent, add(before, spent))
    for record in log.records:
        event = record.event
        if isinstance(event, NodeCached):
            original.lists.note_reached(event.scope)
            _remember(original, event, event.produced_by, read)
        elif isinstance(event, NodeCompleted):
            _remember(original, event, ProducedBy(record.run_id, record.seq), read)
        elif isinstance(event, NodeStarted):
            original.lists.note_reached(event.scope)
            if event.attempt_id is not None:  # a group otherwise: its parts have starts of their own
                original.open[path_of(event.node_id, event.scope)] = record.run_id
            elif event.items is not None:
                original.lists.note_size(event.node_id, event.scope, event.items)
        elif isinstance(event, (NodeFailed, NodeSkipped, NodeCancelled)):
            _note_end(original, event)
    original._settled -= original.open.keys()
    return original


_ENDS: dict[type[object], RecordedEnd] = {
    NodeFailed: RecordedEnd.FAILED,
    NodeSkipped: RecordedEnd.SKIPPED,
    NodeCancelled: RecordedEnd.CANCELLED,
}


def _note_end(original: RecordedOutcomes, event: NodeFailed | NodeSkipped | NodeCancelled) -> None:
    path = path_of(event.node_id, event.scope)
    started_in = None if isinstance(event, NodeSkipped) else event.started_in
    if started_in is not None:  # it did not run because of that: as little is known as before
        original.open[path] = started_in
        return
    original.ends[path] = _ENDS[type(event)]
    original.open.pop(path, None)
    if not isinstance(event, NodeSkipped) and event.attempt_id is not None:
        original._settled.add(path)
    if isinstance(event, NodeFailed):
        original.failures[path] = RecordedFailure(event.error.message, event.input_parts, event.keyed_parts or {})


def _remember(
    original: RecordedOutcomes, event: NodeCached | NodeCompleted, produced_by: ProducedBy, read: Read
) -> None:
    path = path_of(event.node_id, event.scope)
    original.ends.pop(path, None)
    original.open.pop(path, None)
    original._settled.add(path)
    original._products.update(((_nesting_ids(path), name), digest) for name, digest in (event.produced or {}).items())
    if event.output is None or event.input_hash is None:
        return
    refused = None
    if isinstance(event, NodeCompleted) and not event.restorable:
        refused = event.restorable_reason or "its outcome was marked as not restorable"
    output = event.output
    try:
        output = fetched_output(output, read)
    except (BlobLostError, ValueError) as error:
        refused = str(error)
    original.outcomes.setdefault(path, []).append(
        RecordedOutcome(
            event.input_hash,
            event.input_parts or {},
            output,
            event.duration_ms,
            event.metrics,
            produced_by,
            refused,
            event.produced or {},
            event.loaded or {},
            event.keyed_parts or {},
            event.used_hash or event.input_hash,
        )
    )
    original.keys.update((event.keyed_parts or {}).values())


def _nesting_ids(path: ExecutionPath) -> tuple[str, ...]:
    """The nodes that nest the experience of `path`: file names are relative to its folder."""
    return tuple(id_ for kind, id_, _, _ in path[0] if kind == ScopeKind.EXPERIENCE.value)
