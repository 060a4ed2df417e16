"""A page server as a process of its own, for the runs in one folder, which is told on stdin what is typed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from pathlib import Path

import async_timeout
import msgspec

log = logging.getLogger(__name__)

_START_SECONDS = 30.0
_END_SECONDS = 3.0

_encode = msgspec.json.Encoder().encode


class PageProcessError(Exception):
    """The page server did not start. The message, for the user, says why."""


class PageProcess:
    """Serves at `url` until it is closed. It is told things in the background, and of each text only the newest."""

    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        self.url = url
        self._process = process
        self._unsaid: dict[str, dict[str, object]] = {}
        self._has_more = asyncio.Event()
        self._writing = asyncio.create_task(self._write(), name="tell the page server")

    @property
    def is_running(self) -> bool:
        """False once the process has ended."""
        return self._process.returncode is None and not self._writing.done()

    def url_of(self, run_id: str | None) -> str:
        """The address of the page of a run; without one, of a page that follows the newest."""
        return self.url if run_id is None else f"{self.url}runs/{run_id}"

    def show_text(self, file_name: str, text: str | None) -> None:
        """Draw graphs from the text of an experience in the editor, saved or not; None once it is closed."""
        self._say(f"text of {file_name}", {"file": file_name, "text": text})

    def select(self, node_id: str | None) -> None:
        """Select a node on the pages; None for none."""
        self._say("selection", {"select": node_id})

    def allow(self, *, may_act: bool) -> None:
        """Give the pages buttons, or take them away."""
        self._say("may act", {"mayAct": may_act})

    async def close(self) -> None:
        """End the process. Its runs go on."""
        self._writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writing
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with async_timeout.timeout(_END_SECONDS):
                await self._process.wait()
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _say(self, what: str, line: dict[str, object]) -> None:
        self._unsaid[what] = line
        self._has_more.set()

    async def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            while True:
                await self._has_more.wait()
                self._has_more.clear()
                lines, self._unsaid = self._unsaid, {}
                for line in lines.values():
                    stdin.write(await asyncio.to_thread(_encode, line) + b"\n")
                    await stdin.drain()
        except ConnectionError as error:
            log.warning("the page server ended: %s", error)


async def start_page_process(folder: Path) -> PageProcess:
    """Serve the pages of the runs in `folder`. They have no buttons yet. Raises PageProcessError.

    The process starts in `/`, so that no module in a user's folder shadows one that it imports.
    """
    command = ("inspect", "--serve", "--no-open", "--from-editor", "--experience", str(folder))
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "oe_lsp.entry", *command),
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise PageProcessError(f"The page server could not be started: {error}") from error
    assert process.stdout is not None
    try:
        async with async_timeout.timeout(_START_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
    except asyncio.TimeoutError:
        address = ""
    if not address.startswith("http://"):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise PageProcessError("The page server did not start. The log of the server has its output.")
    return PageProcess(address, process)
