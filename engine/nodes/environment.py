"""Where external programs run: which interpreter, with which environment, on how many cores. Starting them is
process.py's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from engine.nodes.kind import NodeError

ANTHROPIC_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
OPENAI_KEYS = ("OPENAI_API_KEY", "CODEX_API_KEY")
GOOGLE_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

LLM_KEYS = (*ANTHROPIC_KEYS, *OPENAI_KEYS, *GOOGLE_KEYS)
"""What an external program does not inherit (docs/design.md, Trust)."""


def cores() -> int:
    """How many cores this process may use: so many tools run at once (docs/format.md, Concurrency)."""
    if hasattr(os, "sched_getaffinity"):  # a container is often confined to some of the machine's
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def tool_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` without the LLM keys."""
    return agent_environment((), environment)


def agent_environment(own: Collection[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` without the LLM keys, except a coding agent's `own`."""
    return {name: value for name, value in environment.items() if name in own or name not in LLM_KEYS}


def find_python(directory: Path, python: str | None) -> str:
    """The Python for tools: `python`, else OE_PYTHON, else `.venv` beside the experience, else the one that runs this.

    `python` is a path or the name of a command (docs/format.md, Tools). Raises NodeError where it is no program.
    """
    named = python or os.environ.get("OE_PYTHON")
    if named:
        found = _find(named)
        if found is None:
            origin = "--python" if python else "OE_PYTHON"
            message = f"{origin} names {named}, which is no program; give a path to Python"
            raise NodeError("NoInterpreter", message, retryable=False)
        return found
    beside = directory / ".venv" / "bin" / "python"
    return str(beside.absolute()) if os.access(beside, os.X_OK) else sys.executable


def find_node() -> str:
    """The Node.js for tools. Raises NodeError where none is installed."""
    found = shutil.which("node")
    if found is None:
        message = "node is not on PATH; install Node.js 18 or newer from https://nodejs.org"
        raise NodeError("NoInterpreter", message, retryable=False)
    return found


def _find(named: str) -> str | None:
    found = shutil.which(str(Path(named).expanduser()) if os.sep in named else named)
    return None if found is None else str(Path(found).absolute())
