"""What a run and the runs that it resumed used, for the budget of the next resume (docs/format.md, Budget)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.log.events.events import Lineage, RunFinished, Sums
from engine.log.events.timestamps import moment
from engine.log.events.usage_totals import known_spent_in
from engine.log.reading.reader import Log


class LineageUsage(Struct, frozen=True):
    """Tokens sent and received, US dollars as far as prices are known, and milliseconds that the runs took."""

    tokens: int = 0
    cost_usd: float = 0.0
    duration_ms: float = 0.0

    def __add__(self, other: LineageUsage) -> LineageUsage:
        return LineageUsage(
            self.tokens + other.tokens, self.cost_usd + other.cost_usd, self.duration_ms + other.duration_ms
        )


def lineage_usage(logs: Sequence[Log]) -> LineageUsage:
    """The total of a lineage, from the log of its last run and those of the runs before it, newest first.

    A log says what the runs before it used, so that theirs may be gone. In one of an older oe, a cost that is partly
    unknown, and the time, are missing: they are taken from the older logs, if these are there.
    """
    total = LineageUsage()
    for log in logs:
        total += _used_in(log)
        before = log.started.lineage
        if before is None or before.depth == 0:
            return total
        if before.duration_ms is not UNSET:
            return total + _known(before)
    oldest = logs[-1].started.lineage if logs else None
    return total if oldest is None else total + _known(oldest)


def _used_in(log: Log) -> LineageUsage:
    return replace(_usage(known_spent_in(log.records)), duration_ms=_duration_ms(log))


def _known(before: Lineage) -> LineageUsage:
    usage = _usage(before.spent)
    if before.known_cost_usd is not UNSET:
        usage = replace(usage, cost_usd=before.known_cost_usd)
    return usage if before.duration_ms is UNSET else replace(usage, duration_ms=before.duration_ms)


def _usage(sums: Sums) -> LineageUsage:
    return LineageUsage(sums.tokens_in + sums.tokens_out, sums.cost_usd or 0.0)


def _duration_ms(log: Log) -> float:
    """How long a run took; without an end, until its last event."""
    last = log.records[-1]
    if isinstance(last.event, RunFinished):
        return last.event.duration_ms
    taken = moment(last.ts) - moment(log.records[0].ts)
    return max(0.0, taken.total_seconds() * 1000)
