"""What the server and the planner process say to each other."""

from __future__ import annotations

from msgspec import Struct

from oe_lsp.ide.runs.planned_run import PlannedRun


class PlanQuestion(Struct, frozen=True):
    """What would resuming `run_id` do, with these open `texts`, by absolute path, in place of saved ones?"""

    id: int
    experience: str
    run_id: str
    texts: dict[str, str]


class PlanAnswer(Struct, frozen=True, omit_defaults=True):
    """The plan, or why there is none, for the user."""

    id: int
    plan: PlannedRun | None = None
    refusal: str | None = None
