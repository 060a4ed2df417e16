"""Coding agents whose programs are scripts, and a bench that runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.experience.model import CliAgentSpec, Kind, Node
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.cli_agent import CliAgentKind
from engine.nodes.kind import NodeError, Outcome, Work
from tests.support.coding_agents import CodingAgents
from tests.unit.nodes.conftest import RecordingWatcher

PROGRAMS = [("claude-code", "claude"), ("codex", "codex"), ("gemini", "gemini")]

BILL = {"total_cost_usd": 0.4, "usage": {"input_tokens": 9, "output_tokens": 1}}


class Bench:
    """Runs nodes of kind cli-agent in an experience's folder."""

    def __init__(self, folder: Path, agents: CodingAgents) -> None:
        self.folder = folder
        self.agents = agents
        self.kind = CliAgentKind(folder, Outputs(folder / ".openexpertise/output/run"))
        self.watcher = RecordingWatcher()

    def node(self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any) -> Node:
        spec = CliAgentSpec(provider, **{"prompt": "Hello", **keys})
        return Node("node", Kind.CLI_AGENT, spec, source={}, reads=("notes",), writes=writes)

    async def ask(self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any) -> Outcome:
        node = self.node(provider, writes, **keys)
        work = Work(node, "attempt", {"city": "Oslo"}, {"notes": "read"}, {"before": [1]}, {})
        return await self.kind.execute(work, self.watcher)

    async def fail(
        self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any
    ) -> NodeError:
        with pytest.raises(NodeError) as raised:
            await self.ask(provider, writes, **keys)
        return raised.value

    def prints(self, program: str, text: str, *, errors: str = "", code: int = 0) -> None:
        """Put a program in place that prints just this."""
        (self.folder / f"{program}.out").write_text(text)
        (self.folder / f"{program}.err").write_text(errors)
        here = f"{self.folder}/{program}"
        self.agents.write(program, f"#!/bin/sh\ncat > /dev/null\ncat {here}.err >&2\ncat {here}.out\nexit {code}\n")

    @property
    def kept(self) -> bytes:
        return (self.folder / ".openexpertise/output/run/attempt.log").read_bytes()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    folder = tmp_path / "experience"
    (folder / ".openexpertise/output").mkdir(parents=True)
    return Bench(folder, CodingAgents(tmp_path / "agents", monkeypatch))
