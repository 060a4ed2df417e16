"""Predicts what a run or resume of a draft must do: a small evaluator without logs, hashes or a scheduler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from engine.expressions import Json
from tests.laws.drafts import Draft, Step, received, value_of

Name = tuple[str, int | None]
"""An execution as a log shows it: the node, and the index of its item."""

Place = tuple[str, int | None, int]
"""Where an outcome is found again: the node, the item's value, and how many equal items stand before it."""

Memory = Mapping[Place, Collection[str]]
"""What the executions received whose outcomes are known."""


def unlucky(step: Step, broken: Collection[str], item: Json) -> bool:
    """Whether an execution fails: of a broken fan-out those of the even items."""
    return step.id in broken and (step.over is None or (isinstance(item, int) and item % 2 == 0))


@dataclass
class Told:
    """How it goes."""

    fields: dict[str, Json] = field(default_factory=dict)
    sent: dict[str, Json] = field(default_factory=dict)
    executed: Counter[Name] = field(default_factory=Counter)
    restored: Counter[Name] = field(default_factory=Counter)
    skipped: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    outcomes: dict[Place, str] = field(default_factory=dict)


def foretell(draft: Draft, broken: Collection[str], memory: Memory) -> Told:
    """How resuming goes where the outcomes in `memory` are known and the nodes in `broken` fail; or a run, of none."""
    told = Told()
    for step in draft.steps:
        edges = _delivered(step, draft, told)
        if edges is None:
            told.skipped.add(step.id)
            continue
        reads = {id_: told.fields[id_] for id_ in step.reads if id_ in told.fields}
        if step.over is None:
            _one(told, step, broken, memory, received(step, reads, edges))
        else:
            _each(told, step, broken, memory, reads, edges)
    return told


def _delivered(step: Step, draft: Draft, told: Told) -> dict[str, Json] | None:
    """What comes along the edges; None where the node does not run."""
    dead = told.skipped | told.failed
    live = []
    for link in step.links:
        value = told.fields.get(link.from_)
        holds = link.above is None or _size(value) > link.above
        live.append(link.from_ not in dead and holds)
    if step.links and not (any(live) if step.join_any else all(live)):
        return None
    taken = [link.from_ for link, lives in zip(step.links, live, strict=True) if lives]
    return {id_: told.sent[id_] for id_ in taken if id_ in told.sent}


def _size(value: Json) -> int:
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else -1


def _one(told: Told, step: Step, broken: Collection[str], memory: Memory, receives: str) -> None:
    if not _execute(told, step, (step.id, None), receives, _fits(memory, (step.id, None, 0), 1), broken, None):
        told.failed.add(step.id)
        return
    told.outcomes[step.id, None, 0] = receives
    told.fields[step.id] = told.sent[step.id] = value_of(step, receives)


def _each(
    told: Told,
    step: Step,
    broken: Collection[str],
    memory: Memory,
    reads: Mapping[str, Json],
    edges: Mapping[str, Json],
) -> None:
    items = told.fields.get(step.over or "")
    if not isinstance(items, list):
        told.failed.add(step.id)
        return
    values: list[Json] = []
    for index, item in enumerate(items):
        place = (step.id, item, items[:index].count(item))
        receives = received(step, reads, edges, item, index)
        fits = _fits(memory, place, items.count(item))
        if _execute(told, step, (step.id, index), receives, fits, broken, item):
            told.outcomes[place] = receives
            values.append(value_of(step, receives))
    if len(values) < len(items) and not (step.tolerant and values):
        told.failed.add(step.id)
    if values:
        told.fields[step.id] = told.sent[step.id] = values


def _execute(
    told: Told, step: Step, name: Name, receives: str, fits: Collection[str], broken: Collection[str], item: Json
) -> bool:
    """Whether there is an outcome afterwards."""
    if step.cache and receives in fits:
        told.restored[name] += 1
        return True
    told.executed[name] += 1
    return not unlucky(step, broken, item)


def _fits(memory: Memory, place: Place, equals: int) -> Collection[str]:
    """What is remembered of an execution. An item of which nothing is takes the place of an equal one that is gone."""
    if place in memory:
        return memory[place]
    step, item, ordinal = place
    ordinals = {other for id_, value, other in memory if (id_, value) == (step, item)}
    gone = sorted(other for other in ordinals if other >= equals)
    before = len(set(range(ordinal)) - ordinals)
    return memory[step, item, gone[before]] if before < len(gone) else ()
