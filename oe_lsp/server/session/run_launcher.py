"""Starts engines, once the user's questions are answered, and logs what they print."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from lsprotocol import types

from engine.log.storage.run_store import RunStore
from engine.owned_tasks import OwnedTasks
from engine.runner.launch import Engine, refusal_text, start_run
from oe_lsp.runs.feed import RunFeed
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.preconditions import Ask, Precondition, Start
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import RunStarted
from oe_lsp.server.transport.errors import RequestFailedError


class RunLauncher:
    """Starts runs of saved experiences. A run with an open question starts in the background once it is answered: not
    every client can show a question while its command is pending.
    """

    def __init__(self, client: Client, feed: RunFeed, preconditions: Sequence[Precondition]) -> None:
        """`preconditions` are checked in this order."""
        self._client = client
        self._feed = feed
        self._preconditions = preconditions
        self._engines: set[Engine] = set()
        self._asking: dict[Path, asyncio.Task[None]] = {}
        self._tasks = OwnedTasks()

    async def run(self, uri: str, options: Sequence[str]) -> RunStarted:
        """Start a run, with options of `oe run`. Returns once its first line is on disk, or a question is open.

        Raises RequestFailedError, with the engine's own message where the engine refused.
        """
        path, run_id = _runnable(uri), str(uuid.uuid4())
        return await self._start(Start(uri, path, run_id, ("run", str(path), "--run-id", run_id, *options)))

    async def resume(
        self, uri: str, original: str, options: Sequence[str], more: Sequence[Precondition] = ()
    ) -> RunStarted:
        """Start a resume of the run `original`, with options of `oe resume`, likewise. `more` is checked last."""
        path, run_id = _runnable(uri), str(uuid.uuid4())
        command = ("resume", original, "--experience", str(path), "--new-run-id", run_id, *options)
        return await self._start(Start(uri, path, run_id, command), more)

    async def close(self) -> None:
        """Detach from all engines: their runs go on. Questions that are open start nothing any more."""
        for engine in self._engines:
            engine.detach()
        await self._tasks.close()

    async def _start(self, start: Start, more: Sequence[Precondition] = ()) -> RunStarted:
        if (earlier := self._asking.pop(start.path, None)) is not None:
            earlier.cancel()  # its question may be closed, and never answered: this one takes its place
        preconditions = (*self._preconditions, *more)
        for number, precondition in enumerate(preconditions, start=1):
            ask = await precondition.check(start)
            if ask is not None:
                work = self._ask_and_start(start, ask, preconditions[number:])
                self._asking[start.path] = self._tasks.spawn(work, f"ask before run {start.run_id}")
                return RunStarted(start.run_id, asking=True)
        await self._start_engine(start)
        return RunStarted(start.run_id)

    async def _ask_and_start(self, start: Start, ask: Ask, others: Sequence[Precondition]) -> None:
        try:
            agreed = await ask()
            for precondition in others:
                if agreed is None:
                    return
                further = await precondition.check(agreed)
                agreed = agreed if further is None else await further()
            if agreed is not None:
                self._asking.pop(start.path, None)  # from here on, a run that is started meanwhile is another one
                await self._start_engine(agreed)
        except RequestFailedError as error:  # the command was answered already
            self._client.show(types.MessageType.Error, str(error))

    async def _start_engine(self, start: Start) -> None:
        try:
            engine = await start_run(start.command)
        except OSError as error:
            raise RequestFailedError(f"The engine could not be started: {error}") from error
        self._engines.add(engine)
        self._tasks.spawn(self._log_output(engine), f"output of run {start.run_id}")
        if not await self._feed.follow_started(RunStore(start.path.parent), start.run_id, engine):
            raise RequestFailedError(refusal_text((await engine.output()).errors))

    async def _log_output(self, engine: Engine) -> None:
        output = await engine.output()
        self._engines.discard(engine)
        if output.last_line:
            self._client.log(types.MessageType.Info, output.last_line)
        if output.errors:
            self._client.log(types.MessageType.Error, output.errors)


def _runnable(uri: str) -> Path:
    if sys.platform == "win32":
        raise RequestFailedError("Runs need Linux or macOS. On Windows, open this folder in WSL.")
    return experience_path(uri)
