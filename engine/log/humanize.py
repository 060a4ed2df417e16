"""Times, counts, tokens, costs and places of a run as text for people."""

from __future__ import annotations

from datetime import datetime

from engine.log.events.events import Counts, Scope, Sums

_OUTCOMES = ("cached", "completed", "failed", "skipped", "cancelled")
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


def spent_text(spent: Sums) -> str:
    """Tokens and cost: `12.3k tokens, $0.0123`."""
    return ", ".join(part for part in (tokens_text(spent.tokens_in + spent.tokens_out), money(spent.cost_usd)) if part)


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
