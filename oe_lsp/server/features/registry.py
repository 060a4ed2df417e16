"""The one list of what the server answers. To add a request, add a file beside this one, and its line here.

Handlers are named and not imported, since the capabilities that `initialize` answers with must not wait for the engine:
`load` imports them after `initialized`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from lsprotocol import types
from msgspec import Struct

from oe_lsp.ide.completion.triggers import TRIGGERS
from oe_lsp.ide.semantic_tokens.legend import LEGEND
from oe_lsp.server.session.diagnostic_mode import pulls_diagnostics
from oe_lsp.server.transport import names


class Feature(Struct, frozen=True):
    """A method of LSP, or a command, and what answers it."""

    name: str
    handler: str
    """`module:function`, in this package."""
    options: Any = None
    """What `initialize` says of it."""
    is_wanted: Callable[[types.ClientCapabilities], bool] | None = None
    """For which clients; None for all."""

    def load(self) -> Callable[..., Any]:
        """The handler. Imports its module the first time."""
        module, _, function = self.handler.partition(":")
        handler: Callable[..., Any] = getattr(import_module(f"oe_lsp.server.features.{module}"), function)
        return handler


_COMPLETION = types.CompletionOptions(trigger_characters=list(TRIGGERS))
_TOKENS = types.SemanticTokensLegend([token.value for token in LEGEND], [])

SNAPSHOT_REQUESTS = (
    Feature(types.TEXT_DOCUMENT_COMPLETION, "completion:completion", _COMPLETION),
    Feature(types.TEXT_DOCUMENT_HOVER, "hover:hover"),
    Feature(types.TEXT_DOCUMENT_DEFINITION, "definition:definition"),
    Feature(types.TEXT_DOCUMENT_REFERENCES, "references:references"),
    Feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, "call_hierarchy:prepare"),
    Feature(types.CALL_HIERARCHY_INCOMING_CALLS, "call_hierarchy:incoming_calls"),
    Feature(types.CALL_HIERARCHY_OUTGOING_CALLS, "call_hierarchy:outgoing_calls"),
    Feature(types.TEXT_DOCUMENT_PREPARE_RENAME, "rename:prepare_rename"),
    Feature(types.TEXT_DOCUMENT_RENAME, "rename:rename"),
    Feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "symbols:document_symbol"),
    Feature(types.TEXT_DOCUMENT_FOLDING_RANGE, "folding_range:folding_range"),
    Feature(types.TEXT_DOCUMENT_SELECTION_RANGE, "selection_range:selection_range"),
    Feature(types.TEXT_DOCUMENT_DOCUMENT_LINK, "document_link:document_link"),
    Feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, "semantic_tokens:full", _TOKENS),
    Feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA, "semantic_tokens:delta", _TOKENS),
    Feature(types.TEXT_DOCUMENT_INLAY_HINT, "inlay_hint:inlay_hint"),
    Feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, "semantic_tokens:range_", _TOKENS),
)
"""Answered in a thread by a function of the session, the snapshot of the document's newest text, and the params."""

_CODE_ACTION = types.CodeActionOptions(code_action_kinds=[names.SOURCE], resolve_provider=False)
_DIAGNOSTIC = types.DiagnosticOptions(inter_file_dependencies=False, workspace_diagnostics=False, identifier="oe")

SESSION_MESSAGES = (
    Feature(types.TEXT_DOCUMENT_DID_OPEN, "text_sync:did_open"),
    Feature(types.TEXT_DOCUMENT_DID_CHANGE, "text_sync:did_change"),
    Feature(types.TEXT_DOCUMENT_DID_CLOSE, "text_sync:did_close"),
    Feature(types.TEXT_DOCUMENT_DID_SAVE, "text_sync:did_save"),
    Feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, "workspace_changes:watched_files"),
    Feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION, "workspace_changes:configuration"),
    Feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, "workspace_changes:workspace_folders"),
    Feature(types.TEXT_DOCUMENT_DIAGNOSTIC, "diagnostic:diagnostic", _DIAGNOSTIC, is_wanted=pulls_diagnostics),
    Feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "document_highlight:document_highlight"),
    Feature(types.INLAY_HINT_RESOLVE, "inlay_hint:resolve"),
    Feature(types.TEXT_DOCUMENT_CODE_LENS, "code_lens:code_lens"),
    Feature(types.TEXT_DOCUMENT_CODE_ACTION, "code_action:code_action", _CODE_ACTION),
    Feature(types.WORKSPACE_SYMBOL, "symbols:workspace_symbol"),
    Feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, "cancel_run:cancel_progress"),
    Feature(names.RUNS, "list_runs:runs"),
    Feature(names.RUN_STATE, "run_state:run_state"),
    Feature(names.RUN_ITEMS, "run_items:run_items"),
    Feature(names.PLAN, "plan:plan"),
    Feature(names.GRAPH, "graph:graph"),
    Feature(names.ARGS, "declared_args:declared_args"),
    Feature(names.CHECK_ARG, "declared_args:check_arg"),
    Feature(names.DOCUMENT, "document:document"),
)
"""Handled on the event loop by a coroutine of the session and the params."""

COMMANDS = (
    Feature(names.RUN_EXPERIENCE, "start_run:run_experience"),
    Feature(names.RESUME_RUN, "start_run:resume_run"),
    Feature(names.CANCEL_RUN, "cancel_run:cancel_run"),
    Feature(names.INSPECT_RUN, "run_state:inspect_run"),
    Feature(names.SHOW_RUN, "show_run:show_run"),
    Feature(names.SHOW_PLAN, "show_run:show_plan"),
    Feature(names.SHOW_FAILURE, "show_run:show_failure"),
    Feature(names.PREVIEW_PROMPT, "preview_prompt:preview_prompt"),
    Feature(names.COPY_COMMAND, "copy_command:copy_command"),
    Feature(names.OPEN_RUN_PAGE, "open_page:open_run_page"),
    Feature(names.COMPARE_RUNS, "compare_runs:compare_runs"),
    Feature(names.COMPARE_NODE, "compare_runs:compare_node"),
    Feature(names.DELETE_RUN, "delete_run:delete_run"),
    Feature(names.PIN_RUN, "delete_run:pin_run"),
)
"""Carried out on the event loop by a coroutine of the session and the list of arguments."""
