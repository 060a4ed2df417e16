"""The class for each node kind. A new kind is one file and one line in `_CONSTRUCTORS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.model import Kind, Node
from engine.llm.budget import CallBudget, NoBudget
from engine.llm.service import LLMService
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.agent import AgentKind
from engine.nodes.cli_agent import CliAgentKind
from engine.nodes.dataset import DatasetKind
from engine.nodes.kind import NodeKind, StartsAhead
from engine.nodes.skill import SkillKind
from engine.nodes.tool import ToolKind


class Settings(Struct, frozen=True):
    """What the kinds of one run share: the experience's folder, the Python for tools, the LLM service, the outputs.

    `budget` is that of coding agents; the LLM service has it, too.
    """

    directory: Path
    python: str | None = None
    llm: LLMService = field(default_factory=LLMService)
    outputs: Outputs = field(default_factory=Outputs)
    budget: CallBudget = field(default_factory=NoBudget)


_CONSTRUCTORS: Mapping[Kind, Callable[[Settings], NodeKind]] = {
    Kind.TOOL: lambda settings: ToolKind(settings.directory, python=settings.python, outputs=settings.outputs),
    Kind.AGENT: lambda settings: AgentKind(settings.directory, settings.llm, settings.outputs),
    Kind.SKILL: lambda settings: SkillKind(settings.directory, settings.llm, settings.outputs),
    Kind.DATASET: lambda settings: DatasetKind(settings.directory),
    Kind.CLI_AGENT: lambda settings: CliAgentKind(settings.directory, settings.outputs, settings.budget),
}

SUPPORTED: frozenset[Kind] = frozenset(_CONSTRUCTORS)
"""The kinds that this version runs."""


class Kinds(Mapping[Kind, NodeKind]):
    """The kinds of one run, each created when first used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[Kind, NodeKind] = {}
        self._elsewhere: dict[str, Kinds] = {}
        self._home = str(settings.directory)

    def at(self, home: str) -> Kinds:
        """The kinds for a nested experience in another folder; closed along with these."""
        if home == self._home:
            return self
        if home not in self._elsewhere:
            self._elsewhere[home] = Kinds(replace(self._settings, directory=Path(home)))
        return self._elsewhere[home]

    def __getitem__(self, kind: Kind) -> NodeKind:
        if kind not in self._made:
            self._made[kind] = _CONSTRUCTORS[kind](self._settings)
        return self._made[kind]

    async def start_ahead(self, nodes: Iterable[Node]) -> None:
        """Starts what the first of `nodes` with a StartsAhead kind needs."""
        for node in nodes:
            if node.kind in SUPPORTED and isinstance(kind := self[node.kind], StartsAhead):
                await kind.start_ahead(node)
                return

    def __iter__(self) -> Iterator[Kind]:
        return iter(_CONSTRUCTORS)

    def __len__(self) -> int:
        return len(_CONSTRUCTORS)

    async def close(self) -> None:
        """Closes the kinds that were used, and the LLM service."""
        for here in (*self._elsewhere.values(), self):
            while here._made:
                await here._made.popitem()[1].close()
        await self._settings.llm.close()


def kinds(
    directory: Path,
    *,
    python: str | None = None,
    llm: LLMService | None = None,
    outputs: Outputs | None = None,
    budget: CallBudget | None = None,
) -> Kinds:
    """The kinds for one run of the experience at `directory`. The caller closes what it returns, and `llm` with it."""
    return Kinds(Settings(directory, python, llm or LLMService(), outputs or Outputs(), budget or NoBudget()))
