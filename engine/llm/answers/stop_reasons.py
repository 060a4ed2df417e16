"""Explains answers that are incomplete by their stop reason (docs/format.md, Agents). Pure."""

from __future__ import annotations

from engine.llm.answers.error_bodies import shown
from engine.llm.protocol import IncompleteAnswerError, InterruptedAnswerError, LLMError, LLMRequest, LLMResponse

_LENGTH = frozenset({"max_tokens", "length", "max_length", "max_output_tokens"})
_CONTEXT = frozenset({"model_context_window_exceeded", "context_length_exceeded"})
_REFUSED = frozenset({"refusal", "content_filter", "safety", "sensitive"})


def unfinished(answer: LLMResponse, request: LLMRequest, said: str = "", native: str | None = None) -> LLMError:
    """The error for an answer whose stop reason is not one of a complete answer.

    `said` is the explanation of the provider, `native` the stop reason of the provider behind it.
    """
    reason, named = answer.stop_reason, _named(answer.stop_reason, native)
    beside = f": {shown(said)}" if said else ""
    behind = f" ({named})" if native and native != reason else ""
    if reason in _LENGTH:
        cut_off = f"the answer was cut off after {request.max_tokens} tokens"
        return IncompleteAnswerError(f"{cut_off}{beside}{behind}; raise `max_tokens` of the node", answer=answer)
    if reason in _CONTEXT:
        message = f"prompt and answer exceed the context of {request.model}{beside}{behind}; shorten the prompt"
        return IncompleteAnswerError(message, answer=answer)
    if reason in _REFUSED:
        return refused(answer, request, said or ("" if reason == "refusal" else named))
    if reason == "error":
        message = f"the provider aborted the answer{beside} ({named}); try again later"
    elif reason == "pause_turn":
        message = f"{request.model} paused before its answer was complete{beside} ({named}); try again"
    else:
        message = f"the answer may be incomplete{beside} ({named}); try again, or use another model or server"
    return InterruptedAnswerError(message, answer=answer)


def refused(answer: LLMResponse, request: LLMRequest, said: str) -> LLMError:
    """The error for an answer that the model, or a filter, refused; `said` is its explanation."""
    why = f": {shown(said)}" if said else ""
    message = f"{request.model} refused to answer{why}; change the prompt or the model"
    return IncompleteAnswerError(message, answer=answer)


def _named(reason: str | None, native: str | None) -> str:
    named = f"stop reason {shown(reason)}" if reason else "no stop reason"
    return f"{named}, upstream {shown(native)}" if native and native != reason else named
