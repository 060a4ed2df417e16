"""A comparison of two runs as lines of text, for `oe diff`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.log.humanize import duration, money
from engine.report.comparison.compare import Difference, Side
from engine.report.comparison.runs import Comparison, totals_that_differ
from engine.report.comparison.values import How, value_lines


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """What differs: the figures of the runs, what they started from, then their executions."""
    for name, left, right in totals_that_differ(comparison):
        yield f"{name}: {left or 'none'} → {right or 'none'}"
    for each in comparison.start:
        yield from value_lines(each)
    for path, how in comparison.files.items():
        yield f"file {path} {'changed' if how is How.CHANGED else f'is {how.value}'}"
    yield from difference_lines(comparison.executions)


def difference_lines(differences: tuple[Difference, ...]) -> Iterator[str]:
    """The differences as text. Equal executions are only counted, unless their durations differ much."""
    shown = [each for each in differences if not each.is_same or each.duration_differs]
    width = max((len(each.label) + 2 * each.depth for each in shown), default=0)
    for each in shown:
        sign = "=" if each.is_same else "≠"
        yield f"{sign} {'  ' * each.depth + each.label:<{width}}  {summary_text(each)}"
        for side, name in ((each.left, "left"), (each.right, "right")):
            if side.reasons:
                yield f"      {name} {reasons_text(side)}"
        for what in (*each.inputs, *each.outputs):
            yield f"      {what}"
        for side, name in ((each.left, "left"), (each.right, "right")):
            if side.error and each.left.error != each.right.error:
                yield f"      {name} failed: {side.error}"
    same = sum(1 for each in differences if each.is_same)
    yield f"{same} of {len(differences)} executions have the same status, inputs and outputs"


def reasons_text(side: Side) -> str:
    """Why a resume ran an execution, or restored it although something changed: `ran: prompt a.md changed`."""
    is_restored = side.status is not None and side.status.value == "cached"
    return f"{'was restored' if is_restored else 'ran'}: {'; '.join(side.reasons)}"


def summary_text(each: Difference) -> str:
    """How status, time and cost differ: `failed → completed · 2.1 s → 3.0 s · $0.01 → $0.02`."""
    left, right = (side.status.value if side.status is not None else "absent" for side in (each.left, each.right))
    parts = [left if left == right else f"{left} → {right}"]
    times = [duration(side.duration_ms) if side.duration_ms is not None else "" for side in (each.left, each.right)]
    if all(times):
        parts.append(times[0] if times[0] == times[1] else f"{times[0]} → {times[1]}")
    costs = [money(side.cost_usd) if side.cost_usd else "" for side in (each.left, each.right)]
    if any(costs) and costs[0] != costs[1]:
        parts.append(f"{costs[0] or '$0'} → {costs[1] or '$0'}")
    return " · ".join(parts)
