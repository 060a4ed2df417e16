"""Which method of LSP goes to which handler, with which options: the one place where they are bound."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from oe_lsp.ide.completion.triggers import TRIGGERS
from oe_lsp.ide.semantic_tokens.legend import LEGEND
from oe_lsp.server.error_boundary import contained, without_answers
from oe_lsp.server.experience_server import ExperienceServer
from oe_lsp.server.features import handlers
from oe_lsp.server.session.diagnostic_mode import asks_for_problems
from oe_lsp.server.transport import protocol

if TYPE_CHECKING:
    from oe_lsp.server.session.documents import Analyse


async def initialize(ls: ExperienceServer, params: types.InitializeParams) -> None:
    """Runs before the capabilities are sent: binds what only some clients are to have."""
    ls.meet(params)
    if asks_for_problems(params.capabilities):
        _bind(ls, types.TEXT_DOCUMENT_DIAGNOSTIC, handlers.diagnostic)


FEATURES: dict[str, handlers.Handler] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: handlers.initialized,
    types.SHUTDOWN: handlers.shutdown,
    types.TEXT_DOCUMENT_DID_OPEN: handlers.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: handlers.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: handlers.did_close,
    types.TEXT_DOCUMENT_DID_SAVE: handlers.did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: handlers.did_change_files,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: handlers.did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: handlers.did_change_folders,
    types.TEXT_DOCUMENT_CODE_LENS: handlers.code_lens,
    types.TEXT_DOCUMENT_COMPLETION: handlers.completion,
    types.TEXT_DOCUMENT_HOVER: handlers.hover,
    types.TEXT_DOCUMENT_DEFINITION: handlers.navigation(lambda here: here.definition),
    types.TEXT_DOCUMENT_REFERENCES: handlers.navigation(lambda here: here.references),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: handlers.navigation(lambda here: here.highlights),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: handlers.navigation(lambda here: here.prepare_calls),
    types.CALL_HIERARCHY_INCOMING_CALLS: handlers.navigation(lambda here: here.incoming),
    types.CALL_HIERARCHY_OUTGOING_CALLS: handlers.navigation(lambda here: here.outgoing),
    types.TEXT_DOCUMENT_PREPARE_RENAME: handlers.navigation(lambda here: here.prepare_rename),
    types.TEXT_DOCUMENT_RENAME: handlers.navigation(lambda here: here.rename),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: handlers.structure(lambda here: here.document_symbols),
    types.WORKSPACE_SYMBOL: handlers.structure(lambda here: here.workspace_symbols),
    types.TEXT_DOCUMENT_FOLDING_RANGE: handlers.structure(lambda here: here.folds),
    types.TEXT_DOCUMENT_SELECTION_RANGE: handlers.structure(lambda here: here.selections),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: handlers.structure(lambda here: here.links),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: handlers.structure(lambda here: here.tokens),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA: handlers.structure(lambda here: here.token_changes),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: handlers.structure(lambda here: here.tokens_within),
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: handlers.progress_cancelled,
    protocol.RUNS: handlers.runs,
    protocol.RUN_STATE: handlers.run_state,
    protocol.PLAN: handlers.plan,
}

_LEGEND = types.SemanticTokensLegend([token.value for token in LEGEND], [])

OPTIONS: dict[str, Any] = {
    # What else is open changes nothing; what else is on disk does, and the server says when.
    types.TEXT_DOCUMENT_DIAGNOSTIC: types.DiagnosticOptions(
        inter_file_dependencies=False, workspace_diagnostics=False, identifier="oe"
    ),
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(trigger_characters=list(TRIGGERS)),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: _LEGEND,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA: _LEGEND,
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: _LEGEND,
}

COMMANDS: dict[str, handlers.Handler] = {
    protocol.RUN_EXPERIENCE: handlers.run_experience,
    protocol.RESUME_RUN: handlers.resume_run,
    protocol.CANCEL_RUN: handlers.cancel_run,
    protocol.INSPECT_RUN: handlers.inspect_run,
}


def create_server(analyse: Analyse | None = None) -> ExperienceServer:
    """A server with every feature and command bound; `analyse` takes the place of the engine's own analysis."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(without_answers)
    server = ExperienceServer(analyse)
    for method, handler in FEATURES.items():
        _bind(server, method, handler)
    for command, handler in COMMANDS.items():
        server.command(command)(contained(command, handler))
    return server


def _bind(server: ExperienceServer, method: str, handler: handlers.Handler) -> None:
    server.feature(method, OPTIONS.get(method))(contained(method, handler))
