"""The plan as data: an answer for every vertex and, as far as known, for each of its parts. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from engine.cache.decisions.decision import Answer
from engine.cache.plan.explanation import Change
from engine.canonical import hash_value
from engine.expressions import Json
from engine.log.events.events import Metrics, Sums
from engine.log.events.usage_totals import add

_DIGEST_DIGITS = 16


class Entry(Struct, frozen=True):
    """The answer for one vertex.

    `items` are the answers for its parts, as far as known: items of a fan-out or pipeline, iterations of a loop, each
    with its `index`, or vertices of a nested experience, with their own ids. `part` is the word for one of them.
    `saved_ms` and `saved` are time and costs that restoring saves; `changes` are the input parts that changed, for a
    group those that all items share. `key` is the input hash, where it is known. `fails_again`: it failed, and nothing
    that is known of its inputs has changed since. `stage` is the stage of a pipeline at which its item stops being
    restored. `last` is what an execution that is not restored cost when it last completed.
    """

    node_id: str
    answer: Answer
    reasons: tuple[str, ...] = ()
    saved_ms: float = 0.0
    saved: Sums = Sums()
    items: tuple[Entry, ...] = ()
    index: int | None = None
    part: str = "item"
    changes: tuple[Change, ...] = ()
    key: str | None = None
    fails_again: bool = False
    stage: str | None = None
    last: Sums | None = None


class Plan(Struct, frozen=True):
    """The answers for all vertices, in the graph's order, of resuming `original_run_id`."""

    entries: tuple[Entry, ...] = field(default=())
    original_run_id: str = ""

    def count(self, answer: Answer) -> int:
        """How many vertices have this answer."""
        return sum(1 for entry in self.entries if entry.answer is answer)

    @property
    def saved_ms(self) -> float:
        """The time that restoring saves, in milliseconds."""
        return sum(entry.saved_ms for entry in self.entries)

    @property
    def saved(self) -> Sums:
        """The costs and tokens that restoring saves."""
        return total(entry.saved for entry in self.entries)

    @property
    def digest(self) -> str:
        """16 hex digits that change with every answer, reason and input hash."""
        return hash_value([self.original_run_id, *map(_substance, self.entries)])[:_DIGEST_DIGITS]


def saved_by(metrics: Metrics | None) -> Sums:
    """The costs and tokens saved by restoring an outcome with these metrics."""
    return add(Sums(), metrics) if metrics is not None else Sums()


def total(sums: Iterable[Sums]) -> Sums:
    """The sum."""
    summed = Sums()
    for each in sums:
        summed = add(summed, each)
    return summed


def as_whole(vertex: str, entries: Iterable[Entry], part: str) -> Entry:
    """The answer for a group: the most certain one of its parts that are not restored."""
    items = tuple(entries)
    left = [item for item in items if item.answer not in (Answer.RESTORED, Answer.SKIPPED)]
    if left:
        order = (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED, Answer.DEPENDS)
        answer = min((item.answer for item in left), key=order.index)
        reasons: tuple[str, ...] = (f"{len(left)} of {len(items)} {part}s",)
    else:
        answer, reasons = Answer.RESTORED, ()
    shared = _shared_changes(left)
    if shared:
        items = tuple(_without(item, shared) for item in items)
    again = any(item.fails_again for item in items)
    return Entry(
        vertex, answer, reasons, saved_ms(items), saved(items), items, part=part, changes=shared, fails_again=again
    )


def saved_ms(entries: Iterable[Entry]) -> float:
    """The time that restoring these saves, in milliseconds."""
    return sum(entry.saved_ms for entry in entries)


def saved(entries: Iterable[Entry]) -> Sums:
    """The costs and tokens that restoring these saves."""
    return total(entry.saved for entry in entries)


def _shared_changes(items: list[Entry]) -> tuple[Change, ...]:
    """The changes that all of them share: the same objects."""
    if len(items) < 2:
        return ()
    common = {id(change) for change in items[0].changes}
    for item in items[1:]:
        common &= {id(change) for change in item.changes}
    return tuple(change for change in items[0].changes if id(change) in common)


def _without(item: Entry, shared: tuple[Change, ...]) -> Entry:
    left = tuple(change for change in item.changes if not any(change is other for other in shared))
    return replace(item, changes=left) if len(left) < len(item.changes) else item


def _substance(entry: Entry) -> Json:
    return [
        entry.node_id,
        entry.index,
        entry.answer.value,
        list(entry.reasons),
        entry.key,
        [_substance(item) for item in entry.items],
    ]
