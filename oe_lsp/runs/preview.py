"""Reads what a run or resume may call and lacks before it starts.

Imports half of the engine, which a server needs for nothing else: import it in a thread, and only to ask.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.cache.plan.estimate import Estimate
from engine.report.run_preview import estimate_text, need_lines, preview_from_json
from engine.runner.needs import Need
from oe_lsp.ide.runs.start_preview import StartPreview


def read_preview(plan: bytes) -> StartPreview:
    """What the JSON of `oe run --plan --json` or `oe resume --plan --json` says."""
    found = preview_from_json(plan)
    return start_preview(found.needs, found.estimate)


def start_preview(needs: Sequence[Need], estimate: Estimate) -> StartPreview:
    """The same of a run that was prepared here."""
    return StartPreview(
        calls=estimate_text(estimate) if estimate.most or estimate.open else "",
        most_calls=estimate.most,
        has_open_calls=bool(estimate.open),
        needs=tuple(dict.fromkeys(need.name for need in needs)),
        missing=tuple(need_lines(tuple(needs))),
        stops=any(need.stops for need in needs),
    )
