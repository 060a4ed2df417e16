"""Summaries of runs as JSON: what `oe runs --json` prints, and the index keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from engine.log.events.counters import Counts, ErrorInfo, FailedItems, Location, Sums
from engine.log.events.timestamps import moment
from engine.log.reading.summary import RunState, RunSummary


def summary_to_json(run: RunSummary) -> dict[str, object]:
    """The run as an object of JSON."""
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
    }


def summary_from_json(shown: Mapping[str, Any]) -> RunSummary:
    """What `summary_to_json` made it of. Raises ValueError, TypeError or KeyError where it did not."""
    return RunSummary(
        run_id=shown["runId"],
        state=RunState(shown["status"]),
        experience=shown["experience"],
        file_name=shown["fileName"],
        started_at=moment(shown["startedAt"]),
        last_event_at=moment(shown["lastEventAt"]),
        counts=Counts(**shown["counts"]),
        total=shown["nodes"],
        failed_items=FailedItems(**shown["failedItems"]),
        duration_ms=shown["durationMs"],
        failed_at=shown["failedAt"],
        error=None if shown["error"] is None else _error(shown["error"]),
        reason=shown["reason"],
        original_run_id=shown["originalRunId"],
        spent=_sums(shown["spent"]),
        inherited=_sums(shown["inherited"]),
        lineage=_sums(shown["lineage"]),
    )


def _sums_to_json(sums: Sums) -> dict[str, object]:
    return {"costUsd": sums.cost_usd, "tokensIn": sums.tokens_in, "tokensOut": sums.tokens_out}


def _sums(fields: Mapping[str, Any]) -> Sums:
    return Sums(fields["costUsd"], fields["tokensIn"], fields["tokensOut"])


def _error_to_json(error: ErrorInfo) -> dict[str, object]:
    location = None if error.location is None else asdict(error.location)
    return {"type": error.type, "message": error.message, "location": location}


def _error(fields: Mapping[str, Any]) -> ErrorInfo:
    location = fields["location"]
    return ErrorInfo(fields["type"], fields["message"], None if location is None else Location(**location))
