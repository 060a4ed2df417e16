"""Asks the language model for what a node writes: text, or structured output with one repair. For every LLM kind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import replace

from engine.experience.model import Node
from engine.expressions import Json
from engine.llm.answers.error_bodies import shown
from engine.llm.answers.untrusted import object_in
from engine.llm.protocol import LLMError, LLMRequest, LLMResponse, Message, Tool
from engine.llm.service import LLMService
from engine.log.events.events import ActivityKind, ErrorInfo, Metrics, Output
from engine.log.writing.llm_transcript import LlmTranscript
from engine.nodes.kind import NodeError, Outcome, Watcher
from engine.nodes.structured_output import Schema, problems, read_schema

TOOL_NAME = "structured_output"
_MOST_NAMED = 20


async def ask(llm: LLMService, request: LLMRequest, node: Node, watcher: Watcher, exchange: LlmTranscript) -> Outcome:
    """Asks the model and returns the outcome: its text, or with a tool the fields of an object that matches its schema.

    Every call is recorded in `exchange`. Raises NodeError, with the metrics of the calls so far.
    """
    conversation = _Conversation(llm, watcher, exchange)
    if request.tool is None:
        answer: Mapping[str, Json] = {node.writes[0]: await _ask_text(conversation, request)}
    else:
        answer = await _ask_structured(conversation, request, request.tool.input_schema, node)
    return Outcome(Output(_only_writes(answer, node, watcher)), conversation.metrics)


def answer_tool(directory: Path, schema: Schema | str | None, node: Node, watcher: Watcher) -> Tool | None:
    """The tool that the answer of a node with a schema is given through; None where the answer is a text.

    Raises NodeError if the schema cannot be used, or a text would have no field, or several, to go to.
    """
    if schema is None:
        require_one_write(node)
        return None
    read = read_schema(directory, schema, watcher)
    return Tool(TOOL_NAME, "Gives the answer. Call it exactly once, with the whole answer.", read)


def require_one_write(node: Node) -> None:
    """Raises NodeError if a text would have no field, or several, to go to."""
    if len(node.writes) == 1:
        return
    named = ", ".join(node.writes) if node.writes else "none"
    article = "an" if node.kind.value[0] in "aeiou" else "a"
    raise NodeError(
        f"{node.kind.value.capitalize()}Writes",
        f"{article} {node.kind.value} without a schema writes its text to one field, but `writes` names {named}; "
        "name one, or add a schema",
    )


class _Conversation:
    """The calls of one execution: reports them and adds up their cost."""

    def __init__(self, llm: LLMService, watcher: Watcher, exchange: LlmTranscript) -> None:
        self._llm = llm
        self._exchange = exchange
        self.watcher = watcher
        self.metrics: Metrics | None = None

    async def ask(self, request: LLMRequest) -> LLMResponse:
        """Returns a complete answer. Raises NodeError."""

        def call() -> None:
            self.watcher.activity(f"calling {request.model}", ActivityKind.CALL)

        call()
        self._exchange.sent({"provider": self._llm.provider.name, **to_builtins(request)})
        try:
            response = await self._llm.complete(request, on_retry=self._retry, on_wait=self._wait, on_waited=call)
        except LLMError as error:
            self._failed(error)
            raise NodeError(_type(error), str(error), metrics=self.metrics, retryable=error.retryable) from error
        self._received(response)
        return response

    def _received(self, response: LLMResponse) -> None:
        """Counts a response, valid or not: it has been paid for."""
        self._exchange.received(response.raw)
        self.watcher.tokens(response.tokens_in, response.tokens_out, response.model, response.cost_usd)
        self.metrics = _add(self.metrics, response)

    def _failed(self, error: LLMError) -> None:
        if error.answer is not None:
            self._received(error.answer)
        self._exchange.failed(str(error))

    def _retry(self, attempt: int, error: LLMError, seconds: float) -> None:
        self._failed(error)
        self.watcher.attempt("llm", attempt, ErrorInfo(_type(error), str(error)), round(seconds * 1000), None)

    def _wait(self, why: str) -> None:
        self.watcher.activity(f"waiting: {why}", ActivityKind.WAIT)


async def _ask_text(conversation: _Conversation, request: LLMRequest) -> str:
    """Returns an answer that is not empty: an empty one would be restored as if it were a result."""
    response = await conversation.ask(request)
    if not response.text.strip():
        message = f"{response.model} returned no text; say in the prompt what to answer, or try again"
        raise NodeError("EmptyAnswer", message, metrics=conversation.metrics)
    return response.text


async def _ask_structured(
    conversation: _Conversation, request: LLMRequest, schema: Schema, node: Node
) -> Mapping[str, Json]:
    """Returns an answer that matches `schema` and gives `node` something to write.

    One that does not is sent back to the model with its problems, once.
    """
    response = await conversation.ask(request)
    conversation.watcher.activity("validating structured output")
    given, found = _given(response, schema, node)
    if found:
        conversation.watcher.activity("repairing structured output")
        response = await conversation.ask(replace(request, messages=_with_problems(request, response, found)))
        conversation.watcher.activity("validating structured output")
        given, found = _given(response, schema, node)
    if found:
        message = "neither the answer nor its repair matches the schema: " + "; ".join(found)
        raise NodeError("InvalidOutput", message, metrics=conversation.metrics)
    return given


def _given(response: LLMResponse, schema: Schema, node: Node) -> tuple[Mapping[str, Json], list[str]]:
    """Returns the answer's object and the problems with it.

    Not every server makes its model call the tool: a text that is a matching object is accepted, too.
    """
    given = object_in(response.text) if response.tool_input is None else response.tool_input
    if given is None:
        return {}, [f"the answer was not given by calling {TOOL_NAME}"]
    return given, problems(schema, dict(given)) or nothing_to_write(given, node)


def nothing_to_write(answer: Mapping[str, Json], node: Node) -> list[str]:
    """The problem of an answer that fills no field of `writes`; None if it fills one."""
    if not node.writes or not answer.keys().isdisjoint(node.writes):
        return []
    held = ", ".join(sorted(answer)[:_MOST_NAMED]) if answer else "no field at all"
    return [f"it fills none of the fields that `writes` names ({', '.join(node.writes)}); it holds {shown(held)}"]


def _with_problems(request: LLMRequest, response: LLMResponse, found: list[str]) -> tuple[Message, ...]:
    """The conversation as text: a thinking model rejects a tool call without the thoughts that led to it."""
    given = response.text if response.tool_input is None else json.dumps(dict(response.tool_input), ensure_ascii=False)
    listed = "\n".join(f"- {problem}" for problem in found)
    correction = f"That answer is not accepted:\n{listed}\nCall {TOOL_NAME} with the whole answer, corrected."
    return (*request.messages, Message("assistant", given.strip() or "(no answer)"), Message("user", correction))


def _only_writes(answer: Mapping[str, Json], node: Node, watcher: Watcher) -> dict[str, Json]:
    for key in answer.keys() - set(node.writes):
        watcher.warning(f"dropped {key} from the answer; add it to `writes` to keep it")
    return {key: value for key, value in answer.items() if key in node.writes}


def _add(metrics: Metrics | None, response: LLMResponse) -> Metrics:
    before = metrics or Metrics(0, 0, 0.0)
    cost = response.cost_usd
    return Metrics(
        tokens_in=(before.tokens_in or 0) + response.tokens_in,
        tokens_out=(before.tokens_out or 0) + response.tokens_out,
        cost_usd=None if cost is None or before.cost_usd is None else before.cost_usd + cost,
        model=response.model,
    )


def _type(error: LLMError) -> str:
    return type(error).__name__.removesuffix("Error")
