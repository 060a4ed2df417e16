"""The pygls server of one client: its streams, its session from `initialized` to `shutdown`, and its commands' tasks.

Only what a start needs is imported here. The session brings the engine along, after `initialized`.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException, JsonRpcRequestCancelled
from pygls.lsp.server import LanguageServer

from engine import __version__
from oe_lsp.server.transport import protocol
from oe_lsp.server.transport.client_process import until_gone

if TYPE_CHECKING:
    from oe_lsp.server.session.documents import Analyse
    from oe_lsp.server.session.session import Session

log = logging.getLogger(__name__)


class ExperienceServer(LanguageServer):
    """A pygls server that has a session from `initialized` to `shutdown`."""

    protocol: protocol.Protocol

    def __init__(self, analyse: Analyse | None = None) -> None:
        """`analyse` takes the place of the engine's own analysis."""
        super().__init__(
            "oe-lsp",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=protocol.Protocol,
            converter_factory=protocol.converter,
        )
        self.analyse = analyse
        self.was_shut_down = False
        self._is_started_by_client = False
        self._watching: asyncio.Task[None] | None = None
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
        self._is_started_by_client = True
        super().start_io(stdin or os.fdopen(reader, "rb"), stdout or os.fdopen(writer, "wb"))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log only: pygls would show a message, and where sending fails, that message fails again without end."""
        # The error of a request is its answer, and was logged already where it was not meant for the user.
        if source is not FeatureRequestError:
            log.error("%s: %s", getattr(source, "__name__", source), error)

    def meet(self, params: types.InitializeParams) -> None:
        """Note who the client is. One that started this process may end without a word: it is watched.

        Its end of the pipes is not enough: a shell, `ssh` or `docker exec` in between keeps that open.
        """
        self._introduction = params
        if self._is_started_by_client and params.process_id is not None and self._watching is None:
            self._watching = asyncio.create_task(self._end_with(params.process_id), name="watch the client")

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

    async def _end_with(self, pid: int) -> None:
        """End this process when the client's has ended. The runs that it started go on, unless the user wants else."""
        try:
            await until_gone(pid)
        except ProcessLookupError:
            log.info("there is no process %s here, so the end of the client is that of its connection", pid)
            return
        log.warning("the client, process %s, has ended", pid)
        self.end_own_runs()
        os._exit(0 if self.was_shut_down else 1)  # a thread may be reading stdin, which nobody may ever close

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
        module = await loop.run_in_executor(None, importlib.import_module, "oe_lsp.server.session.session")
        session = cast("Session", module.Session(self, self._introduction))
        session.start()
        return session
