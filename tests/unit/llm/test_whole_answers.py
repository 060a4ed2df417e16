"""An answer counts only where the provider says, in a word that is known, that it is whole."""

from __future__ import annotations

from typing import Any

import pytest

from engine.llm.clients import anthropic_answers, openai_answers
from engine.llm.protocol import (
    IncompleteAnswerError,
    InterruptedAnswerError,
    LLMError,
    LLMRequest,
    LLMResponse,
    Message,
)

REQUEST = LLMRequest("the-model", (Message("user", "Hello?"),), max_tokens=100)


def from_openai(finish_reason: Any, message: dict[str, Any] | None = None, **choice: Any) -> LLMResponse:
    chosen = {"message": {"content": "Half a sent", **(message or {})}, "finish_reason": finish_reason, **choice}
    body = {"choices": [chosen], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    return openai_answers.read_answer(body, REQUEST, priced=False)


def from_anthropic(stop_reason: Any, **body: Any) -> LLMResponse:
    content = [{"type": "text", "text": "Half a sent"}]
    usage = {"input_tokens": 7, "output_tokens": 3}
    return anthropic_answers.read_answer(
        {"content": content, "stop_reason": stop_reason, "usage": usage, **body}, REQUEST
    )


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "function_call"])
def test_a_completion_with_a_known_finish_reason_is_complete(reason: str) -> None:
    assert from_openai(reason).text == "Half a sent"


@pytest.mark.parametrize("reason", ["end_turn", "tool_use", "stop_sequence"])
def test_a_message_with_a_known_stop_reason_is_complete(reason: str) -> None:
    assert from_anthropic(reason).text == "Half a sent"


FINAL = [
    ("length", "cut off after 100 tokens; raise `max_tokens`"),
    ("max_tokens", "cut off after 100 tokens; raise `max_tokens`"),
    ("model_context_window_exceeded", "exceed the context of the-model; shorten the prompt"),
    ("refusal", "the-model refused to answer; change the prompt or the model"),
    ("content_filter", "the-model refused to answer: stop reason content_filter; change the prompt"),
]
AGAIN = [
    ("error", "aborted the answer (stop reason error)"),
    ("pause_turn", "paused before its answer was complete"),
    ("eos", "may be incomplete (stop reason eos)"),
    ("STOP\x1b[31m", "stop reason STOP\u241b[31m"),
    (None, "(no stop reason)"),
    ("", "(no stop reason)"),
    (7, "(no stop reason)"),
    (["stop"], "(no stop reason)"),
]


@pytest.mark.parametrize("read", [from_openai, from_anthropic])
@pytest.mark.parametrize(("reason", "said"), FINAL)
def test_an_answer_that_would_end_alike_again_fails_for_good(read: Any, reason: str, said: str) -> None:
    with pytest.raises(IncompleteAnswerError) as raised:
        read(reason)

    assert said in str(raised.value)
    assert not raised.value.retryable
    assert _tokens(raised.value) == (7, 3)


@pytest.mark.parametrize("read", [from_openai, from_anthropic])
@pytest.mark.parametrize(("reason", "said"), AGAIN)
def test_a_truncated_answer_is_requested_again(read: Any, reason: Any, said: str) -> None:
    with pytest.raises(InterruptedAnswerError) as raised:
        read(reason)

    assert said in str(raised.value)
    assert raised.value.retryable
    assert _tokens(raised.value) == (7, 3)


def test_a_reason_that_is_complete_for_one_provider_is_not_for_the_other() -> None:
    with pytest.raises(InterruptedAnswerError):
        from_openai("end_turn")
    with pytest.raises(InterruptedAnswerError):
        from_anthropic("stop")


def test_the_reason_of_the_upstream_provider_is_reported() -> None:
    with pytest.raises(InterruptedAnswerError, match="upstream MALFORMED_FUNCTION_CALL"):
        from_openai("error", native_finish_reason="MALFORMED_FUNCTION_CALL")
    with pytest.raises(IncompleteAnswerError, match="upstream MAX_TOKENS"):
        from_openai("length", native_finish_reason="MAX_TOKENS")


@pytest.mark.parametrize(
    "message", [{"refusal": "I can't help."}, {"content": [{"type": "refusal", "refusal": "I can't help."}]}]
)
def test_a_refusal_is_no_answer_whatever_its_finish_reason_and_its_text_is_shown(message: dict[str, Any]) -> None:
    with pytest.raises(IncompleteAnswerError, match="refused to answer: I can't help"):
        from_openai("stop", message)


def test_a_refusal_of_anthropic_shows_its_explanation() -> None:
    details = {"type": "refusal", "explanation": "It is about weapons."}

    with pytest.raises(IncompleteAnswerError, match="refused to answer: It is about weapons"):
        from_anthropic("refusal", stop_details=details)


def _tokens(error: LLMError) -> tuple[int, int]:
    assert error.answer is not None
    return error.answer.tokens_in, error.answer.tokens_out
