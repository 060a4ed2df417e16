"""Asks an engine process what a resume would restore and what it would run. Nothing is run for that."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class PlanRefusedError(Exception):
    """There is no plan: the message, the engine's own, says why."""


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """The answer for a node, or, with its index as `item`, for an item of one. `saved_ms`: what restoring saves."""

    node_id: str
    answer: str
    reasons: tuple[str, ...]
    saved_ms: float
    item: int | None = None
    items: tuple[PlannedNode, ...] = ()


async def read_plan(experience: Path, run_id: str) -> tuple[PlannedNode, ...]:
    """The plan for resuming `run_id` with the files as they are on disk. Raises PlanRefusedError.

    A process of its own, since hashing the files of a large experience takes longer than a server may be busy. It ends
    with a caller that is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "engine.cli", "resume", run_id, "--experience", str(experience), "--plan", "--json"),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise PlanRefusedError(errors.decode("utf-8", "replace").strip() or "The engine gave no plan.")
    return tuple(_node(entry) for entry in json.loads(said)["entries"])


def _node(entry: Mapping[str, Any]) -> PlannedNode:
    return PlannedNode(
        node_id=entry["nodeId"],
        answer=entry["answer"],
        reasons=tuple(entry["reasons"]),
        saved_ms=entry["savedMs"],
        item=entry.get("item"),
        items=tuple(_node(item) for item in entry.get("items", ())),
    )
