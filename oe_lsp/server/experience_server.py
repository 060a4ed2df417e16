"""The pygls server of one client, with a session from `initialized` to `shutdown`.

A start imports this module, but not the session and the engine.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcRequestCancelled
from pygls.lsp.server import LanguageServer

from engine import __version__
from oe_lsp.protocol_streams import claim_stdio
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.client_process import wait_for_exit
from oe_lsp.server.transport.protocol import ExperienceProtocol, converter

if TYPE_CHECKING:
    from oe_lsp.server.session.documents import Analyse
    from oe_lsp.server.session.session import Session

log = logging.getLogger(__name__)


class ExperienceServer(LanguageServer):
    """A pygls server that opens and closes a session."""

    protocol: ExperienceProtocol

    def __init__(self, load_session: Callable[[], type[Session]], analyse: Analyse | None = None) -> None:
        """`load_session` imports the session, in a thread. `analyse` replaces the engine's own analysis."""
        super().__init__(
            "oe-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=ExperienceProtocol,
            converter_factory=converter,
        )
        self.was_shut_down = False
        self._load_session = load_session
        self._analyse = analyse
        self._is_child_of_client = False
        self._watching: asyncio.Task[None] | None = None
        self._initialize_params: types.InitializeParams | None = None
        self._session: asyncio.Task[Session] | None = None
        self._commands: set[asyncio.Task[Any]] = set()

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve on stdin and stdout until the client ends it."""
        own_stdin, own_stdout = claim_stdio()
        self._is_child_of_client = True
        super().start_io(stdin or own_stdin, stdout or own_stdout)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log only. pygls would show a message, and report the failure to send that, without end."""
        # The error of a request is its answer; an unexpected one was logged already.
        if source is not FeatureRequestError:
            log.error("%s: %s", getattr(source, "__name__", source), error)

    def on_initialize(self, params: types.InitializeParams) -> None:
        """Keep the client's params. If the client started this process, watch its process, too.

        The end of the pipes is not enough: a shell, `ssh` or `docker exec` in between keeps them open.
        """
        self._initialize_params = params
        if self._is_child_of_client and params.process_id is not None and self._watching is None:
            self._watching = asyncio.create_task(self._exit_with(params.process_id), name="watch the client")

    def open_session(self) -> None:
        """Open the session in the background."""
        self._session = asyncio.create_task(self._start_session(), name="open session")
        self._session.add_done_callback(self._show_failure)

    async def session(self) -> Session:
        """Wait for the session. Cancelling the caller does not cancel it."""
        if self._session is None:
            raise JsonRpcException("The server is not initialized.", code=types.ErrorCodes.ServerNotInitialized.value)
        return await asyncio.shield(self._session)

    async def run_command(self, work: Awaitable[Any]) -> Any:
        """Carry out a command. On shutdown it is cancelled, and answered as cancelled."""
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
        """Close the session, and answer waiting commands."""
        self.was_shut_down = True
        commands = tuple(self._commands)
        for task in commands:
            task.cancel()
        if self._session is not None:
            await asyncio.wait({self._session})
        if (session := self._session_if_open()) is not None:
            await session.close()
        if commands:
            await asyncio.wait(commands)

    def on_client_gone(self) -> None:
        """For a client that ended without `shutdown`: cancel its runs, if the user wants that."""
        if (session := self._session_if_open()) is not None:
            session.on_client_gone()

    async def _exit_with(self, pid: int) -> None:
        """End this process when the client's process ends."""
        try:
            await wait_for_exit(pid)
        except ProcessLookupError:
            log.info("no process %s here: the client is watched by its connection only", pid)
            return
        log.warning("the client, process %s, has ended", pid)
        self.on_client_gone()
        os._exit(0 if self.was_shut_down else 1)  # a thread may be blocked reading stdin, which may never close

    def _session_if_open(self) -> Session | None:
        task = self._session
        return task.result() if task and task.done() and not task.cancelled() and not task.exception() else None

    def _show_failure(self, session: asyncio.Task[Session]) -> None:
        if not session.cancelled() and (error := session.exception()) is not None:
            log.error("the session could not be opened", exc_info=error)
            message = f"oe-lsp could not start: {error}. Check that it is installed completely."
            Client(self.protocol).show(types.MessageType.Error, message)

    async def _start_session(self) -> Session:
        assert self._initialize_params is not None, "pygls answers `initialize` first"
        # In a thread: the imports take some hundred milliseconds, in which the client's first requests are answered.
        session_type = await asyncio.get_running_loop().run_in_executor(None, self._load_session)
        encoding = self.workspace.position_encoding
        session = session_type(Client(self.protocol), self._initialize_params, encoding, self._analyse)
        session.start()
        return session
