"""The critical path of a run: the chain of executions that took longest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from engine.log.reading.view import ENDED
from engine.report.executions import Execution


class CriticalPath(Struct, frozen=True):
    """The vertices from first to last, and how long they took together, in milliseconds."""

    vertices: tuple[str, ...] = ()
    duration_ms: float = 0.0


def durations(executions: Iterable[Execution], now: float | None = None) -> dict[str, float]:
    """How long the vertices took that ran, in milliseconds; 0 for restored ones. With `now`, running ones took until
    then.
    """
    took = {}
    for each in executions:
        if each.produced_by is not None:
            took[each.node_id] = 0.0
        elif each.started_ms is not None and each.status in ENDED:
            took[each.node_id] = each.duration_ms or 0.0
        elif each.started_ms is not None and now is not None:
            took[each.node_id] = now - each.started_ms
    return took


def critical_path(order: Sequence[str], links: Iterable[tuple[str, str]], took: Mapping[str, float]) -> CriticalPath:
    """The longest chain by what its vertices `took`, in milliseconds by vertex. `order` is a topological order.

    A vertex without a duration did not run: no chain leads through it. One that was restored has 0. Of chains that are
    equally long, the one that ends first in the order is taken; it starts and ends with a vertex that took time.
    """
    before: dict[str, list[str]] = {}
    for from_, to in links:
        before.setdefault(to, []).append(from_)
    longest: dict[str, tuple[float, str | None]] = {}
    for id_ in order:
        if id_ not in took:
            continue
        chains = [(longest[source][0], source) for source in before.get(id_, ()) if source in longest]
        until, source = max(chains, key=lambda chain: chain[0], default=(0.0, None))
        longest[id_] = until + took[id_], source if until > 0 else None
    if not longest:
        return CriticalPath()
    last = max(longest, key=lambda id_: longest[id_][0])
    total = longest[last][0]
    path: list[str] = []
    here: str | None = last if total > 0 else None
    while here is not None:
        path.append(here)
        here = longest[here][1]
    return CriticalPath(tuple(reversed(path)), total)
