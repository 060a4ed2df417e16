"""Asks the planner process for plans. It is started by the first question, and ends with the server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import async_timeout
import msgspec

from oe_lsp.ide.runs.planned_run import PlannedRun
from oe_lsp.runs.planning_messages import PlanAnswer, PlanQuestion

log = logging.getLogger(__name__)

_LIMIT_S = 30.0
_LONGEST_ANSWER = 256 * 1024 * 1024

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(PlanAnswer).decode


class PlanRefusedError(Exception):
    """There is no plan. The message, for the user, says why."""


class Planner:
    """One process for all experiences of a session. It answers one question after another."""

    def __init__(self, limit: float = _LIMIT_S) -> None:
        """`limit`: the seconds that an answer may take; then the process is ended, and the next question starts one."""
        self._limit = limit
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._answering: set[asyncio.Future[PlanAnswer]] = set()
        self._is_closed = False
        self._ids = count(1)

    async def plan(self, experience: Path, run_id: str, texts: Mapping[Path, str]) -> PlannedRun:
        """The plan for resuming `run_id` with the files on disk, and with the open `texts` in place of saved ones.

        No node runs. Raises PlanRefusedError.
        """
        answer = await self.ask(experience, run_id, texts)
        if answer.plan is None:
            raise PlanRefusedError(answer.refusal or "There is no plan.")
        return answer.plan

    async def ask(self, experience: Path, run_id: str | None, texts: Mapping[Path, str]) -> PlanAnswer:
        """The same, and what a run would need; without `run_id` only that."""
        open_texts = {str(path): text for path, text in texts.items()}
        question = PlanQuestion(next(self._ids), str(experience), run_id, open_texts)
        answering = asyncio.ensure_future(self._answer(question))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)
        # Nobody may wait any longer for the answer, but the process gives it nevertheless.
        return await asyncio.shield(answering)

    async def close(self) -> None:
        """End the process. Questions that wait are refused."""
        self._is_closed = True
        await self._end()
        if self._answering:
            await asyncio.wait(self._answering)

    async def _answer(self, question: PlanQuestion) -> PlanAnswer:
        async with self._turn:
            if self._is_closed:
                return PlanAnswer(question.id, refusal="The server is shutting down.")
            try:
                if self._process is None or self._process.returncode is not None:
                    self._process = await _start()
                async with async_timeout.timeout(self._limit):
                    return await _ask(self._process, question)
            except asyncio.TimeoutError:
                refusal = f"The plan took over {self._limit:g} s and was given up."
            except (OSError, ValueError, msgspec.DecodeError) as error:
                if not self._is_closed:
                    log.warning("the planner ended: %s", error)
                refusal = "The planner ended unexpectedly. The log of the server has its output."
            await self._end()
            return PlanAnswer(question.id, refusal=refusal)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _start() -> asyncio.subprocess.Process:
    """The process starts in `/`, so that no module in a user's folder shadows one that it imports."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oe_lsp.runs.planner_process"),
        cwd="/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_ANSWER,
    )


async def _ask(process: asyncio.subprocess.Process, question: PlanQuestion) -> PlanAnswer:
    """Raises OSError and ValueError where the process has ended, or says too much."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(_encode(question) + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise OSError("it closed its output")
    return _decode(line)
