"""The pygls server: the one place where LSP methods are bound, and where what goes wrong in one stays in it.

Only what a start needs is imported here. The session brings the engine along, after `initialized`.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcInternalError, JsonRpcRequestCancelled
from pygls.lsp.server import LanguageServer

from engine import __version__
from oe_lsp.ide.completion_triggers import TRIGGERS
from oe_lsp.ide.token_legend import LEGEND
from oe_lsp.server import protocol
from oe_lsp.server.paths import path_of

if TYPE_CHECKING:
    from oe_lsp.server import messages
    from oe_lsp.server.navigation import Navigation
    from oe_lsp.server.session import Session
    from oe_lsp.server.structure import Structure

log = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[Any]]


class ExperienceServer(LanguageServer):
    """A pygls server that has a session from `initialized` to `shutdown`."""

    protocol: protocol.Protocol

    def __init__(self) -> None:
        super().__init__(
            "oe-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=protocol.Protocol,
            converter_factory=protocol.converter,
        )
        self.was_shut_down = False
        self._introduction: types.InitializeParams | None = None
        self._session: asyncio.Task[Session] | None = None
        self._commands: set[asyncio.Task[Any]] = set()

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve on stdin and stdout until the client ends it.

        Both belong to the protocol: whatever else prints, here or in a child process, gets stderr, and finds no input.
        """
        reader, writer = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), sys.stdin.fileno())
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        sys.stdout = sys.stderr
        super().start_io(stdin or os.fdopen(reader, "rb"), stdout or os.fdopen(writer, "wb"))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log only: pygls would show a message, and where sending fails, that message fails again without end."""
        # The error of a request is its answer, and was logged already where it was not meant for the user.
        if source is not FeatureRequestError:
            log.error("%s: %s", getattr(source, "__name__", source), error)

    def meet(self, params: types.InitializeParams) -> None:
        """Note who the client is."""
        self._introduction = params

    def open_session(self) -> None:
        """Start what serves the client, off the path to `initialized`."""
        self._session = asyncio.create_task(self._make_session(), name="open session")
        self._session.add_done_callback(self._tell_failure)

    async def session(self) -> Session:
        """The session, as soon as it is there. A cancelled caller does not cancel it."""
        if self._session is None:
            raise JsonRpcException("The server is not initialized.", code=types.ErrorCodes.ServerNotInitialized.value)
        return await asyncio.shield(self._session)

    async def run_command(self, work: Awaitable[Any]) -> Any:
        """Do the work of a command; it is cancelled on shutdown, and then answered as cancelled."""
        task = asyncio.ensure_future(work)
        self._commands.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            # pygls never answers a command whose handler was cancelled.
            raise JsonRpcRequestCancelled("The server is shutting down.") from None
        finally:
            self._commands.discard(task)

    async def close_session(self) -> None:
        """End all that was started, and answer commands that are waiting."""
        self.was_shut_down = True
        commands = tuple(self._commands)
        for task in commands:
            task.cancel()
        if self._session is not None:
            await asyncio.wait({self._session})
        if (session := self._opened()) is not None:
            await session.close()
        if commands:
            await asyncio.wait(commands)

    def end_own_runs(self) -> None:
        """For an editor that vanished without `shutdown`: do with its runs what the user wants."""
        if (session := self._opened()) is not None:
            session.end_own_runs()

    def _opened(self) -> Session | None:
        task = self._session
        return task.result() if task and task.done() and not task.cancelled() and not task.exception() else None

    def _tell_failure(self, session: asyncio.Task[Session]) -> None:
        if not session.cancelled() and (error := session.exception()) is not None:
            log.error("no session", exc_info=error)
            message = f"oe-lsp cannot work: {error}. Is it installed completely?"
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    async def _make_session(self) -> Session:
        loop = asyncio.get_running_loop()
        # In a thread, because it takes some hundred milliseconds that a client would wait for its first answers.
        module = await loop.run_in_executor(None, importlib.import_module, "oe_lsp.server.session")
        session = cast("Session", module.Session(self, self._introduction))
        session.start()
        return session


async def initialize(ls: ExperienceServer, params: types.InitializeParams) -> None:
    """Runs before the capabilities are sent."""
    ls.meet(params)


async def initialized(ls: ExperienceServer, _: types.InitializedParams) -> None:
    """The client is ready for requests of ours."""
    ls.open_session()


async def shutdown(ls: ExperienceServer, _: None) -> None:
    """Runs before pygls stops accepting requests."""
    await ls.close_session()


async def did_open(ls: ExperienceServer, params: types.DidOpenTextDocumentParams) -> None:
    """Begins to check an experience."""
    (await ls.session()).opened(params.text_document)


async def did_change(ls: ExperienceServer, params: types.DidChangeTextDocumentParams) -> None:
    """Checks the new text: the one in the params, since pygls's document may be newer already."""
    session = await ls.session()
    uri = params.text_document.uri
    if uri in session.documents and params.content_changes:
        session.documents.update(uri, params.text_document.version, params.content_changes[-1].text)


async def did_close(ls: ExperienceServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forgets an experience."""
    (await ls.session()).closed(params.text_document.uri)


async def did_save(ls: ExperienceServer, params: types.DidSaveTextDocumentParams) -> None:
    """Looks again at the files that experiences name: one of them may have been saved."""
    (await ls.session()).files_changed([params.text_document.uri])


async def did_change_files(ls: ExperienceServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Looks again at the files that experiences name."""
    (await ls.session()).files_changed(change.uri for change in params.changes)


async def did_change_configuration(ls: ExperienceServer, params: types.DidChangeConfigurationParams) -> None:
    """Takes new settings."""
    (await ls.session()).configure(params.settings)


async def did_change_folders(ls: ExperienceServer, _: types.DidChangeWorkspaceFoldersParams) -> None:
    """Follows the runs of the workspace's folders, which pygls keeps."""
    paths = [path_of(uri) for uri in ls.workspace.folders]
    (await ls.session()).look_in(path for path in paths if path is not None)


async def code_lens(ls: ExperienceServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """Offers to run, resume and cancel; above experiences only."""
    session = await ls.session()
    uri = params.text_document.uri
    return await session.requests.lenses(uri) if uri in session.documents else None


async def completion(ls: ExperienceServer, params: types.CompletionParams) -> types.CompletionList | None:
    """Offers what can be written at a position."""
    return await (await ls.session()).editing.complete(params)


async def hover(ls: ExperienceServer, params: types.HoverParams) -> types.Hover | None:
    """Says what stands at a position."""
    return await (await ls.session()).editing.hover(params)


async def diagnostic(ls: ExperienceServer, params: types.DocumentDiagnosticParams) -> protocol.Plain:
    """Says what is wrong in a document, to clients that ask."""
    report = await (await ls.session()).diagnosis.report(params)
    return await asyncio.to_thread(ls.protocol.plain, report)


def navigation(method: Callable[[Navigation], Handler]) -> Handler:
    """A handler that asks the session's navigation."""

    async def ask(ls: ExperienceServer, params: Any) -> Any:
        return await method((await ls.session()).navigation)(params)

    return ask


def structure(method: Callable[[Structure], Handler]) -> Handler:
    """A handler that asks the session about the structure of documents: answers are as large as those are."""

    async def ask(ls: ExperienceServer, params: Any) -> Any:
        found = await method((await ls.session()).structure)(params)
        return await asyncio.to_thread(ls.protocol.plain, found)

    return ask


async def progress_cancelled(ls: ExperienceServer, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancels the run that a progress belongs to."""
    (await ls.session()).cancel_by_token(params.token)


async def runs(ls: ExperienceServer, request: Any) -> messages.RunsResult:
    """`oe/runs`."""
    return await (await ls.session()).requests.runs(request)


async def run_state(ls: ExperienceServer, request: Any) -> messages.RunStateResult:
    """`oe/runState`."""
    return await (await ls.session()).requests.run_state(request)


async def plan(ls: ExperienceServer, request: Any) -> messages.PlanResult:
    """`oe/plan`."""
    return await (await ls.session()).requests.plan(request)


async def run_experience(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.runExperience`."""
    return await ls.run_command((await ls.session()).commands.run_experience(arguments))


async def resume_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.resumeRun`."""
    return await ls.run_command((await ls.session()).commands.resume_run(arguments))


async def cancel_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.cancelRun`."""
    return await ls.run_command((await ls.session()).commands.cancel_run(arguments))


async def inspect_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.inspectRun`."""
    return await ls.run_command((await ls.session()).commands.inspect_run(arguments))


FEATURES: dict[str, Handler] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.SHUTDOWN: shutdown,
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_files,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_folders,
    types.TEXT_DOCUMENT_CODE_LENS: code_lens,
    types.TEXT_DOCUMENT_COMPLETION: completion,
    types.TEXT_DOCUMENT_HOVER: hover,
    types.TEXT_DOCUMENT_DIAGNOSTIC: diagnostic,
    types.TEXT_DOCUMENT_DEFINITION: navigation(lambda here: here.definition),
    types.TEXT_DOCUMENT_REFERENCES: navigation(lambda here: here.references),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: navigation(lambda here: here.highlights),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: navigation(lambda here: here.prepare_calls),
    types.CALL_HIERARCHY_INCOMING_CALLS: navigation(lambda here: here.incoming),
    types.CALL_HIERARCHY_OUTGOING_CALLS: navigation(lambda here: here.outgoing),
    types.TEXT_DOCUMENT_PREPARE_RENAME: navigation(lambda here: here.prepare_rename),
    types.TEXT_DOCUMENT_RENAME: navigation(lambda here: here.rename),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: structure(lambda here: here.document_symbols),
    types.WORKSPACE_SYMBOL: structure(lambda here: here.workspace_symbols),
    types.TEXT_DOCUMENT_FOLDING_RANGE: structure(lambda here: here.folds),
    types.TEXT_DOCUMENT_SELECTION_RANGE: structure(lambda here: here.selections),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: structure(lambda here: here.links),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: structure(lambda here: here.tokens),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA: structure(lambda here: here.token_changes),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE: structure(lambda here: here.tokens_within),
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: progress_cancelled,
    protocol.RUNS: runs,
    protocol.RUN_STATE: run_state,
    protocol.PLAN: plan,
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

COMMANDS: dict[str, Handler] = {
    protocol.RUN_EXPERIENCE: run_experience,
    protocol.RESUME_RUN: resume_run,
    protocol.CANCEL_RUN: cancel_run,
    protocol.INSPECT_RUN: inspect_run,
}


def create_server() -> ExperienceServer:
    """A server with every feature and command bound."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_unexpected)
    server = ExperienceServer()
    for method, handler in FEATURES.items():
        server.feature(method, OPTIONS.get(method))(contained(method, handler))
    for command, handler in COMMANDS.items():
        server.command(command)(contained(command, handler))
    return server


def _is_unexpected(record: logging.LogRecord) -> bool:
    """pygls logs the traceback of every error that answers a request; what `contained` let through needs none."""
    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcException))


def contained(name: str, handler: Handler) -> Handler:
    """`handler`, whose unexpected errors are logged, and answered with a sentence instead of a traceback."""

    async def run(ls: ExperienceServer, *arguments: Any) -> Any:
        try:
            return await handler(ls, *arguments)
        except JsonRpcException:
            raise
        except Exception as error:
            log.exception("%s failed", name)
            raise JsonRpcInternalError(f"{name} failed: {error}. The server's log has the details.") from None

    return run
