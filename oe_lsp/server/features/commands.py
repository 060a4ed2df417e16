"""What the server's commands do: start, resume, cancel and inspect runs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.log.storage.cancel_file import request_cancel
from engine.log.storage.run_store import RunStore
from engine.regular_files import read_regular
from engine.syntax import MAX_FILE_BYTES
from oe_lsp.runs.feed import RunFeed
from oe_lsp.runs.launch import Engine, start_engine
from oe_lsp.server.features import command_arguments as args
from oe_lsp.server.session.consent import Consent
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.runs import RunRequests
from oe_lsp.server.transport import custom_messages as messages
from oe_lsp.server.transport.paths import path_of
from oe_lsp.server.transport.protocol import RequestFailedError

log = logging.getLogger(__name__)

_ENGINE_LOGGING = ("--log-format", "json", "--log-level", "error")


class Commands:
    """`on_started` gets each engine that was started, to wait for its end."""

    def __init__(
        self,
        documents: Documents,
        feed: RunFeed,
        consent: Consent,
        requests: RunRequests,
        on_started: Callable[[Engine], None],
    ) -> None:
        self._documents = documents
        self._feed = feed
        self._consent = consent
        self._requests = requests
        self._on_started = on_started

    async def run_experience(self, given: Sequence[Any]) -> messages.RunStarted:
        """Start a new run and return once its first line is on disk.

        Raises JsonRpcInvalidParams, and RequestFailedError with the engine's own words where it refused.
        """
        wanted = args.read_new_run(given)
        path = await self._ready_to_run(wanted.uri)
        run_id = str(uuid.uuid4())
        command = ["run", str(path), "--run-id", run_id]
        return await self._start(path, run_id, [*command, *args.engine_options(wanted.options)])

    async def resume_run(self, given: Sequence[Any]) -> messages.RunStarted:
        """Start a run that continues another, likewise."""
        wanted = args.read_resume(given)
        path = await self._ready_to_run(wanted.uri)
        run_id = str(uuid.uuid4())
        command = ["resume", wanted.run_id, "--experience", str(path), "--new-run-id", run_id]
        return await self._start(path, run_id, [*command, *args.engine_options(wanted.options)])

    async def cancel_run(self, given: Sequence[Any]) -> None:
        """Ask the run's engine to end it; asked again, to end it hard."""
        wanted = args.read_run(given)
        store = RunStore(experience_path(wanted.uri).parent)
        if not await asyncio.to_thread(request_cancel, store, wanted.run_id):
            raise RequestFailedError(f"Run {wanted.run_id[:8]} is not running.")

    async def inspect_run(self, given: Sequence[Any]) -> messages.InspectResult:
        """The run's folded state, and the same as text."""
        wanted = args.read_run(given)
        return await self._requests.inspect(wanted.uri, wanted.run_id)

    async def _ready_to_run(self, uri: str) -> Path:
        if sys.platform == "win32":
            raise RequestFailedError("Running needs Linux or macOS. On Windows, open this folder in WSL.")
        path = experience_path(uri)
        await self._consent.require(path.parent)
        await asyncio.to_thread(_require_saved, path, await self._documents.texts_in_runs_of(uri))
        return path

    async def _start(self, path: Path, run_id: str, command: Sequence[str]) -> messages.RunStarted:
        try:
            engine = await start_engine([*_ENGINE_LOGGING, *command])
        except OSError as error:
            raise RequestFailedError(f"The engine could not be started: {error}") from error
        self._on_started(engine)
        if await self._feed.follow_started(RunStore(path.parent), run_id, engine):
            return messages.RunStarted(run_id)
        raise RequestFailedError(_why_not((await engine.output()).errors))


def experience_path(uri: str) -> Path:
    """The file of an experience. Raises RequestFailedError where it has none."""
    path = path_of(uri)
    if path is None:
        raise RequestFailedError("This experience is not saved as a file yet. Save it first.")
    return path


def _require_saved(path: Path, typed: Mapping[Path, str]) -> None:
    """Raise RequestFailedError where the experience cannot be read, or a file of `typed` holds another text."""
    for file in (path, *sorted(typed.keys() - {path})):
        saved = _saved_text(file)
        if typed.get(file, saved) != saved:
            name = os.path.relpath(file, path.parent)
            message = f"{name} has changes that are not saved, and what is on disk would run. Save it first."
            raise RequestFailedError(message)


def _saved_text(path: Path) -> str:
    try:
        # Decoded as it is, line breaks included: editors keep those, and drop a byte order mark.
        return read_regular(path, MAX_FILE_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise RequestFailedError(f"{path} does not exist (any more).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RequestFailedError(f"{path} cannot be read: {error}") from error


def _why_not(errors: str) -> str:
    if not errors:
        return "The engine ended before the run began, and did not say why. Try it in a terminal: oe run"
    if errors.startswith("Traceback "):
        log.error("the engine failed:\n%s", errors)
        return f"The engine failed: {errors.splitlines()[-1]}"
    return errors
