"""What serves one client once it is initialized: its documents, runs, settings, and who talks to whom."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.file_names import as_on_disk
from engine.log.storage.cancel_file import request_cancel
from engine.user_folder import state_folder
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.follow import FollowedRun
from oe_lsp.runs.launch import Engine
from oe_lsp.runs.trust import TrustedFolders
from oe_lsp.server.features.commands import Commands
from oe_lsp.server.features.editing import Editing
from oe_lsp.server.features.navigation import Navigation
from oe_lsp.server.features.structure import Structure
from oe_lsp.server.session.client_capabilities import read_client
from oe_lsp.server.session.consent import Consent
from oe_lsp.server.session.diagnostics import Diagnosis
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.lens_refresh import LensRefresh
from oe_lsp.server.session.run_notifications import Announcer
from oe_lsp.server.session.runs import RunRequests
from oe_lsp.server.session.settings import SECTION, OnEditorClose, Settings, read_settings
from oe_lsp.server.transport import protocol
from oe_lsp.server.transport.paths import experience_folders, is_experience, path_of, uri_of
from oe_lsp.server.transport.text_changes import encoding_of

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer

log = logging.getLogger(__name__)

_NAMED_FILES = "**/*.{md,txt,py,mjs,js,cjs,ts,mts,cts,json,jsonl,ndjson,csv,tsv,parquet,db,sqlite,yaml,yml}"
"""What an experience may name, as far as a name tells."""

_OURS = "/.openexpertise/"


class Session:
    """Made after `initialized`; ends with `close`."""

    def __init__(self, server: ExperienceServer, introduction: types.InitializeParams) -> None:
        client = read_client(introduction)
        self._server = server
        self._client = client
        self._settings = client.options.settings or Settings()
        self._workspace_folders: frozenset[Path] = frozenset()
        self._encoding = encoding_of(server.workspace.position_encoding)
        self._lenses = LensRefresh(server)
        self._announcer = Announcer(
            server,
            self._lenses,
            self._uri_of_run,
            wants_events=client.options.wants_events,
            wants_progress=client.shows_progress,
        )
        self.documents = Documents(self._prepare, server.analyse)
        self.diagnosis = Diagnosis(server, self.documents, client, self._encoding, lambda: self._settings.severities)
        self.editing = Editing(self.documents, client, self._encoding)
        self.navigation = Navigation(self.documents, client, self._encoding)
        self.structure = Structure(self.documents, client, self._encoding, self._experience_folders)
        self.feed = RunFeed(self._announcer, lambda _: self._lenses.soon(), self._tell_unreadable)
        self.requests = RunRequests(self.feed, lambda: self._settings, self.documents.text)
        consent = Consent(server, client.options.trusted, TrustedFolders(state_folder()))
        self.commands = Commands(self.documents, self.feed, consent, self.requests, self._engine_started)
        self._engines: set[Engine] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, and to ask the client for what it did not say."""
        self.feed.start()
        self.look_in(self._client.roots)
        if self._client.refreshes_lenses:
            self._own(self._lenses.run())
        if self._client.answers_configuration and self._client.options.settings is None:
            self._own(self.pull_settings())
        if self._client.watches_files:
            self._own(self._ask_for_changed_files())

    def look_in(self, roots: Iterable[Path]) -> None:
        """Follow the runs of the experiences below these folders, and of open ones."""
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._own(self._find_experiences(tuple(roots)))

    def opened(self, document: types.TextDocumentItem) -> None:
        """A document was opened; only experiences concern us."""
        if is_experience(document.uri, document.language_id):
            self.documents.update(document.uri, document.version, document.text)
            self._watch()

    def closed(self, uri: str) -> None:
        """A document was closed: its problems go from the editor's list."""
        if uri in self.documents:
            self.documents.close(uri)
            self.diagnosis.forget(uri)
            self._watch()

    def files_changed(self, uris: Iterable[str]) -> None:
        """Files were saved, made or removed: what the open experiences name may be there now, or gone."""
        if any(_OURS not in uri for uri in uris):  # logs change all the time, and no experience names one
            self.documents.look_again()

    def configure(self, pushed: Any) -> None:
        """Settings were changed: what the client pushed, or, where it pushes nothing, what it answers."""
        section = pushed.get(SECTION) if isinstance(pushed, dict) else None
        if section is not None:
            self._apply(read_settings(section))
        elif self._client.answers_configuration:
            self._own(self.pull_settings())

    async def pull_settings(self) -> None:
        """Ask the client for its settings."""
        wanted = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        with contextlib.suppress(JsonRpcException):
            # Shielded: an answer that finds its request cancelled breaks pygls's reader (pygls issue 621).
            answer = await asyncio.shield(self._server.workspace_configuration_async(wanted))
            self._apply(read_settings(answer[0] if answer else None))

    def cancel_by_token(self, token: int | str) -> None:
        """The person clicked cancel on the progress of a run."""
        for run in self.feed.followed():
            if token == protocol.progress_token(run.run_id):
                request_cancel(run.store, run.run_id)

    def end_own_runs(self) -> None:
        """Do with the runs that were started here what the user wants when the editor ends."""
        if self._settings.on_editor_close is OnEditorClose.CANCEL:
            for store, run_id in self.feed.started_here():
                request_cancel(store, run_id)

    async def close(self) -> None:
        """End everything that this session started, but for the runs."""
        self.end_own_runs()
        await self.feed.close()
        await self._announcer.close()
        for engine in self._engines:
            engine.let_go()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.documents.close_all()

    def _prepare(self, snapshot: Snapshot) -> Callable[[], None]:
        return self.diagnosis.prepare(snapshot)

    def _apply(self, settings: Settings) -> None:
        before, self._settings = self._settings, settings
        self._lenses.soon()
        if settings.severities != before.severities:
            self.diagnosis.severities_changed()

    async def _ask_for_changed_files(self) -> None:
        watchers = [types.FileSystemWatcher(_NAMED_FILES)]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        registration = types.Registration("oe/files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        params = types.RegistrationParams([registration])
        with contextlib.suppress(JsonRpcException):
            # Shielded for the same reason as in `pull_settings`.
            await asyncio.shield(self._server.client_register_capability_async(params))

    def _watch(self) -> None:
        opened = (path_of(uri) for uri in self.documents.uris())
        self.feed.set_folders({path.parent for path in opened if path is not None} | self._workspace_folders)

    async def _find_experiences(self, roots: Iterable[Path]) -> None:
        found = [await asyncio.to_thread(experience_folders, root) for root in roots]
        self._workspace_folders = frozenset().union(*found)
        self._watch()

    async def _experience_folders(self) -> frozenset[Path]:
        """The folders of the workspace that hold an experience, once they are found."""
        if self._looking is not None:
            await asyncio.wait({self._looking})
        return self._workspace_folders

    def _uri_of_run(self, run: FollowedRun) -> str:
        summary = run.summary()
        path = run.store.directory / (as_on_disk(summary.file_name) if summary else "")
        return next((uri for uri in self.documents.uris() if path_of(uri) == path), uri_of(path))

    def _tell_unreadable(self, folder: Path, error: OSError) -> None:
        message = f"The runs in {folder} cannot be shown: {error.filename}: {error.strerror}."
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def _engine_started(self, engine: Engine) -> None:
        self._engines.add(engine)
        self._own(self._await_engine(engine))

    async def _await_engine(self, engine: Engine) -> None:
        output = await engine.output()
        self._engines.discard(engine)
        if output.last_line:
            self._server.window_log_message(types.LogMessageParams(types.MessageType.Info, output.last_line))
        if output.errors:
            self._server.window_log_message(types.LogMessageParams(types.MessageType.Error, output.errors))

    def _own(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._disown)
        return task

    def _disown(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task of the session failed", exc_info=error)
