"""The environment variables and cores of external programs. process.py starts them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

ANTHROPIC_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
OPENAI_KEYS = ("OPENAI_API_KEY", "CODEX_API_KEY")
GOOGLE_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

LLM_KEYS = (*ANTHROPIC_KEYS, *OPENAI_KEYS, *GOOGLE_KEYS)
"""Variables that external programs do not inherit (docs/design.md, Trust)."""


def cores() -> int:
    """The number of cores that this process may use, and of tools that run at once (docs/format.md, Concurrency)."""
    if hasattr(os, "sched_getaffinity"):  # containers are often limited to some of the machine's cores
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def tool_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` without the LLM keys."""
    return agent_environment((), environment)


def agent_environment(own: Collection[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` without the LLM keys, except a coding agent's `own`."""
    return {name: value for name, value in environment.items() if name in own or name not in LLM_KEYS}
