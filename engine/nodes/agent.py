"""The node kind `agent`: a prompt for a language model, its answer as text or structured (docs/format.md, Agents)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from engine.expressions import Json
from engine.llm.prices import cost_usd
from engine.llm.protocol import LLMClient, LLMError, LLMRequest, LLMResponse, Message, Tool
from engine.log.events import ErrorInfo, Metrics, Output
from engine.nodes.kind import NodeError, Outcome, Watcher, Work
from engine.nodes.prompts import fill_prompt, prompt_file, read_prompt
from engine.nodes.structured import Schema, problems, read_schema, schema_file
from engine.spec.model import AgentSpec, Node

DEFAULT_MODEL = "claude-sonnet-4-6"
"""Where neither the node nor OE_ANTHROPIC_MODEL names one."""

TOOL_NAME = "structured_output"

Sleep = Callable[[float], Awaitable[None]]


class AgentKind:
    """Runs the agents of the experience at `directory`. `connect` makes the client, when the first agent runs."""

    def __init__(self, directory: Path, connect: Callable[[], LLMClient], *, sleep: Sleep = asyncio.sleep) -> None:
        self._directory = directory
        self._connect = connect
        self._client: LLMClient | None = None
        self._sleep = sleep

    def files(self, node: Node, directory: Path) -> Mapping[str, Path]:
        """The files of the prompt and of the schema, where they are in files."""
        spec = _spec(node)
        named = {"prompt": prompt_file(directory, spec.prompt), "schema": schema_file(directory, spec.schema)}
        return {f"{part} {file.shown}": file.path for part, file in named.items() if file is not None}

    def settings(self, node: Node) -> Mapping[str, Json]:
        """The provider and the model."""
        return {"provider": "anthropic", "model": resolve_model(node)}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Ask the model. Raises NodeError, with what the calls cost until then."""
        if self._client is None:
            self._client = self._connect()
        conversation = _Conversation(self._client, work.node, watcher, self._sleep)
        spec = _spec(work.node)
        schema = None if spec.schema is None else read_schema(self._directory, spec.schema, watcher)
        if schema is None and len(work.node.writes) != 1:
            raise NodeError("AgentWrites", _wrong_writes(work.node))
        request = LLMRequest(
            model=resolve_model(work.node),
            messages=(Message("user", fill_prompt(read_prompt(self._directory, spec.prompt, watcher), work, watcher)),),
            max_tokens=spec.max_tokens,
            system=spec.system,
            temperature=spec.temperature,
        )
        if schema is None:
            answer: Mapping[str, Json] = {work.node.writes[0]: (await conversation.ask(request)).text}
        else:
            answer = await _ask_structured(conversation, request, schema)
        return Outcome(Output(_only_writes(answer, work.node, watcher)), conversation.metrics)

    async def close(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.close()


def resolve_model(node: Node) -> str:
    """The model of an agent: its own, else OE_ANTHROPIC_MODEL, else DEFAULT_MODEL."""
    return _spec(node).model or os.environ.get("OE_ANTHROPIC_MODEL") or DEFAULT_MODEL


class _Conversation:
    """The calls of one execution: reports them, repeats what failed for the moment, adds up what they cost."""

    def __init__(self, client: LLMClient, node: Node, watcher: Watcher, sleep: Sleep) -> None:
        self._client = client
        self._node = node
        self._sleep = sleep
        self.watcher = watcher
        self.metrics: Metrics | None = None

    async def ask(self, request: LLMRequest) -> LLMResponse:
        """A complete answer. Raises NodeError."""
        from engine.llm.retry import with_retries

        self.watcher.activity(f"calling {request.model}")
        try:
            response = await with_retries(lambda: self._client.complete(request), self._retry, sleep=self._sleep)
        except LLMError as error:
            raise NodeError(_type(error), str(error), metrics=self.metrics) from error
        self.watcher.tokens(response.tokens_in, response.tokens_out, response.model)
        self.metrics = _add(self.metrics, response)
        problem = _incomplete(response, request)
        if problem is not None:
            raise NodeError("IncompleteAnswer", problem, metrics=self.metrics)
        return response

    def _retry(self, attempt: int, error: LLMError, seconds: float) -> None:
        self.watcher.attempt("llm", attempt, ErrorInfo(_type(error), str(error)), round(seconds * 1000), None)


async def _ask_structured(conversation: _Conversation, request: LLMRequest, schema: Schema) -> Mapping[str, Json]:
    """An answer that fits `schema`. One that does not is shown to the model with its problems, once."""
    tool = Tool(TOOL_NAME, "Gives the answer. Call it exactly once, with the whole answer.", schema)
    request = replace(request, tool=tool)
    response = await conversation.ask(request)
    conversation.watcher.activity("validating structured output")
    found = _problems(response, schema)
    if found:
        conversation.watcher.activity("repairing structured output")
        response = await conversation.ask(replace(request, messages=_with_problems(request, response, found)))
        conversation.watcher.activity("validating structured output")
        found = _problems(response, schema)
    if found or response.tool_input is None:
        message = "the answer does not fit the schema, and its repair does not either: " + "; ".join(found)
        raise NodeError("InvalidOutput", message, metrics=conversation.metrics)
    return response.tool_input


def _problems(response: LLMResponse, schema: Schema) -> list[str]:
    if response.tool_input is None:
        return [f"the answer was not given by calling {TOOL_NAME}"]
    return problems(schema, dict(response.tool_input))


def _with_problems(request: LLMRequest, response: LLMResponse, found: list[str]) -> tuple[Message, ...]:
    """The conversation as text: a model that thinks does not accept a tool call without the thoughts that led to it."""
    given = response.text if response.tool_input is None else json.dumps(dict(response.tool_input), ensure_ascii=False)
    listed = "\n".join(f"- {problem}" for problem in found)
    correction = f"That answer is not accepted:\n{listed}\nCall {TOOL_NAME} with the whole answer, corrected."
    return (*request.messages, Message("assistant", given.strip() or "(no answer)"), Message("user", correction))


def _only_writes(answer: Mapping[str, Json], node: Node, watcher: Watcher) -> dict[str, Json]:
    for key in answer.keys() - set(node.writes):
        watcher.warning(f"the answer's {key} is dropped: `writes` does not name it")
    return {key: value for key, value in answer.items() if key in node.writes}


def _incomplete(response: LLMResponse, request: LLMRequest) -> str | None:
    """Why the answer is none, where it is none."""
    if response.stop_reason == "max_tokens":
        return f"the answer was cut off after {request.max_tokens} tokens; raise `max_tokens` of the node"
    if response.stop_reason == "model_context_window_exceeded":
        return f"prompt and answer are longer than {request.model} can hold; shorten the prompt"
    if response.stop_reason == "refusal":
        return f"{request.model} refused to answer; change the prompt or the model"
    return None


def _wrong_writes(node: Node) -> str:
    named = ", ".join(node.writes) if node.writes else "none"
    return (
        f"an agent without a schema writes its text to one field, but `writes` names {named}; name one, or add a schema"
    )


def _add(metrics: Metrics | None, response: LLMResponse) -> Metrics:
    before = metrics or Metrics(0, 0, 0.0)
    cost = cost_usd(response.model, response.tokens_in, response.tokens_out)
    return Metrics(
        tokens_in=(before.tokens_in or 0) + response.tokens_in,
        tokens_out=(before.tokens_out or 0) + response.tokens_out,
        cost_usd=None if cost is None or before.cost_usd is None else before.cost_usd + cost,
        model=response.model,
    )


def _type(error: LLMError) -> str:
    return type(error).__name__.removesuffix("Error")


def _spec(node: Node) -> AgentSpec:
    assert isinstance(node.spec, AgentSpec)
    return node.spec
