"""Texts about a run: progress title and message, percentage, outcome."""

from __future__ import annotations

from engine.log.humanize import counts_text, duration
from engine.log.reading.summary import RunState, RunSummary
from engine.visible import visible

_LONGEST = 400
"""Characters of a message: a program's error may be pages long."""


def progress_title(run: RunSummary) -> str:
    """Return the title of a run's progress: `Running city-report`, or `Resuming …` for a resumed run."""
    if run.kind is not None:
        return f"Running only {visible(run.address or '')} of {run.experience}"
    return f"{'Running' if run.original_run_id is None else 'Resuming'} {run.experience}"


def progress_text(run: RunSummary) -> str:
    """Return the progress message: `7/12 nodes · 5 cached`."""
    parts = [f"{run.ended}/{run.total} nodes"]
    if run.counts.cached:
        parts.append(f"{run.counts.cached} cached")
    if run.counts.failed:
        parts.append(f"{run.counts.failed} failed")
    return " · ".join(parts)


def percentage(run: RunSummary) -> int:
    """Return the progress of a run, 0 to 100."""
    return min(100, 100 * run.ended // run.total) if run.total else 0


def end_sentence(run: RunSummary) -> str:
    """Return the message at the end of a run: `Run 4f3a1b2c of weather failed at compare: no such file`."""
    reason = "" if run.why is None or run.state is RunState.FAILURE else f" · {_first_line(run.why)}"
    words = {RunState.CANCELLED: "was ", RunState.INTERRUPTED: "was ", RunState.WAITING: "is "}
    text = f"Run {run.short_id} of {run.experience} {words.get(run.state, '')}{end_text(run)}{reason}"
    return visible(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def end_text(run: RunSummary) -> str:
    """Return the outcome: `succeeded: 4 cached, 3 completed · 2.1 s`, or `failed at analyse: no such file`."""
    if run.state is RunState.FAILURE and run.failed_at is not None:
        first_line = _first_line(run.error.message) if run.error else ""
        return f"failed at {run.failed_at}" + (f": {first_line}" if first_line else "")
    words = {RunState.SUCCESS: "succeeded", RunState.FAILURE: "failed"}
    outcome = ", ".join(filter(None, (words.get(run.state, run.state.value), run.failed_items_text)))
    text = f"{outcome}: {counts_text(run.counts)}"
    return text if run.duration_ms is None else f"{text} · {duration(run.duration_ms)}"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
