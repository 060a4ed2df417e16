"""Which class runs which kind of node. A new kind is one file and one line in `_CONSTRUCTORS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.llm.anthropic_client import AnthropicClient
from engine.llm.protocol import LLMClient
from engine.nodes.agent import AgentKind
from engine.nodes.kind import NodeKind
from engine.nodes.tool import ToolKind
from engine.spec.model import Kind


@dataclass(frozen=True, slots=True)
class Settings:
    """What the kinds of one run need: the experience's folder, the Python that the user asked for, the LLM to use."""

    directory: Path
    python: str | None = None
    connect: Callable[[], LLMClient] = AnthropicClient


_CONSTRUCTORS: Mapping[Kind, Callable[[Settings], NodeKind]] = {
    Kind.TOOL: lambda settings: ToolKind(settings.directory, python=settings.python),
    Kind.AGENT: lambda settings: AgentKind(settings.directory, settings.connect),
}

SUPPORTED: frozenset[Kind] = frozenset(_CONSTRUCTORS)
"""The kinds that this version runs."""


class Kinds(Mapping[Kind, NodeKind]):
    """The kinds of one run, each made when it is first looked up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[Kind, NodeKind] = {}

    def __getitem__(self, kind: Kind) -> NodeKind:
        if kind not in self._made:
            self._made[kind] = _CONSTRUCTORS[kind](self._settings)
        return self._made[kind]

    def __iter__(self) -> Iterator[Kind]:
        return iter(_CONSTRUCTORS)

    def __len__(self) -> int:
        return len(_CONSTRUCTORS)

    async def close(self) -> None:
        """Close the kinds that were used."""
        while self._made:
            await self._made.popitem()[1].close()


def kinds(directory: Path, *, python: str | None = None, connect: Callable[[], LLMClient] = AnthropicClient) -> Kinds:
    """The kinds for one run of the experience at `directory`. The caller closes what it returns."""
    return Kinds(Settings(directory, python, connect))
