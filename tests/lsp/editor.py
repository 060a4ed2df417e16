"""An editor that talks to a real oe-lsp over stdio, records every message, and can wait for one."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from pygls.io_ import run_async
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import forward_stderr, register_lsp_features

from tests.support.forks import can_fork, fork_server

SECONDS = 30
_converter = functools.cache(default_converter)
"""One for all: it compiles a function for each type of message."""

UNANSWERED = "the person looks elsewhere"


class Editor(LanguageClient):
    """One window, as a context manager. `trusted`, `events`, `options` and so on go into `initialize`."""

    def __init__(
        self,
        workspace: Path,
        *,
        encoding: str = "utf-16",
        trusted: bool | None = True,
        events: bool | None = True,
        progress: bool = True,
        settings: dict[str, Any] | None = None,
        answer: str | None = None,
        options: dict[str, Any] | None = None,
        capabilities: types.ClientCapabilities | None = None,
        env: dict[str, str] | None = None,
        process_id: int | None = None,
        server: Sequence[str] = (sys.executable, "-m", "oe_lsp.server"),
    ) -> None:
        super().__init__(converter_factory=_converter)
        self.workspace = workspace
        self.methods: set[str] = set()
        """Those of all requests and notifications that the server sent."""
        self.events: list[dict[str, Any]] = []
        self.published: list[types.PublishDiagnosticsParams] = []
        self.questions: list[str] = []
        self.actions: list[list[str]] = []
        self.refreshes = 0
        self.hint_refreshes = 0
        self.registered: list[str] = []
        self.pulls_diagnostics = False
        self._declared = capabilities or _capabilities(encoding, progress=progress)
        self._options = _present(oeEvents=events, trusted=trusted, settings=settings) | (options or {})
        self._answer = answer
        self._command = server
        self._process_id = process_id or os.getpid()
        self._env = {**os.environ, "OE_STATE_DIR": str(workspace / "state")} | (env or {})
        self._received = asyncio.Event()
        self._closing = asyncio.Event()
        self._versions = itertools.count(1)
        register_lsp_features(self)
        self.protocol._converter.register_structure_hook(types.Command | types.CodeAction, self._code_action)
        self._record()

    async def __aenter__(self) -> Editor:
        await self._start_server()
        introduced = await self.initialize_session(
            types.InitializeParams(
                capabilities=self._declared,
                workspace_folders=[types.WorkspaceFolder(self.uri("."), "workspace")],
                initialization_options=self._options or None,
                process_id=self._process_id,
            )
        )
        self.pulls_diagnostics = introduced.capabilities.diagnostic_provider is not None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.is_served:
            await asyncio.wait_for(self.shutdown_async(None), SECONDS)
            self._closing.set()
            self.exit(None)
            await self.until_server_exits()
        await self.stop()

    async def _start_server(self) -> None:
        """As `start_io` of pygls does, but where it can be with a process that need not import everything."""
        if not can_fork(self._command, self._env):
            await self.start_io(*self._command, env=self._env)
            return
        server = await fork_server(self._command, Path.cwd(), self._env)
        self._server = cast(asyncio.subprocess.Process, server)
        self.protocol.set_writer(server.stdin)
        reading = run_async(
            stop_event=self._stop_event,
            reader=server.stdout,
            protocol=self.protocol,
            error_handler=self.report_server_error,
        )
        self._async_tasks += [asyncio.create_task(reading), asyncio.create_task(self._server_exit())]
        self._stderr_forwarder = asyncio.create_task(forward_stderr(self._server))

    @property
    def is_served(self) -> bool:
        return self._server is not None and self._server.returncode is None

    @property
    def server_pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    @property
    def exit_code(self) -> int | None:
        assert self._server is not None
        return self._server.returncode

    async def vanish(self) -> None:
        """End without `shutdown`, as an editor that crashes."""
        assert self._server is not None
        assert self._server.stdin is not None
        self._server.stdin.close()
        await self.until_server_exits()

    async def until_server_exits(self) -> None:
        assert self._server is not None
        await asyncio.wait_for(self._server.wait(), SECONDS)

    def uri(self, name: str) -> str:
        path = self.workspace if name == "." else self.workspace / name
        return path.as_uri()

    def open(self, name: str = "experience.yaml", text: str | None = None, language: str = "yaml") -> str:
        """Open a file, as it is on disk or with other text; its URI."""
        content = (self.workspace / name).read_bytes().decode("utf-8-sig") if text is None else text
        document = types.TextDocumentItem(self.uri(name), language, next(self._versions), content)
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return document.uri

    def change(self, uri: str, text: str) -> int:
        """Replace a document's text; its new version."""
        version = next(self._versions)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        return version

    async def lenses(self, uri: str) -> list[types.CodeLens]:
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        return list(await asyncio.wait_for(self.text_document_code_lens_async(params), SECONDS) or [])

    async def lens(self, uri: str, title: str) -> types.Command:
        """The command of the one lens whose title begins so."""
        commands = [lens.command for lens in await self.lenses(uri) if lens.command]
        (command,) = [command for command in commands if command.title.startswith(title)]
        return command

    async def until_lens(self, uri: str, title: str, part: str = "") -> None:
        """Wait for a lens whose title begins with `title` and has `part`: look now, and after each refresh that the
        server asks for.
        """
        while True:
            refreshes = self.refreshes
            titles = [lens.command.title for lens in await self.lenses(uri) if lens.command]
            if any(shown.startswith(title) and part in shown for shown in titles):
                return
            await self.until(lambda before=refreshes: self.refreshes > before)

    async def action(self, uri: str, title: str, line: int = 0) -> types.Command:
        """The command of the one code action on a line whose title begins so."""
        place = types.Position(line, 0)
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(uri), types.Range(place, place), types.CodeActionContext([])
        )
        found = await asyncio.wait_for(self.text_document_code_action_async(params), SECONDS) or []
        commands = [action if isinstance(action, types.Command) else action.command for action in found]
        (command,) = [command for command in commands if command is not None and command.title.startswith(title)]
        return command

    async def hints(self, uri: str) -> list[str]:
        """The labels of the inlay hints of a document, in its order."""
        return [str(hint.label) for hint in await self.whole_hints(uri)]

    async def whole_hints(self, uri: str) -> Sequence[types.InlayHint]:
        """The inlay hints of a document."""
        whole = types.Range(types.Position(0, 0), types.Position(100_000, 0))
        params = types.InlayHintParams(types.TextDocumentIdentifier(uri), whole)
        return await asyncio.wait_for(self.text_document_inlay_hint_async(params), SECONDS) or []

    async def until_hints(self, uri: str, holds: Callable[[list[str]], bool]) -> list[str]:
        """Wait for inlay hints: look now, and after each refresh that the server asks for."""
        while True:
            refreshes = self.hint_refreshes
            if holds(hints := await self.hints(uri)):
                return hints
            await self.until(lambda before=refreshes: self.hint_refreshes > before)

    async def execute(self, command: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(command=command, arguments=list(arguments))
        return await asyncio.wait_for(self.workspace_execute_command_async(params), SECONDS)

    async def click(self, command: types.Command) -> Any:
        """Execute a lens's own command, as it was returned."""
        return await self.execute(command.command, *(command.arguments or []))

    async def ask(self, method: str, **params: Any) -> Any:
        """A custom request; its result as named tuples."""
        return await asyncio.wait_for(self.protocol.send_request_async(method, params), SECONDS)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait for a message after which `holds()` is true; what it returned."""

        async def wait() -> Any:
            while not (result := holds()):
                self._received.clear()
                await self._received.wait()
            return result

        return await asyncio.wait_for(wait(), SECONDS)

    async def diagnostics_of(self, uri: str, version: int | None = None) -> Sequence[types.Diagnostic]:
        """The diagnostics published last for a document, once they are for `version` (None: any)."""

        def latest() -> types.PublishDiagnosticsParams | None:
            found = [params for params in self.published if params.uri == uri]
            return found[-1] if found and version in (None, found[-1].version) else None

        return (await self.until(latest)).diagnostics

    async def pull(self, uri: str, previous: str | None = None) -> types.DocumentDiagnosticReport:
        """Ask for the problems of a document."""
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri), previous_result_id=previous)
        return await asyncio.wait_for(self.text_document_diagnostic_async(params), SECONDS)

    async def problems_of(self, uri: str, version: int | None = None) -> Sequence[types.Diagnostic]:
        """The problems of a document, pulled or pushed as this client does."""
        if not self.pulls_diagnostics:
            return await self.diagnostics_of(uri, version)
        report = await self.pull(uri)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return report.items

    def events_of(self, run_id: str) -> list[str]:
        """The events of a run, a word for each: `node.cached fetch`."""
        events = [params["event"] for params in self.events if params["runId"] == run_id]
        return [f"{event['type']} {event['nodeId']}" if "nodeId" in event else event["type"] for event in events]

    async def until_event(self, run_id: str, word: str) -> None:
        await self.until(lambda: word in self.events_of(run_id))

    def progress_of(self, run_id: str) -> list[Any]:
        return self.progress_reports.get(f"oe/run/{run_id}", [])

    async def until_progress_ends(self, run_id: str) -> types.WorkDoneProgressEnd:
        def end() -> Any:
            return next((value for value in self.progress_of(run_id) if value.kind == "end"), None)

        return await self.until(end)

    def answer_with(self, answer: str | None) -> None:
        """Answer further questions with this action, or close them."""
        self._answer = answer

    def refuse_questions(self) -> None:
        """Be a client that knows no `window/showMessageRequest`."""
        del self.protocol.fm.features[types.WINDOW_SHOW_MESSAGE_REQUEST]

    def _code_action(self, given: dict[str, Any], _: type) -> types.Command | types.CodeAction:
        """lsprotocol's own takes every code action with a command for a command."""
        kind = types.Command if isinstance(given.get("command"), str) else types.CodeAction
        return self.protocol._converter.structure(given, kind)  # type: ignore[no-any-return]

    def _record(self) -> None:
        @self.feature("oe/event")
        def event(params: Any) -> None:
            self.events.append(plain(params))

        @self.feature(types.WORKSPACE_CODE_LENS_REFRESH)
        def refresh(_: None) -> None:
            self.refreshes += 1

        @self.feature(types.WORKSPACE_INLAY_HINT_REFRESH)
        def refresh_hints(_: None) -> None:
            self.hint_refreshes += 1

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.registered += [registration.method for registration in params.registrations]

        @self.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
        async def question(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            self.questions.append(params.message)
            self.actions.append([action.title for action in params.actions or []])
            self._received.set()
            if self._answer == UNANSWERED:
                await self._closing.wait()
            return next((action for action in params.actions or [] if action.title == self._answer), None)

        handle = self.protocol.handle_message

        def handle_and_record(message: Any) -> None:
            handle(message)
            method = getattr(message, "method", None)
            if method is not None:
                self.methods.add(method)
            if method == types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS:
                self.published.append(message.params)
            self._received.set()

        self.protocol.handle_message = handle_and_record  # type: ignore[method-assign]


def _capabilities(encoding: str, *, progress: bool) -> types.ClientCapabilities:
    return types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)]),
        window=types.WindowClientCapabilities(work_done_progress=progress),
        workspace=types.WorkspaceClientCapabilities(
            configuration=True,
            execute_command=types.ExecuteCommandClientCapabilities(),
            code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True),
            inlay_hint=types.InlayHintWorkspaceClientCapabilities(refresh_support=True),
        ),
        text_document=types.TextDocumentClientCapabilities(
            code_lens=types.CodeLensClientCapabilities(),
            publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
                related_information=True, version_support=True, code_description_support=True, data_support=True
            ),
        ),
    )


def _present(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def plain(value: Any) -> Any:
    """pygls turns unknown messages into named tuples: back to JSON."""
    if hasattr(value, "_asdict"):
        return {name: plain(inner) for name, inner in value._asdict().items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
