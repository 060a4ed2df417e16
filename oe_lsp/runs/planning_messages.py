"""What the server and the planner process say to each other."""

from __future__ import annotations

from msgspec import Struct

from oe_lsp.ide.runs.planned_run import PlannedRun


class PlanQuestion(Struct, frozen=True):
    """What would resuming `run_id` do, with these open `texts`, by absolute path, in place of saved ones?

    Without `run_id`, only: what does a run need?
    """

    id: int
    experience: str
    run_id: str | None
    texts: dict[str, str]


class PlanAnswer(Struct, frozen=True, omit_defaults=True):
    """The plan, or why there is none, for the user. `needs` names what any node of the experience needs and this
    machine lacks, such as `ANTHROPIC_API_KEY`.
    """

    id: int
    plan: PlannedRun | None = None
    refusal: str | None = None
    needs: tuple[str, ...] = ()
