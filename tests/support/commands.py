"""The `oe` command as a user calls it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.user_folder import STATE_FOLDER_VARIABLE


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


OE = (sys.executable, "-m", "engine.cli")


def call(
    command: Sequence[str], folder: Path, env: dict[str, str] | None = None, prepare: Callable[[], None] | None = None
) -> Called:
    """Call a command in `folder`, without the keys and settings of this machine, plus `env`.

    `prepare` runs in the new process before the command. Nothing that it prints may be a traceback.
    """
    own = ("ANTHROPIC", "OPENAI", "OE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    if STATE_FOLDER_VARIABLE in os.environ:
        inherited[STATE_FOLDER_VARIABLE] = os.environ[STATE_FOLDER_VARIABLE]
    done = subprocess.run(
        list(command),
        cwd=folder,
        env={**inherited, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Called(done.returncode, done.stdout, done.stderr)
