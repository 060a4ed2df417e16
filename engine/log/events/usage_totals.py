"""What a run spends: sums of what its executions say that they used."""

from __future__ import annotations

from collections.abc import Iterable

from engine.log.events.events import (
    Event,
    Metrics,
    NodeAttempt,
    NodeCached,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeTokens,
    Record,
    Scope,
    Sums,
)


class Spending:
    """A fold over a run's events. `inherited` is what restored outcomes cost in the runs that they come from."""

    def __init__(self) -> None:
        self.inherited = Sums()
        self._paid = Sums()
        self._pending: dict[tuple[str, tuple[Scope, ...]], Sums] = {}

    def take(self, event: Event) -> Metrics | Sums | None:
        """What an execution that ended, or a try of one that failed, used in all, where this event says so.

        Where such an event does not say it, what its calls had told until then counts.
        """
        if isinstance(event, NodeTokens):
            used = Metrics(event.tokens_in, event.tokens_out, event.cost_usd)
            where = event.node_id, event.scope
            self._pending[where] = add(self._pending.get(where, Sums()), used)
        elif isinstance(event, NodeCached):
            if event.metrics is not None:
                self.inherited = add(self.inherited, event.metrics)
        elif isinstance(event, (NodeAttempt, NodeCompleted, NodeFailed, NodeCancelled)):
            told = self._told(event)
            used_up = event.metrics or told
            if used_up is not None:
                self._paid = add(self._paid, used_up)
            return used_up
        return None

    @property
    def spent(self) -> Sums:
        """What was spent, on executions that failed, were cancelled or have not ended, too."""
        spent = self._paid
        for pending in self._pending.values():
            spent = add(spent, pending)
        return spent

    def _told(self, event: NodeAttempt | NodeCompleted | NodeFailed | NodeCancelled) -> Sums | None:
        if not self._pending or (isinstance(event, NodeAttempt) and event.level == "llm"):
            return None  # after such a try the execution goes on, and will say what it used in all
        return self._pending.pop((event.node_id, event.scope), None)


def spent_in(records: Iterable[Record]) -> Sums:
    """What the run has spent that wrote `records`."""
    spending = Spending()
    for record in records:
        spending.take(record.event)
    return spending.spent


def add(sums: Sums, metrics: Metrics | Sums) -> Sums:
    """`sums` with `metrics` added. A cost that is unknown makes the sum unknown once tokens were used."""
    tokens_in, tokens_out = metrics.tokens_in or 0, metrics.tokens_out or 0
    cost = metrics.cost_usd
    if cost is None and isinstance(metrics, Metrics) and not (tokens_in or tokens_out):
        cost = 0.0
    total = None if sums.cost_usd is None or cost is None else sums.cost_usd + cost
    return Sums(total, sums.tokens_in + tokens_in, sums.tokens_out + tokens_out)
