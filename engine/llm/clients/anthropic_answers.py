"""Reads the responses of the Messages API. Pure.

Any field may hold anything, since users choose the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions import Json
from engine.llm.answers.error_bodies import read_error
from engine.llm.answers.stop_reasons import unfinished
from engine.llm.answers.untrusted import arguments_of, as_count, as_list, as_object, as_text, text_of
from engine.llm.prices import cost_usd
from engine.llm.protocol import LLMRequest, LLMResponse

_COMPLETE = frozenset({"end_turn", "tool_use", "stop_sequence"})
_TEXTS = frozenset({"text"})


def is_answer(body: Mapping[str, Any]) -> bool:
    """Whether `body` is that of a message, complete or not."""
    return "content" in body


def embedded_error(body: Mapping[str, Any]) -> object | None:
    """The error in the body of a response of status 200; None without one."""
    if body.get("error"):
        return dict(body)
    if "content" not in body and read_error(dict(body)).status is not None:
        return dict(body)
    return None


def read_answer(body: Mapping[str, Any], request: LLMRequest) -> LLMResponse:
    """The answer in `body`. Raises LLMError if it is incomplete."""
    answer = partial_answer(body, request)
    if answer.stop_reason not in _COMPLETE:
        details = as_object(body.get("stop_details"))
        raise unfinished(answer, request, as_text(details.get("explanation")) or "")
    return answer


def partial_answer(body: Mapping[str, Any], request: LLMRequest) -> LLMResponse:
    """The answer in `body`, complete or not, with its tokens."""
    tool_input, written = _tool_call(body, request)
    usage = as_object(body.get("usage"))
    cached = as_count(usage.get("cache_creation_input_tokens")) + as_count(usage.get("cache_read_input_tokens"))
    tokens_in = as_count(usage.get("input_tokens")) + cached
    tokens_out = as_count(usage.get("output_tokens"))
    model = as_text(body.get("model")) or request.model
    return LLMResponse(
        # Input that is no object becomes text, so that a repair can show it to the model.
        text=written if tool_input is None and written else text_of(body.get("content"), _TEXTS),
        tool_input=tool_input,
        stop_reason=as_text(body.get("stop_reason")),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        model=model,
        cost_usd=cost_usd("anthropic", model, tokens_in, tokens_out) if usage else None,
        raw=dict(body),
    )


def _tool_call(body: Mapping[str, Any], request: LLMRequest) -> tuple[dict[str, Json] | None, str]:
    """The arguments of the tool call and their text; (None, "") without a call."""
    for block in map(as_object, as_list(body.get("content"))):
        named = as_text(block.get("name"))
        if block.get("type") == "tool_use" and request.tool is not None and named in (None, request.tool.name):
            return arguments_of(block.get("input"))
    return None, ""
