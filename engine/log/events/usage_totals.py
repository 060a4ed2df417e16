"""Cost and token totals of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

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


class UsageTotals:
    """A fold over the events of a run. `inherited` is the cost of restored outcomes in the runs that executed them.

    `plus` adds a cost: `add` or `add_known`.
    """

    def __init__(self, plus: Callable[[Sums, Metrics | Sums], Sums] | None = None) -> None:
        self._plus = plus or add
        self.inherited = Sums()
        self._paid = Sums()
        self._pending: dict[tuple[str, tuple[Scope, ...]], Sums] = {}

    def add_event(self, event: Event) -> Metrics | Sums | None:
        """Add an event. Returns the total usage of an execution or attempt that it ends.

        If the event has no metrics, those of the calls until then count.
        """
        if isinstance(event, NodeTokens):
            call = Metrics(event.tokens_in, event.tokens_out, event.cost_usd)
            where = event.node_id, event.scope
            self._pending[where] = self._plus(self._pending.get(where, Sums()), call)
        elif isinstance(event, NodeCached):
            if event.metrics is not None:
                self.inherited = self._plus(self.inherited, event.metrics)
        elif isinstance(event, (NodeAttempt, NodeCompleted, NodeFailed, NodeCancelled)):
            from_calls = self._take_pending(event)
            used = event.metrics or from_calls
            if used is not None:
                self._paid = self._plus(self._paid, used)
            return used
        return None

    @property
    def spent(self) -> Sums:
        """The cost so far, including executions that failed, were cancelled or have not ended."""
        spent = self._paid
        for pending in self._pending.values():
            spent = self._plus(spent, pending)
        return spent

    def _take_pending(self, event: NodeAttempt | NodeCompleted | NodeFailed | NodeCancelled) -> Sums | None:
        if not self._pending or (isinstance(event, NodeAttempt) and event.level == "llm"):
            return None  # the execution continues, and its end will have the total
        return self._pending.pop((event.node_id, event.scope), None)


def spent_in(records: Iterable[Record]) -> Sums:
    """The cost of the run with these records."""
    return _total(UsageTotals(), records)


def known_spent_in(records: Iterable[Record]) -> Sums:
    """The cost of the run with these records as far as prices are known."""
    return _total(UsageTotals(add_known), records)


def _total(totals: UsageTotals, records: Iterable[Record]) -> Sums:
    for record in records:
        totals.add_event(record.event)
    return totals.spent


def add(sums: Sums, metrics: Metrics | Sums) -> Sums:
    """`sums` plus `metrics`. An unknown cost makes the total unknown, unless no tokens were used."""
    tokens_in, tokens_out = metrics.tokens_in or 0, metrics.tokens_out or 0
    cost = metrics.cost_usd
    if cost is None and isinstance(metrics, Metrics) and not (tokens_in or tokens_out):
        cost = 0.0
    total = None if sums.cost_usd is None or cost is None else sums.cost_usd + cost
    return Sums(total, sums.tokens_in + tokens_in, sums.tokens_out + tokens_out)


def add_known(sums: Sums, metrics: Metrics | Sums) -> Sums:
    """`sums` plus `metrics`, of which an unknown cost counts as nothing."""
    return add(sums, metrics if metrics.cost_usd is not None else replace(metrics, cost_usd=0.0))
