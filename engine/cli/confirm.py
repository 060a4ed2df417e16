"""Asks, before a resume begins, what only a person knows (`on_ambiguous: ask`). Only in a terminal."""

from __future__ import annotations

import sys
from collections import Counter

import click

from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.experience.model import OnAmbiguous
from engine.runner.prepare import Preparation
from engine.scheduler.composition import Composition


def ask_what_may_rerun(preparation: Preparation) -> frozenset[str]:
    """The nodes of which someone says that they may run again; none where nobody can be asked.

    What is answered with no waits, as it does outside a terminal: the run ends with `status: waiting`.
    """
    if preparation.original is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return frozenset()
    questions = in_doubt(preparation.composition, preparation.original)
    return frozenset(id_ for id_, question in questions.items() if click.confirm(question, default=False, err=True))


def in_doubt(composition: Composition, original: RecordedOutcomes) -> dict[str, str]:
    """By node that asks: the question about what was started of it and whose end nobody knows."""
    asking = {node.id for node in composition.all_nodes() if node.on_ambiguous is OnAmbiguous.ASK}
    runs = {node_id: run_id for (_, node_id), run_id in original.open.items() if node_id in asking}
    counts = Counter(node_id for _, node_id in original.open)
    return {id_: _question(id_, counts[id_], run_id) for id_, run_id in runs.items()}


def _question(node_id: str, count: int, run_id: str) -> str:
    what = node_id if count == 1 else f"{node_id} ({count} times)"
    it = "it" if count == 1 else "them"
    return (
        f"{what} was started in run {run_id[:8]}, whose log does not record how it ended: "
        f"what it does may be done already. Run {it} again?"
    )
