"""A small experience on disk, and a watcher that records every report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.experience.model import Kind, Node, ToolSpec
from engine.log.events.events import ActivityKind, ErrorInfo, Metrics
from engine.nodes.kind import Outcome, Work, WorkItem
from engine.nodes.tool import ToolKind


@dataclass
class RecordingWatcher:
    """Keeps every report, in order."""

    activities: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    attempts: list[tuple[str, int, str, int]] = field(default_factory=list)
    token_reports: list[tuple[int, int, str | None]] = field(default_factory=list)

    def activity(self, text: str, kind: ActivityKind | None = None) -> None:
        self.activities.append(text)

    def tokens(self, tokens_in: int, tokens_out: int, model: str | None, cost_usd: float | None) -> None:
        self.token_reports.append((tokens_in, tokens_out, model))

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def attempt(self, level: str, attempt: int, error: ErrorInfo, wait_ms: int, metrics: Metrics | None) -> None:
        self.attempts.append((level, attempt, error.type, wait_ms))


class Bench:
    """Writes tools into an experience's folder and calls them through real worker processes."""

    def __init__(self, directory: Path, kind: ToolKind) -> None:
        self.directory = directory
        self.kind = kind
        self.watcher = RecordingWatcher()

    def write(self, path: str, text: str) -> Path:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    async def call(self, impl: str, item: WorkItem | None = None, **args: Any) -> Outcome:
        return await self.kind.execute(tool_work(impl, args, item), self.watcher)


def tool_work(impl: str, args: dict[str, Any], item: WorkItem | None = None) -> Work:
    """One execution of a tool node with a bit of everything that it can receive."""
    node = Node("node", Kind.TOOL, ToolSpec(impl), source={})
    return Work(node, "attempt", args, {"notes": "read"}, {"before": [1]}, {"city": "Oslo"}, item)


@pytest.fixture
def watcher() -> RecordingWatcher:
    return RecordingWatcher()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    kind = ToolKind(tmp_path, size=2)
    yield Bench(tmp_path, kind)
    await kind.close()
