"""The costs of a run as text: spent, inherited, and with the runs that it resumes."""

from __future__ import annotations

from engine.log.events.events import Sums
from engine.log.humanize import spent_text
from engine.log.reading.summary import RunSummary


def sums_texts(summary: RunSummary) -> list[str]:
    """The totals that are not 0: `12.3k tokens, $0.0123`, `inherited …`, `… including resumed runs`."""
    said = [spent_text(summary.spent)]
    if summary.inherited != Sums():
        said.append(f"inherited {spent_text(summary.inherited)}")
    if summary.original_run_id is not None and summary.kind is None and summary.lineage not in (Sums(), summary.spent):
        said.append(f"{spent_text(summary.lineage)} including resumed runs")
    return [text for text in said if text]
