"""What the log of an original run offers to a resume: its outcomes by node and item, and how the rest ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from engine.log.events import (
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
    Scope,
    Sums,
)
from engine.log.reader import Log
from engine.log.view import fold

Place = tuple[tuple[tuple[str, str, str | None, int | None], ...], str]
"""Where an outcome belongs: the scope without indexes, and the node's id (docs/design.md, The run log)."""


class Fate(str, Enum):
    """How a node or item without a reusable outcome ended in the original run."""

    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    STARTED = "started"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One outcome. `durationMs` and `metrics` are those of the execution that produced it."""

    input_hash: str
    input_parts: Mapping[str, str]
    output: Output
    duration_ms: float
    metrics: Metrics | None
    produced_by: ProducedBy
    not_restorable: str | None = None


@dataclass(slots=True)
class Original:
    """The original run. `spent` is what it spent itself, `lineage_spent` what it and the runs before it did."""

    run_id: str
    started: RunStarted
    spent: Sums
    lineage_spent: Sums
    outcomes: dict[Place, list[Recorded]] = field(default_factory=dict)
    fates: dict[Place, Fate] = field(default_factory=dict)
    errors: dict[Place, str] = field(default_factory=dict)

    def recorded(self, place: Place) -> list[Recorded]:
        """The outcomes of a node or item, the latest last."""
        return self.outcomes.get(place, [])

    def add_older(self, older: Original) -> None:
        """Add the outcomes of a run that came before; this run's own come first when both would do."""
        for place, outcomes in older.outcomes.items():
            self.outcomes[place] = outcomes + self.outcomes.get(place, [])

    def has_parts(self, group: Place) -> bool:
        """Whether any part of a fan-out, pipeline, loop or nested experience has an outcome."""
        scope, node_id = group
        depth = len(scope)
        return any(
            len(steps) > depth and steps[:depth] == scope and steps[depth][1] == node_id for steps, _ in self.outcomes
        )


def place_of(node_id: str, scope: tuple[Scope, ...]) -> Place:
    """The place of an execution."""
    steps = tuple((step.kind.value, step.id, step.item.key if step.item else None, step.iteration) for step in scope)
    return steps, node_id


def read_original(log: Log) -> Original:
    """Index a log for a resume."""
    view = fold(log.records)
    started = log.started
    before = started.lineage.spent if started.lineage else Sums()
    original = Original(log.records[0].run_id, started, view.spent, _plus(before, view.spent))
    for record in log.records:
        event = record.event
        if isinstance(event, NodeCached):
            _remember(original, event, event.produced_by)
        elif isinstance(event, NodeCompleted):
            _remember(original, event, ProducedBy(record.run_id, record.seq))
        elif isinstance(event, (NodeFailed, NodeSkipped, NodeCancelled, NodeStarted)):
            place = place_of(event.node_id, event.scope)
            original.fates[place] = _FATES[type(event)]
            if isinstance(event, NodeFailed):
                original.errors[place] = event.error.message
    return original


_FATES: dict[type[object], Fate] = {
    NodeFailed: Fate.FAILED,
    NodeSkipped: Fate.SKIPPED,
    NodeCancelled: Fate.CANCELLED,
    NodeStarted: Fate.STARTED,
}


def _remember(original: Original, event: NodeCached | NodeCompleted, produced_by: ProducedBy) -> None:
    place = place_of(event.node_id, event.scope)
    original.fates.pop(place, None)
    if event.output is None or event.input_hash is None:
        return
    refused = None
    if isinstance(event, NodeCompleted) and not event.restorable:
        refused = event.restorable_reason or "its outcome was marked as not restorable"
    original.outcomes.setdefault(place, []).append(
        Recorded(
            event.input_hash,
            event.input_parts or {},
            event.output,
            event.duration_ms,
            event.metrics,
            produced_by,
            refused,
        )
    )


def _plus(left: Sums, right: Sums) -> Sums:
    cost = None if left.cost_usd is None or right.cost_usd is None else left.cost_usd + right.cost_usd
    return Sums(cost, left.tokens_in + right.tokens_in, left.tokens_out + right.tokens_out)
