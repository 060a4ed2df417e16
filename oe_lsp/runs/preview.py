"""Reads what a run or resume may call and lacks before it starts.

Imports half of the engine, which a server needs for nothing else: import it in a thread, and only to ask.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from engine.cache.plan.estimate import Callee, Calls, Estimate, LastTime
from engine.log.events.counters import Sums
from engine.report.run_preview import estimate_text, need_lines
from engine.runner.needs import Need
from oe_lsp.ide.runs.start_preview import StartPreview


class _Calls(Struct, rename="camel"):
    callee: Callee
    provider: str
    most: int
    answers_usd: float | None = None
    model: str | None = None


class _Last(Struct, rename="camel"):
    executions: int
    of: int
    cost_usd: float | None = None


class _Estimate(Struct):
    open: tuple[str, ...]
    calls: list[_Calls]
    last: _Last | None = None


class _Plan(Struct):
    needs: tuple[Need, ...]
    estimate: _Estimate


def read_preview(plan: bytes) -> StartPreview:
    """What the JSON of `oe run --plan --json` or `oe resume --plan --json` says."""
    read = msgspec.json.decode(plan, type=_Plan)
    return start_preview(read.needs, _estimate(read.estimate))


def start_preview(needs: Sequence[Need], estimate: Estimate) -> StartPreview:
    """The same of a run that was prepared here."""
    return StartPreview(
        calls=estimate_text(estimate) if estimate.most or estimate.open else "",
        most_calls=estimate.most,
        has_open_calls=bool(estimate.open),
        needs=tuple(dict.fromkeys(need.name for need in needs)),
        missing=tuple(need_lines(tuple(needs))),
        stops=any(need.stops for need in needs),
    )


def _estimate(read: _Estimate) -> Estimate:
    calls = (Calls(each.callee, each.provider, each.model, each.most, each.answers_usd) for each in read.calls)
    last = (
        None if read.last is None else LastTime(Sums(cost_usd=read.last.cost_usd), read.last.executions, read.last.of)
    )
    return Estimate(tuple(calls), read.open, last)
