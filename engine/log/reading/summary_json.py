"""Summaries of runs as JSON: for `oe runs --json` and the index."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import asdict

from engine.log.events.counters import ErrorInfo, Sums
from engine.log.events.timestamps import moment
from engine.log.reading.summary import RunSummary


def summary_to_json(run: RunSummary) -> dict[str, object]:
    """The run as a JSON object."""
    return {
        "runId": run.run_id,
        "status": run.state.value,
        "experience": run.experience,
        "fileName": run.file_name,
        "startedAt": run.started_at.isoformat(),
        "lastEventAt": run.last_event_at.isoformat(),
        "counts": asdict(run.counts),
        "nodes": run.total,
        "failedItems": asdict(run.failed_items),
        "durationMs": run.duration_ms,
        "failedAt": run.failed_at,
        "error": None if run.error is None else _error_to_json(run.error),
        "reason": run.reason,
        "costUsd": run.spent.cost_usd,
        "spent": _sums_to_json(run.spent),
        "inherited": _sums_to_json(run.inherited),
        "lineage": _sums_to_json(run.lineage),
        "originalRunId": run.original_run_id,
        "kind": run.kind,
        "address": run.address,
        "budget": None if run.budget is None else msgspec.to_builtins(run.budget),
    }


def summary_from_json(run: Any) -> RunSummary:
    """The summary that `summary_to_json` wrote. Raises ValueError for anything else."""
    summary = msgspec.convert(run, RunSummary)
    for ts in (run["startedAt"], run["lastEventAt"]):
        moment(ts)  # refuses times without a zone
    return summary


def _sums_to_json(sums: Sums) -> dict[str, object]:
    return {"costUsd": sums.cost_usd, "tokensIn": sums.tokens_in, "tokensOut": sums.tokens_out}


def _error_to_json(error: ErrorInfo) -> dict[str, object]:
    location = None if error.location is None else asdict(error.location)
    return {"type": error.type, "message": error.message, "location": location}
