"""The command line of each coding agent, and how to install it (docs/format.md, cli-agent)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.experience.model import CliAgentSpec
from engine.nodes.processes.environment import ANTHROPIC_KEYS, GOOGLE_KEYS, OPENAI_KEYS


class CliProgram(Struct, frozen=True):
    """One program. It reads the prompt from stdin, where no prompt is too long and other users cannot see it.

    `keys` are the API keys that it may see; `environment` is added to the user's own.
    """

    name: str
    install: str
    keys: tuple[str, ...]
    arguments: Callable[[CliAgentSpec], tuple[str, ...]]
    environment: Mapping[str, str] = field(default_factory=dict)

    def path(self) -> str | None:
        """Where it is on PATH; None if it is not, or not executable."""
        found = shutil.which(self.name)
        return None if found is None else str(Path(found).absolute())

    def missing(self, provider: str) -> str:
        """The message if it is not there; `provider` is that of the node."""
        return f"{self.name}, which {provider} needs, is not on PATH; {self.install}"


def _claude(spec: CliAgentSpec) -> tuple[str, ...]:
    return ("-p", "--output-format", spec.output_format, *_model(spec), *spec.extra_args)


def _codex(spec: CliAgentSpec) -> tuple[str, ...]:
    return ("exec", "--skip-git-repo-check", *_model(spec), *spec.extra_args, "-")


def _gemini(spec: CliAgentSpec) -> tuple[str, ...]:
    return ("--yolo", "--skip-trust", *_model(spec), *spec.extra_args)


def _model(spec: CliAgentSpec) -> tuple[str, ...]:
    return () if spec.model is None else ("--model", spec.model)


PROGRAMS: Mapping[str, CliProgram] = {
    "claude-code": CliProgram(
        "claude",
        "install Claude Code with `npm install -g @anthropic-ai/claude-code`, then run `claude` once to log in",
        ANTHROPIC_KEYS,
        _claude,
    ),
    "codex": CliProgram(
        "codex",
        "install it with `npm install -g @openai/codex`, then run `codex login`",
        OPENAI_KEYS,
        _codex,
    ),
    "gemini": CliProgram(
        "gemini",
        "install it with `npm install -g @google/gemini-cli`, then run `gemini` once to log in",
        GOOGLE_KEYS,
        _gemini,
        # Whoever runs an experience trusts its folder, and without a terminal nobody could answer the question.
        {"GEMINI_CLI_TRUST_WORKSPACE": "true"},
    ),
}
"""The programs by the `provider` of a node."""
