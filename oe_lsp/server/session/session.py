"""What serves one client from `initialized` to `shutdown`, and how its parts are connected."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.file_names import as_on_disk
from engine.log.storage.cancel_file import request_cancel
from engine.owned_tasks import OwnedTasks
from engine.syntax import LineIndex
from engine.trusted_folders import TrustedFolders
from engine.user_folder import state_folder
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.runs.planner import Planner
from oe_lsp.runs.run_histories import LogCache
from oe_lsp.server.session.call_confirmation import CallConfirmation
from oe_lsp.server.session.client_capabilities import read_capabilities
from oe_lsp.server.session.consent import Consent
from oe_lsp.server.session.diagnostics import Diagnostics
from oe_lsp.server.session.documents import Analyse, Documents
from oe_lsp.server.session.expected_plan import PlanComparison
from oe_lsp.server.session.experience_files import is_experience
from oe_lsp.server.session.failure_details import FailureDetails
from oe_lsp.server.session.failure_diagnostics import FailureDiagnostics
from oe_lsp.server.session.isolated_results import IsolatedResults
from oe_lsp.server.session.last_good import LastGood
from oe_lsp.server.session.refresh import Refresh
from oe_lsp.server.session.run_end_message import RunEndMessage
from oe_lsp.server.session.run_launcher import RunLauncher
from oe_lsp.server.session.run_notifications import RunNotifications
from oe_lsp.server.session.run_pages import RunPages
from oe_lsp.server.session.runs import Runs
from oe_lsp.server.session.runs_changed import RunsChangedNotifier
from oe_lsp.server.session.settings import SECTION, OnEditorClose, Settings, read_settings
from oe_lsp.server.session.shown_runs import ShownRuns
from oe_lsp.server.session.unsaved_files import UnsavedFiles
from oe_lsp.server.session.viewer import Viewer
from oe_lsp.server.session.virtual_documents import VirtualDocuments
from oe_lsp.server.session.workspace import Workspace
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.positions import Positions, encoding_of
from oe_lsp.server.transport.uris import path_of, uri_of

_WATCHED_FILES = "**/*.{md,txt,py,mjs,js,cjs,ts,mts,cts,json,jsonl,ndjson,csv,tsv,parquet,db,sqlite,yaml,yml}"
"""Files that an experience may name, by their extensions."""

_OTHER_SUFFIXES = frozenset({".md", ".txt", ".py", ".mjs", ".js", ".cjs", ".ts", ".mts", ".cts", ".json"})
"""Of files beside an experience that people type, and that change what its nodes do."""

_OTHER_FILES = f"**/*.{{{','.join(sorted(suffix[1:] for suffix in _OTHER_SUFFIXES))}}}"

_DATA_FOLDER = "/.openexpertise/"

_State = TypeVar("_State")


class Session:
    """Opened by `start`, ended by `close`."""

    def __init__(
        self,
        client: Client,
        params: types.InitializeParams,
        position_encoding: types.PositionEncodingKind | str | None,
        analyse: Analyse | None,
    ) -> None:
        """`params` are those of `initialize`. `analyse` replaces the engine's own analysis."""
        self.capabilities = capabilities = read_capabilities(params)
        self.encoding = encoding_of(position_encoding)
        self._feature_states: dict[type, Any] = {}
        self.settings = capabilities.options.settings or Settings()
        self.documents = Documents(analyse)
        self.diagnostics = Diagnostics(
            client, self.documents, capabilities, self.encoding, lambda: self.settings.severities
        )
        self.client = client
        self._lenses = Refresh(client, types.WORKSPACE_CODE_LENS_REFRESH)
        self._hints = Refresh(client, types.WORKSPACE_INLAY_HINT_REFRESH)
        self.planner = Planner()
        self.consent = Consent(client, capabilities.options.trusted, TrustedFolders(state_folder()))
        self.virtual_documents = VirtualDocuments(
            client, state_folder() / "documents", is_virtual=capabilities.options.serves_documents
        )
        self.viewer = Viewer(client, self.documents, self.encoding)
        end = RunEndMessage(
            client,
            self.viewer,
            capabilities,
            lambda uri, run_id: self.launcher.resume(uri, run_id, []),
        )
        self._notifications = RunNotifications(
            client,
            self._run_changed,
            self._uri_of_run,
            end,
            with_events=capabilities.options.wants_events,
            with_progress=capabilities.progress,
            shows_tokens=capabilities.shows_tokens,
        )
        self.feed = RunFeed(self._notifications, self.runs_changed, self._show_unreadable)
        self.runs = Runs(self.feed)
        self._changes = RunsChangedNotifier(client, self.documents.uris, self.feed.running_in)
        self.shown = ShownRuns(self.documents, self.runs, self.planner, self.consent.is_given)
        self.plan_comparison = PlanComparison(client, self.documents, self.runs, self.planner, self.virtual_documents)
        self._isolated = IsolatedResults(self.virtual_documents)
        self.feed.subscribe(self.shown)
        self.feed.subscribe(self._isolated)
        self.shown.subscribe(lambda _: self._shown_changed())
        self.failures = FailureDiagnostics(
            client,
            self.documents,
            self.shown,
            self.diagnostics,
            FailureDetails(
                self.documents,
                self.virtual_documents,
                self.state(LogCache),
                self.encoding,
                wants_documents=capabilities.related_information,
            ),
            capabilities,
            self.encoding,
            lambda: self.settings.severities,
        )
        self.workspace = Workspace(self.documents, self.feed)
        files = UnsavedFiles(
            client,
            self.documents,
            lambda: self.settings.on_unsaved_files,
            can_save=capabilities.options.saves_files,
        )
        calls = CallConfirmation(client, self.documents, self.shown.get, lambda: self.settings.confirm_calls)
        self.launcher = RunLauncher(client, self.feed, (self.consent, files, calls))
        self.pages = RunPages(self.documents, self.consent, tells_cursor=not capabilities.options.embeds_pages)
        self.last_good = LastGood(self.documents)
        self._tasks = OwnedTasks()

    def start(self) -> None:
        """Follow runs, and ask the client for settings and changed files."""
        self.feed.start()
        self.workspace.change_roots(added=self.capabilities.roots)
        if self.capabilities.options.wants_run_changes:
            self._tasks.spawn(self._changes.run(), "notify of changed runs")
        if self.capabilities.code_lens_refresh:
            self._tasks.spawn(self._lenses.run(), "refresh code lenses")
        if self.capabilities.inlay_hint_refresh:
            self._tasks.spawn(self._hints.run(), "refresh inlay hints")
            self._tasks.spawn(self._count_seconds(), "count the seconds of running nodes")
        if self.capabilities.syncs_dynamically:
            self._tasks.spawn(self._sync_other_files(), "register for the texts of prompts and tools")
        if self.capabilities.options.settings is None:
            self._pull_settings_soon()
        if self.capabilities.watches_files:
            self._tasks.spawn(self._watch_files(), "register for changed files")

    def open(self, document: types.TextDocumentItem) -> None:
        """Analyse a document that was opened, if it is an experience."""
        if is_experience(document.uri, document.language_id):
            self.documents.update(document.uri, document.version, document.text)
            self.workspace.watch()
        else:
            self.other_text_changed(document.uri, document.text)

    def other_text_changed(self, uri: str, text: str | None) -> None:
        """Plan and analyse with the text of a file that an experience may name, such as a prompt; None when closed."""
        path = path_of(uri)
        if path is not None and path.suffix in _OTHER_SUFFIXES:
            self.documents.update_other(path, text)
            self.shown.files_changed(path)

    def close_document(self, uri: str) -> None:
        """Forget a document that was closed."""
        if uri in self.documents:
            self.documents.close(uri)
            self.diagnostics.clear(uri)
            self.failures.close_document(uri)
            self.shown.close(uri)
            self.pages.close_document(uri)
            self.last_good.close_document(uri)
            self.workspace.watch()
        else:
            self.other_text_changed(uri, None)

    def files_changed(self, uris: Iterable[str]) -> None:
        """Analyse the open experiences again: one may name a file that was saved, created or deleted."""
        if any(_DATA_FOLDER not in uri for uri in uris):  # logs change all the time, and no experience names one
            self.documents.refresh()
            self.shown.all_changed()

    def settings_changed(self, pushed: object) -> None:
        """Apply the settings that the client pushed, or pull them where it pushed none."""
        section = pushed.get(SECTION) if isinstance(pushed, dict) else None
        if section is None:
            self._pull_settings_soon()
        else:
            self._apply(read_settings(section))

    def runs_changed(self, folder: Path) -> None:
        """The list of the runs in `folder` may have changed: refresh what the client shows of it."""
        self._run_changed(folder)
        self.shown.runs_changed(folder)

    def state(self, cls: type[_State]) -> _State:
        """What a feature remembers between requests: the one `cls` of this session, created when first asked for."""
        return self._feature_states.setdefault(cls, cls())  # type: ignore[no-any-return]

    def positions(self, lines: LineIndex) -> Positions:
        """Converts the places of a text to positions of this client, and back."""
        return Positions(lines, self.encoding)

    def on_client_gone(self) -> None:
        """Cancel the runs started here, if the user wants them to end with the editor."""
        if self.settings.on_editor_close is OnEditorClose.CANCEL:
            for store, run_id in self.feed.started_here():
                request_cancel(store, run_id)

    async def close(self) -> None:
        """End everything that this session started, except the runs that shall go on."""
        self.on_client_gone()
        await self.feed.close()
        await self.failures.close()
        await self.shown.close_all()
        await self._isolated.close()
        await self.pages.close()
        await self._notifications.close()
        await self.launcher.close()
        await self.workspace.close()
        await self._tasks.close()
        self.documents.close_all()

    def _pull_settings_soon(self) -> None:
        if self.capabilities.configuration:
            self._tasks.spawn(self._pull_settings(), "pull settings")

    async def _pull_settings(self) -> None:
        items = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        with contextlib.suppress(JsonRpcException):
            answer = await self.client.request(types.WORKSPACE_CONFIGURATION, items)
            self._apply(read_settings(answer[0] if answer else None))

    def _apply(self, settings: Settings) -> None:
        before, self.settings = self.settings, settings
        self._lenses.request()
        if settings.severities != before.severities:
            self.diagnostics.severities_changed()
            self.failures.severities_changed()

    def _run_changed(self, folder: Path) -> None:
        self._changes.request(folder)
        self._lenses_changed(folder)

    def _lenses_changed(self, folder: Path) -> None:
        """Refresh the lenses, if an experience in `folder` is open: a run elsewhere disturbs nobody."""
        if any(path is not None and path.parent == folder for path in map(path_of, self.documents.uris())):
            self._lenses.request()

    def _shown_changed(self) -> None:
        self._lenses.request()
        self._hints.request()

    async def _count_seconds(self) -> None:
        """Refresh the hints of running nodes, which say for how long."""
        while True:
            await self.shown.is_running.wait()
            self._hints.request()
            await asyncio.sleep(1)

    async def _sync_other_files(self) -> None:
        """Be told the texts of open prompts and tools: a plan is about what is typed, saved or not."""
        files = [types.TextDocumentFilterPattern(pattern=_OTHER_FILES, scheme="file")]
        for method, options in (
            (types.TEXT_DOCUMENT_DID_OPEN, types.TextDocumentRegistrationOptions(files)),
            (
                types.TEXT_DOCUMENT_DID_CHANGE,
                types.TextDocumentChangeRegistrationOptions(types.TextDocumentSyncKind.Incremental, files),
            ),
            (types.TEXT_DOCUMENT_DID_CLOSE, types.TextDocumentRegistrationOptions(files)),
        ):
            with contextlib.suppress(JsonRpcException):
                await self.client.register(f"oe/{method}", method, options)

    async def _watch_files(self) -> None:
        options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED_FILES)])
        with contextlib.suppress(JsonRpcException):
            await self.client.register("oe/files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)

    def _uri_of_run(self, run: FollowedRun) -> str:
        summary = run.summary()
        path = run.store.directory / (as_on_disk(summary.file_name) if summary else "")
        return next((uri for uri in self.documents.uris() if path_of(uri) == path), uri_of(path))

    def _show_unreadable(self, folder: Path, error: OSError) -> None:
        message = f"The runs in {folder} cannot be shown: {error.filename}: {error.strerror}."
        self.client.show(types.MessageType.Warning, message)
