"""What to ask before a run or resume: which calls it may make, and what it needs and this machine lacks.

Imports half of the engine, which a server needs for nothing else: import it in a thread, and only to ask.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from engine.cache.plan.estimate import Callee, Calls, Estimate, LastTime
from engine.log.events.counters import Sums
from engine.report.run_preview import estimate_text, need_lines
from engine.runner.needs import Need
from engine.visible import visible


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


def preview_question(plan: bytes, verb: str, most_unasked: int) -> str | None:
    """What to say before a `verb`, `run` or `resume`, whose plan is the JSON of `oe VERB --plan --json`.

    None if nothing is missing and there are at most `most_unasked` calls; and where a first node lacks something, since
    the engine then refuses the run with a message of its own.
    """
    read = msgspec.json.decode(plan, type=_Plan)
    estimate, needs = _estimate(read.estimate), read.needs
    few = estimate.most <= most_unasked and not estimate.open
    if (few and not needs) or any(need.stops for need in needs):
        return None
    lines = [f"This {verb} may make {estimate_text(estimate)}"] if estimate.most or estimate.open else []
    if needs:
        lines += ["Missing on this machine, for nodes that may run:", *need_lines(needs)]
    return visible("\n".join(lines))


def _estimate(read: _Estimate) -> Estimate:
    calls = (Calls(each.callee, each.provider, each.model, each.most, each.answers_usd) for each in read.calls)
    last = (
        None if read.last is None else LastTime(Sums(cost_usd=read.last.cost_usd), read.last.executions, read.last.of)
    )
    return Estimate(tuple(calls), read.open, last)
