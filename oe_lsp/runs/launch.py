"""Starts engine processes that outlive the server, and reads what they say before they end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from msgspec import Struct

_KEPT_OUTPUT = 64 * 1024
_CHUNK = 16 * 1024

# The shell starts the engine in the background and ends at once. The engine's parent is then init and not the server:
# nothing that ends the server, its children or its process group reaches the run.
_LET_GO = '"$@" &'


class EngineOutput(Struct, frozen=True):
    """What an engine had said when its pipes were closed: the end of its stderr, and its last line on stdout."""

    errors: str
    last_line: str


class Engine:
    """A started engine, for as long as this server lives."""

    def __init__(self, output: asyncio.Task[EngineOutput]) -> None:
        self._output = output

    @property
    def is_connected(self) -> bool:
        """Whether the engine still holds its pipes; it has ended, or let go of them, when not."""
        return not self._output.done()

    async def output(self) -> EngineOutput:
        """Wait for the engine's end. Cancelling the caller leaves the engine and other callers alone."""
        return await asyncio.shield(self._output)

    def let_go(self) -> None:
        """Stop reading: the server ends, the run does not."""
        self._output.cancel()


async def start_engine(arguments: Sequence[str]) -> Engine:
    """Start `oe ARGUMENTS`, by the interpreter that runs this server (docs/design.md, Trust).

    The process begins in `/`, so that no module in a folder of the user's is taken for one that we import. Raises
    OSError.
    """
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        *("-c", _LET_GO, "sh", sys.executable, "-m", "oe_lsp.entry", *arguments),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    return Engine(asyncio.create_task(_read(process.stdout, process.stderr), name="engine output"))


async def _read(stdout: asyncio.StreamReader | None, stderr: asyncio.StreamReader | None) -> EngineOutput:
    said, errors = await asyncio.gather(_end_of(stdout), _end_of(stderr))
    lines = said.splitlines()
    return EngineOutput(errors.strip(), lines[-1] if lines else "")


async def _end_of(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        kept = (kept + chunk)[-_KEPT_OUTPUT:]
    return kept.decode("utf-8", "replace")
