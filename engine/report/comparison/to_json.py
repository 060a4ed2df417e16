"""A comparison of two runs as JSON, for `oe diff --json`. Pure."""

from __future__ import annotations

from typing import cast

from msgspec import to_builtins

from engine.json_types import Json
from engine.report.comparison.compare import Difference, Side
from engine.report.comparison.runs import ComparedRun, Comparison
from engine.report.comparison.values import value_lines


def comparison_to_json(comparison: Comparison) -> dict[str, Json]:
    """One document: the ids, the figures of both runs, what they started from as far as it differs, the executions."""
    return {
        "left": comparison.left.summary.run_id,
        "right": comparison.right.summary.run_id,
        "runs": {"left": _run_to_json(comparison.left), "right": _run_to_json(comparison.right)},
        "start": [line for each in comparison.start for line in value_lines(each)],
        "files": {path: how.value for path, how in comparison.files.items()},
        "executions": differences_to_json(comparison.executions),
    }


def differences_to_json(differences: tuple[Difference, ...]) -> list[Json]:
    """The differences as JSON: one object for each execution, including equal ones."""
    return [
        {
            "node": each.label,
            "address": each.address,
            "same": each.is_same,
            "left": _side_to_json(each.left),
            "right": _side_to_json(each.right),
            "inputs": list(each.inputs),
            "outputs": list(each.outputs),
        }
        for each in differences
    ]


def _side_to_json(side: Side) -> Json:
    if side.status is None:
        return None
    return {
        "status": side.status.value,
        "durationMs": side.duration_ms,
        "costUsd": side.cost_usd,
        "tokens": side.tokens,
        "attempts": side.attempts,
        "reasons": list(side.reasons),
        "error": side.error,
    }


def _run_to_json(run: ComparedRun) -> Json:
    summary = run.summary
    return {
        "status": summary.state.value,
        "durationMs": summary.duration_ms,
        "spent": cast("Json", to_builtins(summary.spent)),
        "counts": cast("Json", to_builtins(summary.counts)),
        "originalRunId": summary.original_run_id,
    }
