"""Code lenses above an experience: run it, resume a recent run with its plan, ask why, cancel a running one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct

from engine.log.humanize import about_money, age, duration
from engine.log.reading.summary import RunState, RunSummary
from engine.visible import visible
from oe_lsp.ide.runs.planned_run import PlannedRun
from oe_lsp.ide.runs.run_text import progress_text
from oe_lsp.ide.runs.shown_run import ShownRun


class LensAction(Enum):
    """Action of a click."""

    RUN = "run"
    RESUME = "resume"
    WHY = "why"
    CANCEL = "cancel"


class Lens(Struct, frozen=True):
    """A lens on the first line. `run_id` is the run it acts on; None for a new run.

    `expect`: the digest of the plan that its title tells.
    """

    title: str
    action: LensAction
    run_id: str | None = None
    expect: str | None = None


_OUTCOMES = {
    RunState.SUCCESS: "succeeded",
    RunState.FAILURE: "failed",
    RunState.CANCELLED: "cancelled",
    RunState.WAITING: "waiting",
    RunState.INTERRUPTED: "interrupted",
}


def code_lenses(
    runs: Sequence[RunSummary],
    now: datetime,
    limit: int,
    shown: ShownRun | None = None,
    needs: Sequence[str] = (),
    *,
    is_trusted: bool = True,
) -> tuple[Lens, ...]:
    """Return `▶ Run`, then a lens for each of the first `limit` runs; `runs` is newest first.

    That of the shown run tells its plan, and comes first. `needs` names what a run needs and this machine lacks. Where
    code may not run (`is_trusted`), the titles say so.
    """
    listed = runs[: max(limit, 0)]
    if shown is not None and limit > 0:
        listed = [shown.summary, *(run for run in listed if run.run_id != shown.summary.run_id)][:limit]
    lenses = [
        Lens(f"▶ Run{_lacks(needs)}", LensAction.RUN),
        *(lens for run in listed for lens in _lenses(run, now, shown)),
    ]
    return tuple(lenses if is_trusted else map(_untrusted, lenses))


def _lenses(run: RunSummary, now: datetime, shown: ShownRun | None) -> Iterator[Lens]:
    if run.is_running:
        yield Lens(f"■ Cancel run {run.short_id} · {progress_text(run)}", LensAction.CANCEL, run.run_id)
        return
    title = f"▶ Resume run {run.short_id} · {_outcome(run)} · {age(run.last_event_at, now)}"
    plan = shown.plan if shown is not None and shown.summary.run_id == run.run_id else None
    if plan is None:
        yield Lens(title, LensAction.RESUME, run.run_id)
    else:
        yield Lens(
            f"{title} · {plan_text(plan)}{_lacks(plan.preview.needs)}", LensAction.RESUME, run.run_id, plan.digest
        )
        yield Lens("Why?", LensAction.WHY, run.run_id)


def plan_text(plan: PlannedRun) -> str:
    """The plan in a few words: `5 restored, 2 run · saves 48 s, $0.12`. What may run is the upper end of a range."""
    restored = sum(1 for _ in plan.answered("restored"))
    least = sum(1 for _ in plan.answered("will run"))
    most = least + sum(1 for _ in plan.answered("will run if its predecessors succeed", "depends"))
    runs = "none run" if not most else f"{least} run" if least == most else f"{least}–{most} run"  # noqa: RUF001
    saved = ", ".join(filter(None, (duration(plan.saved_ms) if restored else "", about_money(plan.saved_usd or 0.0))))
    return f"{restored} restored, {runs}" + (f" · saves {saved}" if saved else "")


def _lacks(needs: Sequence[str]) -> str:
    return f" · needs {visible(', '.join(needs))}" if needs else ""


def _outcome(run: RunSummary) -> str:
    outcome = _OUTCOMES[run.state]
    if run.state is RunState.FAILURE and run.failed_at is not None:
        outcome = f"{outcome} at {visible(run.failed_at)}"
    return f"{outcome}, {run.failed_items_text}" if run.failed_items_text else outcome


def _untrusted(lens: Lens) -> Lens:
    starts = lens.action in (LensAction.RUN, LensAction.RESUME)
    return Lens(f"{lens.title} (not in an untrusted workspace)", lens.action, lens.run_id) if starts else lens
