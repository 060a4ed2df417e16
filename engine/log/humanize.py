"""Ages, durations and counts of runs in the words of a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

TYPE_CHECKING = False  # importing typing, or dataclasses, would take lists of runs as long as all they do
if TYPE_CHECKING:
    from engine.log.events.counters import Counts

_ENDINGS = ("cached", "completed", "failed", "skipped", "cancelled")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def age(moment: datetime, now: datetime) -> str:
    """The time from `moment` to `now` in its largest unit: `just now`, `2 min ago`, `3 h ago`, `5 d ago`.

    A moment that is still to come, since a clock was wrong, is `2 h in the future`.
    """
    seconds = (now - moment).total_seconds()
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            return f"{int(abs(seconds) // size)} {unit} {'ago' if seconds > 0 else 'in the future'}"
    return "just now"


def duration(milliseconds: float) -> str:
    """A duration as a person says it: `340 ms`, `2.1 s`, `3 min 5 s`, `1 h 4 min`."""
    if milliseconds < 1_000:
        return f"{round(milliseconds)} ms"
    if milliseconds < 59_950:
        return f"{milliseconds / 1_000:.1f} s"
    seconds = round(milliseconds / 1_000)
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def counts_text(counts: Counts) -> str:
    """What became of the nodes: `4 cached, 3 completed`; only what there is."""
    return named_counts_text({name: getattr(counts, name) for name in _ENDINGS})


def named_counts_text(counts: Mapping[str, int]) -> str:
    """As `counts_text`, of counts by their names."""
    return ", ".join(f"{counts[name]} {name}" for name in _ENDINGS if counts[name]) or "no node ran"


def failed_items_text(failed: int, total: int) -> str:
    """What to say of a run that succeeded in spite of them: `2 of 5 items failed`; nothing where there are none."""
    return f"{failed} of {total} items failed" if failed else ""


def sum_of(counts: Counts) -> int:
    """How many nodes or items there are in all."""
    return counts.completed + counts.cached + counts.failed + counts.skipped + counts.cancelled
