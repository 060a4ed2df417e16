"""The node kind `agent`: a prompt for a language model, its answer as text or structured (docs/format.md, Agents)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.experience.model import AgentSpec, Node
from engine.expressions import Json
from engine.llm.protocol import LLMRequest, Message
from engine.llm.service import LLMService
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.kind import Outcome, Watcher, Work
from engine.nodes.llm_request import answer_tool, ask
from engine.nodes.prompts import fill_prompt, prompt_file, read_prompt
from engine.nodes.structured_output import schema_file


class AgentKind:
    """Runs the agents of the experience at `directory`. `llm` is the caller's to close.

    Requests and responses are kept in `outputs`.
    """

    def __init__(self, directory: Path, llm: LLMService, outputs: Outputs | None = None) -> None:
        self._directory = directory
        self._llm = llm
        self._outputs = outputs or Outputs()

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:  # noqa: ARG002
        """The files of the prompt and the schema, unless they are inline."""
        spec, directory = _spec(node), self._directory
        named = {"prompt": prompt_file(directory, spec.prompt), "schema": schema_file(directory, spec.schema)}
        return {f"{part} {file.shown}": file.path for part, file in named.items() if file is not None}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002
        """The provider and the model."""
        provider = self._llm.provider
        return {"provider": provider.name, "model": provider.model(_spec(node).model)}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Asks the model. Raises NodeError, with the metrics of the calls so far."""
        request = self.request(work, watcher)
        with self._outputs.exchange(work.attempt_id, watcher.warning) as exchange:
            return await ask(self._llm, request, work.node, watcher, exchange)

    def request(self, work: Work, watcher: Watcher) -> LLMRequest:
        """See AsksModel."""
        spec = _spec(work.node)
        return LLMRequest(
            tool=answer_tool(self._directory, spec.schema, work.node, watcher),
            model=self._llm.provider.model(spec.model),
            messages=(Message("user", fill_prompt(read_prompt(self._directory, spec.prompt, watcher), work, watcher)),),
            max_tokens=spec.max_tokens,
            system=spec.system,
            temperature=spec.temperature,
        )

    async def close(self) -> None:
        """Does nothing: an execution leaves nothing running."""


def _spec(node: Node) -> AgentSpec:
    assert isinstance(node.spec, AgentSpec)
    return node.spec
