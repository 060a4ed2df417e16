"""Names of oe-lsp's commands and custom messages (docs/protocol.md)."""

from __future__ import annotations

RUN_EXPERIENCE = "oe.runExperience"
RESUME_RUN = "oe.resumeRun"
CANCEL_RUN = "oe.cancelRun"
INSPECT_RUN = "oe.inspectRun"
SHOW_RUN = "oe.showRun"
SHOW_PLAN = "oe.showPlan"
SHOW_FAILURE = "oe.showFailure"
COPY_COMMAND = "oe.copyCommand"
PREVIEW_PROMPT = "oe.previewPrompt"
OPEN_RUN_PAGE = "oe.openRunPage"
COMPARE_RUNS = "oe.compareRuns"
COMPARE_NODE = "oe.compareNode"
DELETE_RUN = "oe.deleteRun"
PIN_RUN = "oe.pinRun"

SOURCE = "source.oe"
"""The kind of code actions on runs."""

RUNS = "oe/runs"
RUN_STATE = "oe/runState"
RUN_ITEMS = "oe/runItems"
RUNS_CHANGED = "oe/runsChanged"
PLAN = "oe/plan"
GRAPH = "oe/graph"
ARGS = "oe/args"
CHECK_ARG = "oe/checkArg"
EVENT = "oe/event"
DOCUMENT = "oe/document"
DOCUMENT_CHANGED = "oe/documentChanged"
SAVE_FILES = "oe/saveFiles"

INCOMING_REQUESTS = frozenset({RUNS, RUN_STATE, RUN_ITEMS, PLAN, GRAPH, ARGS, CHECK_ARG, DOCUMENT})
"""The custom requests that a client sends."""


def progress_token(run_id: str, *, is_shown: bool = False) -> str:
    """The token of a run's work-done progress; a short one for clients that show it to the user."""
    return f"run {run_id[:8]}" if is_shown else f"oe/run/{run_id}"
