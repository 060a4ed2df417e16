"""Starts engines, and logs what they print."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from engine.log.storage.run_store import RunStore
from engine.regular_files import read_regular
from engine.syntax import MAX_FILE_BYTES
from oe_lsp.owned_tasks import OwnedTasks
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.launch import Engine, start_engine
from oe_lsp.server.session.consent import Consent
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.errors import RequestFailedError

log = logging.getLogger(__name__)

_ENGINE_LOGGING = ("--log-format", "json", "--log-level", "error")


class RunLauncher:
    """Starts runs of saved experiences in folders where code may run."""

    def __init__(self, client: Client, documents: Documents, feed: RunFeed, consent: Consent) -> None:
        self._client = client
        self._documents = documents
        self._feed = feed
        self._consent = consent
        self._engines: set[Engine] = set()
        self._tasks = OwnedTasks()

    async def run(self, uri: str, options: Sequence[str]) -> str:
        """Start a run, with options of `oe run`; its id, once its first line is on disk.

        Raises RequestFailedError, with the engine's own message where the engine refused.
        """
        path, run_id = await self._require_runnable(uri), str(uuid.uuid4())
        return await self._start(path, run_id, ["run", str(path), "--run-id", run_id, *options])

    async def resume(self, uri: str, original: str, options: Sequence[str]) -> str:
        """Start a resume of the run `original`, with options of `oe resume`, likewise."""
        path, run_id = await self._require_runnable(uri), str(uuid.uuid4())
        command = ["resume", original, "--experience", str(path), "--new-run-id", run_id, *options]
        return await self._start(path, run_id, command)

    async def close(self) -> None:
        """Detach from all engines: their runs go on."""
        for engine in self._engines:
            engine.detach()
        await self._tasks.close()

    async def _require_runnable(self, uri: str) -> Path:
        if sys.platform == "win32":
            raise RequestFailedError("Runs need Linux or macOS. On Windows, open this folder in WSL.")
        path = experience_path(uri)
        await self._consent.require(path.parent)
        await asyncio.to_thread(_require_saved, path, await self._documents.texts_in_runs_of(uri))
        return path

    async def _start(self, path: Path, run_id: str, command: Sequence[str]) -> str:
        try:
            engine = await start_engine([*_ENGINE_LOGGING, *command])
        except OSError as error:
            raise RequestFailedError(f"The engine could not be started: {error}") from error
        self._engines.add(engine)
        self._tasks.spawn(self._log_output(engine), f"output of run {run_id}")
        if await self._feed.follow_started(RunStore(path.parent), run_id, engine):
            return run_id
        raise RequestFailedError(_refusal((await engine.output()).errors))

    async def _log_output(self, engine: Engine) -> None:
        output = await engine.output()
        self._engines.discard(engine)
        if output.last_line:
            self._client.log(types.MessageType.Info, output.last_line)
        if output.errors:
            self._client.log(types.MessageType.Error, output.errors)


def _require_saved(path: Path, open_texts: Mapping[Path, str]) -> None:
    """Raises RequestFailedError where the experience is unreadable, or a file differs from its open text."""
    for file in (path, *sorted(open_texts.keys() - {path})):
        saved = _saved_text(file)
        if open_texts.get(file, saved) != saved:
            name = os.path.relpath(file, path.parent)
            raise RequestFailedError(f"{name} has unsaved changes, and a run reads the saved file. Save it first.")


def _saved_text(path: Path) -> str:
    try:
        # Line breaks are kept, and a byte order mark is dropped, as editors do.
        return read_regular(path, MAX_FILE_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise RequestFailedError(f"{path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RequestFailedError(f"{path} cannot be read: {error}") from error


def _refusal(errors: str) -> str:
    """The message for the user about an engine that ended before its run began, from its stderr."""
    if not errors:
        return "The engine ended before the run began, without a message. Try it in a terminal: oe run"
    if errors.startswith("Traceback "):
        log.error("the engine failed:\n%s", errors)
        return f"The engine failed: {errors.splitlines()[-1]}"
    return errors
