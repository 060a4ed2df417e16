"""Reads the plan of a resume from an engine process. No node runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.cache.plan.explanation import Change
from engine.expressions import MISSING
from engine.report.changes import change_lines


class PlanRefusedError(Exception):
    """The engine gave no plan. The message is the engine's."""


class PlannedRun(Struct, frozen=True):
    """A plan with the `digest` that a resume can require, and the milliseconds and dollars that restoring saves."""

    digest: str
    saved_ms: float
    saved_usd: float | None
    nodes: tuple[PlannedNode, ...]


class PlannedNode(Struct, frozen=True):
    """The answer for a node, or for one of its items, at the index `item`.

    `changes` has the input parts that have changed, each with the difference as text.
    """

    node_id: str
    answer: str
    reasons: tuple[str, ...]
    saved_ms: float
    saved_usd: float | None = 0.0
    changes: tuple[tuple[str, str], ...] = ()
    item: int | None = None
    items: tuple[PlannedNode, ...] = ()


async def read_plan(experience: Path, run_id: str, text: str | None = None) -> PlannedRun:
    """The plan for resuming `run_id` with the files on disk, and with `text`, if given, for the experience's own.

    Starts a process, since hashing the files of a large experience would block the server. Cancelling the caller ends
    it. Raises PlanRefusedError.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli", "resume", run_id, "--experience", str(experience), "--plan", "--json"),
        *(("--text-from-stdin",) if text is not None else ()),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL if text is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate(None if text is None else text.encode("utf-8", "surrogatepass"))
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise PlanRefusedError(errors.decode("utf-8", "replace").strip() or "The engine gave no plan.")
    plan = json.loads(output)
    nodes = tuple(_node(entry) for entry in plan["entries"])
    return PlannedRun(plan["digest"], plan["savedMs"], plan["saved"]["costUsd"], nodes)


def _node(entry: Mapping[str, Any]) -> PlannedNode:
    return PlannedNode(
        node_id=entry["nodeId"],
        answer=entry["answer"],
        reasons=tuple(entry["reasons"]),
        saved_ms=entry["savedMs"],
        saved_usd=entry["saved"]["costUsd"],
        changes=tuple((change["part"], _difference(change)) for change in entry.get("changes", ())),
        item=entry.get("item"),
        items=tuple(_node(item) for item in entry.get("items", ())),
    )


def _difference(change: Mapping[str, Any]) -> str:
    if "diff" in change:
        return "\n".join(change["diff"])
    known = Change(change["part"], change.get("before", MISSING), change.get("after", MISSING))
    return "\n".join(change_lines(known))
