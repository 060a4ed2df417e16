"""Asks before a resume whether nodes with `on_ambiguous: ask` may run again. Only in a terminal."""

from __future__ import annotations

import sys
from collections import Counter

import click

from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.experience.model import OnAmbiguous
from engine.runner.prepare import Preparation
from engine.scheduler.composition import Composition


def confirm_reruns(preparation: Preparation) -> frozenset[str]:
    """The nodes that the user lets run again; none outside a terminal.

    The others wait: the run ends with `status: waiting`.
    """
    if preparation.original is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return frozenset()
    questions = rerun_questions(preparation.composition, preparation.original)
    return frozenset(id_ for id_, question in questions.items() if click.confirm(question, default=False, err=True))


def rerun_questions(composition: Composition, original: RecordedOutcomes) -> dict[str, str]:
    """By node with `on_ambiguous: ask`: the question about its executions whose end is unknown."""
    asking = {node.id for node in composition.all_nodes() if node.on_ambiguous is OnAmbiguous.ASK}
    runs = {node_id: run_id for (_, node_id), run_id in original.open.items() if node_id in asking}
    counts = Counter(node_id for _, node_id in original.open)
    return {id_: _question(id_, counts[id_], run_id) for id_, run_id in runs.items()}


def _question(node_id: str, count: int, run_id: str) -> str:
    what = node_id if count == 1 else f"{node_id} ({count} times)"
    it = "it" if count == 1 else "them"
    return (
        f"{what} was started in run {run_id[:8]}, but its end is not in the log: "
        f"its effects may already have happened. Run {it} again?"
    )
