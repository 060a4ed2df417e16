"""The `oe` command as a user calls it: a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[3] / "examples"


@dataclass(frozen=True)
class Called:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON lines; every one of them must be an object."""
        objects = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(line, dict) and {"level", "msg"} <= line.keys() for line in objects)
        return objects


Oe = Callable[..., Called]


@pytest.fixture
def oe(tmp_path: Path) -> Oe:
    """Calls `oe` in the folder of the test. Nothing that it prints may be a traceback."""

    def call(*args: str, cwd: Path = tmp_path, **env: str) -> Called:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OE_"))}
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", *args],
            cwd=cwd,
            env={**inherited, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Called(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty experience folder."""
    return World(tmp_path)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A copy of examples/city-report, whose fourth node fails until a file is put in place."""
    return Path(shutil.copytree(EXAMPLES / "city-report", tmp_path / "city-report"))


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    """A copy of examples/review-agents."""
    return Path(shutil.copytree(EXAMPLES / "review-agents", tmp_path / "review-agents"))
