"""Asks an engine what a run or resume needs and this machine lacks, and which calls it may make. No node runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from engine.cache.plan.estimate import Callee, Calls, Estimate, LastTime
from engine.log.events.counters import Sums
from engine.runner.needs import Need
from engine.runner.preview import Preview


class _Calls(Struct, rename="camel"):
    callee: Callee
    provider: str
    most: int
    answers_usd: float | None = None
    model: str | None = None


class _Last(Struct, rename="camel"):
    executions: int
    of: int
    cost_usd: float | None = None


class _Estimate(Struct):
    open: tuple[str, ...]
    calls: list[_Calls]
    last: _Last | None = None


class _Plan(Struct):
    needs: tuple[Need, ...]
    estimate: _Estimate


async def read_preview(command: Sequence[str]) -> Preview | None:
    """The preview of `oe COMMAND`, a run or resume; None where the engine refuses it, as it then does again.

    Starts a process, which reads the log and the files of the run. Cancelling the caller ends it. Raises OSError.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oe_lsp.entry", *command, "--plan", "--json"),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return _read(output) if process.returncode == 0 else None


def _read(output: bytes) -> Preview:
    plan = msgspec.json.decode(output, type=_Plan)
    calls = tuple(
        Calls(each.callee, each.provider, each.model, each.most, each.answers_usd) for each in plan.estimate.calls
    )
    last = plan.estimate.last
    before = None if last is None else LastTime(Sums(cost_usd=last.cost_usd), last.executions, last.of)
    return Preview(plan.needs, Estimate(calls, plan.estimate.open, before))
