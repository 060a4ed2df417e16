"""What the log of an original run offers to a resume: its outcomes by node and item, and how the rest ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.equal_items import EqualItems
from engine.cache.decisions.execution_path import Place, place_of
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


class Fate(str, Enum):
    """How a node or item without a reusable outcome ended in the original run."""

    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Recorded(Struct, frozen=True):
    """One outcome. `durationMs` and `metrics` are those of the execution that produced it.

    `produced` are the files that it made, of those that its node says it makes, with their hashes at that time;
    `loaded` the modules that it loaded although its input hash does not name them, with theirs.
    `keyed_parts` are the parts that come from a secret, with the ids of their keys.
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


class Original(Struct):
    """The original run. `spent` is what it spent itself, `lineage_spent` what it and the runs before it did.

    `open` holds what was started and whose end nobody knows, with the run in which that was. `keys` are the ids of the
    keys that its secrets were hashed with.
    """

    run_id: str
    started: RunStarted
    spent: Sums
    lineage_spent: Sums
    outcomes: dict[Place, list[Recorded]] = field(default_factory=dict)
    fates: dict[Place, Fate] = field(default_factory=dict)
    errors: dict[Place, str] = field(default_factory=dict)
    open: dict[Place, str] = field(default_factory=dict)
    lists: RecordedLists = field(default_factory=RecordedLists)
    keys: set[str] = field(default_factory=set)
    _settled: set[Place] = field(default_factory=set)
    _products: dict[tuple[tuple[str, ...], str], str] = field(default_factory=dict)
    _equal_items: EqualItems | None = None

    def recorded(self, place: Place, equals: int | None = None) -> list[Recorded]:
        """The outcomes of a node or item, the latest last. Of an item: today's list has `equals` of its value.

        An item that has none takes those of an equal one for which there is no item any more.
        """
        found = self.outcomes.get(place)
        if found is not None or equals is None:
            return found or []
        self._equal_items = self._equal_items or EqualItems(self.outcomes)
        spare = self._equal_items.spare(place, equals)
        return [] if spare is None else self.outcomes[spare]

    def open_since(self, place: Place) -> str | None:
        """The run in which an execution was started whose end nobody knows; None where that is not so."""
        return self.open.get(place)

    def products_of(self, place: Place, outcome: Recorded) -> Mapping[str, str]:
        """The files that an outcome at `place` made, with their hashes as they were last: others may have gone on."""
        nest = _nest(place)
        return {name: self._products.get((nest, name), digest) for name, digest in outcome.produced.items()}

    def add_older(self, older: Original) -> None:
        """Add the outcomes of a run that came before; this run's own come first when both would do."""
        self._equal_items = None
        for place, outcomes in older.outcomes.items():
            self.outcomes[place] = outcomes + self.outcomes.get(place, [])
        for place, run_id in older.open.items():
            if place not in self._settled:
                self.open.setdefault(place, run_id)
        self._settled |= older._settled
        self.lists.add_older(older.lists)
        self.keys |= older.keys
        self._products = {**older._products, **self._products}

    def withhold(self, secrets: Secrets) -> None:
        """Restore nothing that the log of a resume would mask: the next one would take the mask for the value.

        And tell no error that shows one.
        """
        self.errors = {place: secrets.masked(error) for place, error in self.errors.items()}
        for place, outcomes in self.outcomes.items():
            self.outcomes[place] = [
                replace(each, not_restorable=MASKED_OUTPUT)
                if each.not_restorable is None and secrets.are_in_output(each.output)
                else each
                for each in outcomes
            ]

    def has_parts(self, group: Place) -> bool:
        """Whether any part of a fan-out, pipeline, loop or nested experience has an outcome."""
        scope, node_id = group
        depth = len(scope)
        return any(
            len(steps) > depth and steps[:depth] == scope and steps[depth][1] == node_id for steps, _ in self.outcomes
        )


def read_original(log: Log) -> Original:
    """Index a log for a resume, its large values in place."""
    read = blobs_of(log.path).read
    spent = spent_in(log.records)
    started = log.started
    before = started.lineage.spent if started.lineage else Sums()
    original = Original(log.records[0].run_id, started, spent, add(before, spent))
    for record in log.records:
        event = record.event
        if isinstance(event, NodeCached):
            original.lists.note_reached(event.scope)
            _remember(original, event, event.produced_by, read)
        elif isinstance(event, NodeCompleted):
            _remember(original, event, ProducedBy(record.run_id, record.seq), read)
        elif isinstance(event, NodeStarted):
            original.lists.note_reached(event.scope)
            if event.attempt_id is not None:  # otherwise its parts have starts of their own
                original.open[place_of(event.node_id, event.scope)] = record.run_id
            elif event.items is not None:
                original.lists.note_size(event.node_id, event.scope, event.items)
        elif isinstance(event, (NodeFailed, NodeSkipped, NodeCancelled)):
            _note_fate(original, event)
    original._settled -= original.open.keys()
    return original


_FATES: dict[type[object], Fate] = {
    NodeFailed: Fate.FAILED,
    NodeSkipped: Fate.SKIPPED,
    NodeCancelled: Fate.CANCELLED,
}


def _note_fate(original: Original, event: NodeFailed | NodeSkipped | NodeCancelled) -> None:
    place = place_of(event.node_id, event.scope)
    started_in = None if isinstance(event, NodeSkipped) else event.started_in
    if started_in is not None:  # it did not run, for that reason: as little is known as before
        original.open[place] = started_in
        return
    original.fates[place] = _FATES[type(event)]
    original.open.pop(place, None)
    if not isinstance(event, NodeSkipped) and event.attempt_id is not None:
        original._settled.add(place)
    if isinstance(event, NodeFailed):
        original.errors[place] = event.error.message


def _remember(original: Original, event: NodeCached | NodeCompleted, produced_by: ProducedBy, read: Read) -> None:
    place = place_of(event.node_id, event.scope)
    original.fates.pop(place, None)
    original.open.pop(place, None)
    original._settled.add(place)
    original._products.update(((_nest(place), name), digest) for name, digest in (event.produced or {}).items())
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
    original.outcomes.setdefault(place, []).append(
        Recorded(
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
        )
    )
    original.keys.update((event.keyed_parts or {}).values())


def _nest(place: Place) -> tuple[str, ...]:
    """The experience that `place` lies in: paths are relative to the folder of that."""
    return tuple(id_ for kind, id_, _, _ in place[0] if kind == ScopeKind.EXPERIENCE.value)
