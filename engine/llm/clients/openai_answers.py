"""Reads the responses of the chat completions API. Pure.

Compatible servers differ in what they leave out and how they write it, so any field may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from engine.expressions import Json
from engine.llm.answers.error_bodies import read_error
from engine.llm.answers.stop_reasons import refused, unfinished
from engine.llm.answers.untrusted import arguments_of, as_count, as_list, as_object, as_text, text_of, without_thoughts
from engine.llm.prices import cost_usd
from engine.llm.protocol import InterruptedAnswerError, LLMRequest, LLMResponse

_COMPLETE = {"stop": "end_turn", "tool_calls": "tool_use", "function_call": "tool_use"}
_TEXTS = frozenset({"text", "output_text"})


def is_answer(body: Mapping[str, Any]) -> bool:
    """Whether `body` is that of a completion, complete or not."""
    return "choices" in body


def embedded_error(body: Mapping[str, Any]) -> object | None:
    """The error in the body of a response of status 200, beside the choice or in its place; None without one."""
    choice = _choice(body)
    errors: list[object] = [body.get("error"), choice.get("error"), as_object(choice.get("message")).get("error")]
    found = next(filter(None, errors), None)
    if found is not None:
        return found
    if "choices" not in body and read_error(body).status is not None:
        return dict(body)
    return None


def read_answer(body: Mapping[str, Any], request: LLMRequest, *, priced: bool) -> LLMResponse:
    """The answer in `body`. Raises LLMError if it is incomplete."""
    answer, choice = partial_answer(body, request, priced=priced), _choice(body)
    if not choice:
        raise InterruptedAnswerError("the server answered without a choice; try again", answer=answer)
    refusal = _refusal(as_object(choice.get("message")))
    if refusal:
        raise refused(answer, request, refusal)
    if answer.stop_reason not in _COMPLETE:
        raise unfinished(answer, request, native=as_text(choice.get("native_finish_reason")))
    return replace(answer, stop_reason=_COMPLETE[answer.stop_reason])


def partial_answer(body: Mapping[str, Any], request: LLMRequest, *, priced: bool) -> LLMResponse:
    """The answer in `body`, complete or not, with its tokens."""
    choice = _choice(body)
    message = as_object(choice.get("message"))
    tool_input, written = _tool_call(message, request)
    usage = as_object(body.get("usage"))
    tokens_in = as_count(usage.get("prompt_tokens")) or as_count(usage.get("input_tokens"))
    tokens_out = as_count(usage.get("completion_tokens")) or as_count(usage.get("output_tokens"))
    model = as_text(body.get("model")) or request.model
    return LLMResponse(
        # Arguments that are no object become text, so that a repair can show them to the model.
        text=written if tool_input is None and written else _text(message),
        tool_input=tool_input,
        stop_reason=as_text(choice.get("finish_reason")),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=model,
        cost_usd=cost_usd("openai", model, tokens_in, tokens_out) if usage and priced else None,
        raw=dict(body),
    )


def _choice(body: Mapping[str, Any]) -> dict[str, Any]:
    choices = as_list(body.get("choices"))
    return as_object(choices[0]) if choices else {}


def _text(message: Mapping[str, Any]) -> str:
    return without_thoughts(text_of(message.get("content"), _TEXTS))


def _refusal(message: Mapping[str, Any]) -> str:
    """The words of a refusal, beside the text of the message or among its parts."""
    parts = [as_object(part) for part in as_list(message.get("content"))]
    words = [message.get("refusal"), *(part.get("refusal") for part in parts if part.get("type") == "refusal")]
    return " ".join(word for word in map(as_text, words) if word is not None).strip()


def _tool_call(message: Mapping[str, Any], request: LLMRequest) -> tuple[dict[str, Json] | None, str]:
    """The arguments of the tool call and their text; (None, "") without a call."""
    calls = [as_object(call) for call in as_list(message.get("tool_calls"))]
    functions = [as_object(call.get("function")) or call for call in calls]
    functions.append(as_object(message.get("function_call")))  # the API before tools
    for function in functions:
        named = as_text(function.get("name"))
        if function and request.tool is not None and named in (None, request.tool.name):
            return arguments_of(function.get("arguments"))
    return None, ""
