"""Places in a run, amounts of tokens and of money, in the words of a person."""

from __future__ import annotations

from engine.log.events.events import Scope, Sums


def tokens_text(tokens: int) -> str:
    """A number of tokens: `950 tokens`, `12.3k tokens`, `1.2M tokens`; nothing where there are none."""
    if not tokens:
        return ""
    if tokens < 1_000:
        return f"{tokens} tokens"
    return f"{tokens / 1_000:.1f}k tokens" if tokens < 999_950 else f"{tokens / 1_000_000:.1f}M tokens"


def money(usd: float | None) -> str:
    """US dollars: `$0.0123`; `unknown cost` where a price is; nothing where nothing was spent."""
    if usd is None:
        return "unknown cost"
    return f"${usd:.4f}" if usd else ""


def spent_text(spent: Sums) -> str:
    """Tokens and money together: `12.3k tokens, $0.0123`."""
    return ", ".join(part for part in (tokens_text(spent.tokens_in + spent.tokens_out), money(spent.cost_usd)) if part)


def shortened(text: str, letters: int) -> str:
    """`text` in at most so many letters: its end gives way, as in `everything that…`."""
    return text if len(text) <= letters else text[: max(1, letters - 1)] + "…"


def shortened_name(name: str, letters: int) -> str:
    """A name in at most so many letters: its middle gives way, since names that begin alike differ at the end."""
    if len(name) <= letters:
        return name
    tail = (letters - 1) // 2
    return name[: max(1, letters - 1 - tail)] + "…" + (name[-tail:] if tail > 0 else "")


def place_text(node_id: str, scope: tuple[Scope, ...]) -> str:
    """Where an execution is, from outside to inside: `review[3]`, `rows[0]/check`, `refine[2]/polish`, `child/load`."""
    steps = [f"{step.id}{_which(step)}" for step in scope]
    is_item = bool(scope) and scope[-1].id == node_id
    return "/".join(steps if is_item else [*steps, node_id])


def _which(step: Scope) -> str:
    if step.item is not None:
        return f"[{step.item.index}]"
    return "" if step.iteration is None else f"[{step.iteration}]"
