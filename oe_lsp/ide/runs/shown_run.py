"""The run that the text of an experience shows: its state, and the plan of resuming it."""

from __future__ import annotations

from msgspec import Struct

from engine.log.reading.summary import RunSummary
from engine.log.reading.view import RunView
from oe_lsp.ide.runs.planned_run import PlannedRun


class ShownRun(Struct, frozen=True):
    """A run as far as it is known. The `view` of one that is running grows.

    `plan` is that of resuming it with the text as it is typed; None while it is running or not known, and then
    `refusal` may say why.
    """

    summary: RunSummary
    view: RunView
    plan: PlannedRun | None = None
    refusal: str | None = None
