"""Times, counts, tokens, costs and places of a run as text for people."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from engine.log.events.events import BudgetReached, Counts, Scope, Sums

_OUTCOMES = ("cached", "completed", "failed", "skipped", "cancelled")
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def age(moment: datetime, now: datetime) -> str:
    """The time from `moment` to `now` in its largest unit: `just now`, `2 min ago`, `3 h ago`, `5 d ago`.

    If a clock was wrong and `moment` is after `now`: `2 h in the future`.
    """
    seconds = (now - moment).total_seconds()
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            return f"{int(abs(seconds) // size)} {unit} {'ago' if seconds > 0 else 'in the future'}"
    return "just now"


def duration(milliseconds: float) -> str:
    """A duration: `340 ms`, `2.1 s`, `3 min 5 s`, `1 h 4 min`."""
    if milliseconds < 1_000:
        return f"{round(milliseconds)} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1_000:.1f} s"
    seconds = round(milliseconds / 1_000)
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def size_text(size: int) -> str:
    """A number of bytes: `712 bytes`, `3.4 MB`."""
    for unit, name in _SIZES:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return plural(size, "byte")


def counts_text(counts: Counts) -> str:
    """The outcomes of nodes: `4 cached, 3 completed`; only those that there are."""
    numbers = ((getattr(counts, name), name) for name in _OUTCOMES)
    return ", ".join(f"{number} {name}" for number, name in numbers if number) or "no node ran"


def failed_items_text(failed: int, total: int) -> str:
    """The failed items of a run that succeeded nevertheless: `2 of 5 items failed`; empty if there are none."""
    return f"{failed} of {total} items failed" if failed else ""


def sum_of(counts: Counts) -> int:
    """The number of nodes or items."""
    return counts.completed + counts.cached + counts.failed + counts.skipped + counts.cancelled


def tokens_text(tokens: int) -> str:
    """A number of tokens: `950 tokens`, `12.3k tokens`, `1.2M tokens`; empty for 0."""
    if not tokens:
        return ""
    if tokens < 1_000:
        return f"{tokens} tokens"
    return f"{tokens / 1_000:.1f}k tokens" if tokens < 999_950 else f"{tokens / 1_000_000:.1f}M tokens"


def money(usd: float | None) -> str:
    """US dollars: `$0.0123`; `unknown cost` for None; empty for 0."""
    if usd is None:
        return "unknown cost"
    return f"${usd:.4f}" if usd else ""


def about_money(usd: float) -> str:
    """US dollars, rounded to what matters at a glance: `$0.12`, `$0.0034`; empty for 0."""
    if not usd:
        return ""
    return f"${usd:.2f}" if usd >= 0.01 else f"${usd:.4f}"


def spent_text(spent: Sums) -> str:
    """Tokens and cost: `12.3k tokens, $0.0123`."""
    return ", ".join(part for part in (tokens_text(spent.tokens_in + spent.tokens_out), money(spent.cost_usd)) if part)


def budget_text(reached: BudgetReached) -> str:
    """Why a budget ended a run: `the budget of $1.00 does not cover the next call: $0.96 spent, and it may cost …`."""
    if reached.limit == "maxDurationMs":
        return f"the budget of {duration(reached.allowed)} is used up: the runs took {duration(reached.spent)}"
    if reached.limit == "maxTokens":
        return _spent(reached, _tokens_exactly, "used", "use")
    return _spent(reached, dollars, "spent", "cost")


def higher_budget(reached: BudgetReached) -> str:
    """The option that lets a resume go on, with twice the limit, or more if the next call needs it: `--max-cost 1`."""
    wanted = max(2 * reached.allowed, reached.spent + (reached.next_call or 0)) or 1
    if reached.limit == "maxCostUsd":
        return f"--max-cost {dollars(_rounded_up(wanted)).removeprefix('$')}"
    if reached.limit == "maxTokens":
        return f"--max-tokens {math.ceil(_rounded_up(wanted))}"
    seconds = math.ceil(wanted / 1_000)
    return f"--max-duration {seconds // 60}m" if seconds % 60 == 0 else f"--max-duration {seconds}s"


def dollars(usd: float) -> str:
    """US dollars with at least two decimals, and as many as a small price needs: `$0.50`, `$0.0123`, `$0.000045`."""
    places = 2 if usd == 0 else max(2, 1 - math.floor(math.log10(usd)))
    text = f"{usd:.{min(places + 1, 9)}f}"
    whole, _, decimals = text.partition(".")
    return f"${whole}.{decimals.rstrip('0'):0<2}"


def _spent(reached: BudgetReached, amount: Callable[[float], str], spent: str, uses: str) -> str:
    allowed, so_far = amount(reached.allowed), f"{amount(reached.spent)} {spent}"
    if reached.next_call is None:
        return f"the budget of {allowed} is used up: {so_far}"
    more = f"it may {uses} {amount(reached.next_call)}"
    return f"the budget of {allowed} does not cover the next call: {so_far}, and {more}"


def _tokens_exactly(tokens: float) -> str:
    return f"{round(tokens):,} {'token' if tokens == 1 else 'tokens'}"


def _rounded_up(value: float) -> float:
    """`value` rounded up to two digits."""
    step: float = 10.0 ** (math.floor(math.log10(value)) - 1)
    return round(math.ceil(round(value / step, 6)) * step, 9)


def shortened(text: str, length: int) -> str:
    """`text` in at most `length` characters, its end cut: `everything that…`."""
    return text if len(text) <= length else text[: max(1, length - 1)] + "…"


def shortened_name(name: str, length: int) -> str:
    """`name` in at most `length` characters, its middle cut, since names that start alike differ at the end."""
    if len(name) <= length:
        return name
    tail = (length - 1) // 2
    return name[: max(1, length - 1 - tail)] + "…" + (name[-tail:] if tail > 0 else "")


def place_text(node_id: str, scope: tuple[Scope, ...]) -> str:
    """The place of an execution, from outside to inside: `review[3]`, `rows[0]/check`, `refine[2]/polish`."""
    steps = [f"{step.id}{_index(step)}" for step in scope]
    is_item = bool(scope) and scope[-1].id == node_id
    return "/".join(steps if is_item else [*steps, node_id])


def _index(step: Scope) -> str:
    if step.item is not None:
        return f"[{step.item.index}]"
    return "" if step.iteration is None else f"[{step.iteration}]"
