"""Starts engine processes, those of runs so that they outlive the server, and reads what they print."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence

from msgspec import Struct

from engine.runner.launch_options import without_args

log = logging.getLogger(__name__)

_MAX_OUTPUT_BYTES = 64 * 1024
_CHUNK_BYTES = 16 * 1024
_QUIET = ("--log-format", "json", "--log-level", "error")

# The shell starts the engine in the background and exits. The engine's parent is then init: a signal to the server, to
# its children or to its process group does not reach the run. A shell gives what runs in the background an empty stdin,
# before it looks at redirections: hence the detour over 3.
_IN_BACKGROUND = 'exec 3<&0; "$@" <&3 3<&- &'


class EngineOutput(Struct, frozen=True):
    """Output of an engine that has ended: the last 64 KiB of stderr, and the last line of stdout."""

    errors: str
    last_line: str


class Engine:
    """A started engine."""

    def __init__(self, output: asyncio.Task[EngineOutput]) -> None:
        self._output = output

    @property
    def is_connected(self) -> bool:
        """False once the engine has ended or closed its pipes."""
        return not self._output.done()

    async def output(self) -> EngineOutput:
        """Wait for the engine's end. Cancelling the caller affects neither the engine nor other callers."""
        return await asyncio.shield(self._output)

    def detach(self) -> None:
        """Stop reading the output. The run goes on."""
        self._output.cancel()


async def start_run(command: Sequence[str]) -> Engine:
    """Start `oe run …` or `oe resume …`, which prints only errors and its last line. Raises OSError."""
    return await start_engine([*_QUIET, *command])


async def start_engine(arguments: Sequence[str]) -> Engine:
    """Start `oe ARGUMENTS` with this interpreter (docs/design.md, Trust). Raises OSError.

    The process starts in `/`, so that no module in a user's folder shadows one that the engine imports.
    """
    visible, run_args = without_args(arguments)
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        *("-c", _IN_BACKGROUND, "sh", sys.executable, "-m", "oe_lsp.entry", *visible),
        cwd="/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    await _write(process.stdin, run_args)
    return Engine(asyncio.create_task(_read(process.stdout, process.stderr), name="engine output"))


class EngineRefusedError(Exception):
    """The engine refuses to start a run. The message, for the user, is its own."""


async def plan_json(command: Sequence[str]) -> bytes:
    """What `oe COMMAND --plan --json` prints. No node runs.

    Cancelling the caller ends the process. Raises EngineRefusedError, and OSError.
    """
    visible, run_args = without_args(command)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oe_lsp.entry", *_QUIET, *visible, "--plan", "--json"),
        cwd="/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate(run_args)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise EngineRefusedError(refusal_text(errors.decode("utf-8", "replace").strip()))
    return output


def refusal_text(errors: str) -> str:
    """The message for the user about an engine that ended before its run began, from its stderr."""
    if not errors:
        return "The engine ended before the run began, without a message. Try it in a terminal: oe run"
    if errors.startswith("Traceback "):
        log.error("the engine failed:\n%s", errors)
        return f"The engine failed: {errors.splitlines()[-1]}"
    return errors


async def _write(stdin: asyncio.StreamWriter | None, data: bytes) -> None:
    """Write all of it and close; an engine that has ended already says why in its output."""
    if stdin is None:
        return
    with contextlib.suppress(ConnectionError):
        stdin.write(data)
        await stdin.drain()
    stdin.close()


async def _read(stdout: asyncio.StreamReader | None, stderr: asyncio.StreamReader | None) -> EngineOutput:
    output, errors = await asyncio.gather(_end_of(stdout), _end_of(stderr))
    lines = output.splitlines()
    return EngineOutput(errors.strip(), lines[-1] if lines else "")


async def _end_of(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        kept = (kept + chunk)[-_MAX_OUTPUT_BYTES:]
    return kept.decode("utf-8", "replace")
