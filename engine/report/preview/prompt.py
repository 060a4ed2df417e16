"""Renders the prompt that an agent, a skill or a coding agent would be sent now, with the code that a run uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from engine.experience.model import CliAgentSpec, Experience, Node
from engine.expressions import Json
from engine.llm.protocol import LLMRequest, Message, Tool
from engine.llm.providers import PROVIDERS, Provider, usable_provider
from engine.llm.service import LLMService, input_tokens
from engine.log.events.events import ActivityKind, ErrorInfo, Metrics, RunStarted
from engine.log.reading.log_lines import LogLines
from engine.nodes.cli_agent import CliAgentKind
from engine.nodes.cli_agents.programs import PROGRAMS
from engine.nodes.kind import AsksModel
from engine.nodes.registry import kinds
from engine.report.preview.values import preview_work


class NoPromptError(ValueError):
    """The node sends no prompt. The message is for the user."""


class PromptPreview(Struct, frozen=True):
    """A prompt as it would be sent, and with what settings. Secrets of the environment are not masked in it.

    `tool` is the one that a structured answer is given through. `tokens` is an estimate. `item` says which of the
    node's items it is for, if it has several. `warnings` are those that a run would report.
    """

    node: Node
    prompt: str
    settings: Mapping[str, Json]
    tokens: int
    system: str | None = None
    tool: Tool | None = None
    item: str = ""
    warnings: tuple[str, ...] = ()


def prompt_preview(experience: Experience, node: Node, directory: Path, lines: LogLines | None) -> PromptPreview:
    """The prompt of `node`, with the values of the run with these `lines`. Nothing is sent.

    Raises NoPromptError; NodeError, as a run would; UnreadableLogError and OSError.
    """
    watcher, given, provider = _Collected(), preview_work(experience, node, lines), _provider(lines)
    kind = kinds(directory, llm=LLMService(provider))[node.kind]
    if isinstance(kind, AsksModel):
        request = kind.request(given.work, watcher)
        settings: dict[str, Json] = {
            "provider": provider.name,
            "model": request.model,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
        }
    elif isinstance(kind, CliAgentKind) and isinstance(node.spec, CliAgentSpec):
        program = PROGRAMS[node.spec.provider]
        settings = {
            "provider": node.spec.provider,
            "command": " ".join((program.name, *program.arguments(node.spec))),
            "workdir": node.spec.workdir,
        }
        request = LLMRequest("", (Message("user", kind.prompt(given.work, watcher)),), 0)
    else:
        raise NoPromptError(f"{node.id} is of kind {node.kind.value}, which sends no prompt.")
    return PromptPreview(
        node,
        request.messages[0].text,
        {name: value for name, value in settings.items() if value is not None},
        input_tokens(request),
        request.system,
        request.tool,
        given.item,
        tuple(dict.fromkeys([*given.warnings, *watcher.warnings])),
    )


def _provider(lines: LogLines | None) -> Provider:
    """The provider of the run, which a resume of it uses, too."""
    event = None if lines is None else lines.started().event
    name = event.settings.get("llm") if isinstance(event, RunStarted) else None
    return PROVIDERS.get(str(name)) or usable_provider()


class _Collected(Struct):
    """What a run would warn of. See Watcher."""

    warnings: list[str] = field(default_factory=list)

    def activity(self, text: str, kind: ActivityKind | None = None) -> None:
        """See Watcher."""

    def tokens(self, tokens_in: int, tokens_out: int, model: str | None, cost_usd: float | None) -> None:
        """See Watcher."""

    def warning(self, message: str) -> None:
        """See Watcher."""
        self.warnings.append(message)

    def attempt(self, level: str, attempt: int, error: ErrorInfo, wait_ms: int, metrics: Metrics | None) -> None:
        """See Watcher."""
