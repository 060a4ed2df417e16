"""The coding agents' command lines on PATH: the stand-ins with a script, or a program that a test writes itself."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

STANDINS = Path(__file__).parents[1] / "standins" / "cli_agents"


@dataclass(frozen=True)
class Call:
    """What a stand-in was called with."""

    program: str
    argv: list[str]
    prompt: str
    folder: str
    environment: dict[str, str]


class CodingAgents:
    """Puts programs on PATH for one test; `folder` takes those that the test writes, and comes first."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._programs = folder / "bin"
        self._calls = folder / "calls.jsonl"
        self._script = folder / "script.json"
        self._programs.mkdir(parents=True)
        patch.setenv("PATH", os.pathsep.join([str(self._programs), str(STANDINS), os.environ["PATH"]]))
        patch.setenv("STANDIN_SCRIPT", str(self._script))
        self.answers()

    def answers(self, *entries: dict[str, Any]) -> None:
        """The script: the first entry whose `when` the prompt holds is the reply (scripted.py)."""
        self._script.write_text(json.dumps({"answers": entries, "calls": str(self._calls)}))

    def write(self, name: str, text: str) -> Path:
        """A program of the test's own, in place of a stand-in."""
        program = self._programs / name
        program.write_text(text)
        program.chmod(0o755)
        return program

    @property
    def calls(self) -> list[Call]:
        """The calls of stand-ins so far."""
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [Call(**json.loads(line)) for line in lines]
