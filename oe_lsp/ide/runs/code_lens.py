"""Code lenses above an experience: run it, resume a recent run, cancel a running one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct

from engine.log.humanize import age
from engine.log.reading.summary import RunState, RunSummary
from engine.visible import visible
from oe_lsp.ide.runs.run_text import progress_text


class LensAction(Enum):
    """Action of a click."""

    RUN = "run"
    RESUME = "resume"
    CANCEL = "cancel"


class Lens(Struct, frozen=True):
    """A lens on the first line. `run_id` is the run it acts on; None for a new run."""

    title: str
    action: LensAction
    run_id: str | None = None


_OUTCOMES = {
    RunState.SUCCESS: "succeeded",
    RunState.FAILURE: "failed",
    RunState.CANCELLED: "cancelled",
    RunState.WAITING: "waiting",
    RunState.INTERRUPTED: "interrupted",
}


def code_lenses(runs: Sequence[RunSummary], now: datetime, limit: int) -> tuple[Lens, ...]:
    """Return `▶ Run`, then a lens for each of the first `limit` runs; `runs` is newest first."""
    return (Lens("▶ Run", LensAction.RUN), *(_lens(run, now) for run in runs[: max(limit, 0)]))


def _lens(run: RunSummary, now: datetime) -> Lens:
    if run.is_running:
        return Lens(f"■ Cancel run {run.short_id} · {progress_text(run)}", LensAction.CANCEL, run.run_id)
    outcome = _OUTCOMES[run.state]
    if run.state is RunState.FAILURE and run.failed_at is not None:
        outcome = f"{outcome} at {visible(run.failed_at)}"
    if run.failed_items_text:
        outcome = f"{outcome}, {run.failed_items_text}"
    return Lens(
        f"▶ Resume run {run.short_id} · {outcome} · {age(run.last_event_at, now)}", LensAction.RESUME, run.run_id
    )
