"""Starts engines, once the user's questions are answered, and logs what they print."""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from lsprotocol import types

from engine.log.storage.run_store import RunStore
from oe_lsp.owned_tasks import OwnedTasks
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.launch import Engine, start_engine
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.unsaved_files import UnsavedFiles
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import RunStarted
from oe_lsp.server.transport.errors import RequestFailedError

log = logging.getLogger(__name__)

_ENGINE_LOGGING = ("--log-format", "json", "--log-level", "error")


class Question(Protocol):
    """What the user may have to be asked before a run of the experience at `uri`.

    `agreed_options` are those of the engine that the answer adds.
    """

    @property
    def agreed_options(self) -> tuple[str, ...]:
        """See Question. Known once the question was answered."""

    async def must_ask(self, uri: str) -> bool:
        """True if the question is open. Raises RequestFailedError where nothing may run, whatever the answer."""

    async def ask(self, uri: str) -> bool:
        """Ask, and return True if the run may start. Raises RequestFailedError where the client cannot ask."""


class RunLauncher:
    """Starts runs of saved experiences. A run with an open question starts in the background once it is answered: not
    every client can show a question while its command is pending.
    """

    def __init__(self, client: Client, feed: RunFeed, files: UnsavedFiles, questions: Sequence[Question]) -> None:
        self._client = client
        self._feed = feed
        self._files = files
        self._questions = questions
        self._engines: set[Engine] = set()
        self._asking: dict[Path, asyncio.Task[None]] = {}
        self._tasks = OwnedTasks()

    async def run(self, uri: str, options: Sequence[str]) -> RunStarted:
        """Start a run, with options of `oe run`. Returns once its first line is on disk, or a question is open.

        Raises RequestFailedError, with the engine's own message where the engine refused.
        """
        path, run_id = _runnable(uri), str(uuid.uuid4())
        return await self._start(uri, run_id, ["run", str(path), "--run-id", run_id, *options])

    async def resume(
        self, uri: str, original: str, options: Sequence[str], questions: Sequence[Question] = ()
    ) -> RunStarted:
        """Start a resume of the run `original`, with options of `oe resume`, likewise. `questions` are asked last."""
        path, run_id = _runnable(uri), str(uuid.uuid4())
        command = ["resume", original, "--experience", str(path), "--new-run-id", run_id, *options]
        return await self._start(uri, run_id, command, questions)

    async def close(self) -> None:
        """Detach from all engines: their runs go on. Questions that are open start nothing any more."""
        for engine in self._engines:
            engine.detach()
        await self._tasks.close()

    async def _start(self, uri: str, run_id: str, command: Sequence[str], more: Sequence[Question] = ()) -> RunStarted:
        path = experience_path(uri)
        if (earlier := self._asking.pop(path, None)) is not None:
            earlier.cancel()  # its question may be closed, and never answered: this one takes its place
        questions = [question for question in (*self._questions, *more) if await question.must_ask(uri)]
        if questions:
            work = self._ask_and_start(uri, run_id, command, questions)
            self._asking[path] = self._tasks.spawn(work, f"ask before run {run_id}")
            return RunStarted(run_id, asking=True)
        await self._files.save(uri)
        await self._start_engine(path, run_id, command)
        return RunStarted(run_id)

    async def _ask_and_start(
        self, uri: str, run_id: str, command: Sequence[str], questions: Sequence[Question]
    ) -> None:
        path = experience_path(uri)
        try:
            for question in questions:
                if not await question.ask(uri):
                    return
            self._asking.pop(path, None)  # from here on, a run that is started meanwhile is another one
            await self._files.save(uri)
            agreed = (option for question in questions for option in question.agreed_options)
            await self._start_engine(path, run_id, [*command, *agreed])
        except RequestFailedError as error:  # the command was answered already
            self._client.show(types.MessageType.Error, str(error))

    async def _start_engine(self, path: Path, run_id: str, command: Sequence[str]) -> None:
        try:
            engine = await start_engine([*_ENGINE_LOGGING, *command])
        except OSError as error:
            raise RequestFailedError(f"The engine could not be started: {error}") from error
        self._engines.add(engine)
        self._tasks.spawn(self._log_output(engine), f"output of run {run_id}")
        if not await self._feed.follow_started(RunStore(path.parent), run_id, engine):
            raise RequestFailedError(_refusal((await engine.output()).errors))

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


def _refusal(errors: str) -> str:
    """The message for the user about an engine that ended before its run began, from its stderr."""
    if not errors:
        return "The engine ended before the run began, without a message. Try it in a terminal: oe run"
    if errors.startswith("Traceback "):
        log.error("the engine failed:\n%s", errors)
        return f"The engine failed: {errors.splitlines()[-1]}"
    return errors
