"""Whether an answer is whole, by the reason that the provider names for its end (docs/format.md, Agents). Pure."""

from __future__ import annotations

from engine.llm.answers.error_bodies import shown
from engine.llm.protocol import IncompleteAnswerError, InterruptedAnswerError, LLMError, LLMRequest, LLMResponse

_LENGTH = frozenset({"max_tokens", "length", "max_length", "max_output_tokens"})
_CONTEXT = frozenset({"model_context_window_exceeded", "context_length_exceeded"})
_REFUSED = frozenset({"refusal", "content_filter", "safety", "sensitive"})


def unfinished(answer: LLMResponse, request: LLMRequest, said: str = "", native: str | None = None) -> LLMError:
    """Why `answer` does not count, whose reason is none of those that its provider gives for a whole one.

    `said` is what the provider says besides; `native` is the reason in the words of the provider behind the provider.
    """
    reason, named = answer.stop_reason, _named(answer.stop_reason, native)
    beside = f": {shown(said)}" if said else ""
    behind = f" ({named})" if native and native != reason else ""
    if reason in _LENGTH:
        cut_off = f"the answer was cut off after {request.max_tokens} tokens"
        return IncompleteAnswerError(f"{cut_off}{beside}{behind}; raise `max_tokens` of the node", answer=answer)
    if reason in _CONTEXT:
        message = f"prompt and answer are longer than {request.model} can hold{beside}{behind}; shorten the prompt"
        return IncompleteAnswerError(message, answer=answer)
    if reason in _REFUSED:
        return refused(answer, request, said or ("" if reason == "refusal" else named))
    if reason == "error":
        message = f"the provider broke the answer off{beside} ({named}); try again later"
    elif reason == "pause_turn":
        message = f"{request.model} paused before its answer was whole{beside} ({named}); try again"
    else:
        retry = "try again; if it always ends so, use another model or server"
        message = f"the answer does not say that it is whole{beside} ({named}); {retry}"
    return InterruptedAnswerError(message, answer=answer)


def refused(answer: LLMResponse, request: LLMRequest, said: str) -> LLMError:
    """The model, or a filter behind it, declined to answer, in the words `said`."""
    why = f": {shown(said)}" if said else ""
    message = f"{request.model} refused to answer{why}; change the prompt or the model"
    return IncompleteAnswerError(message, answer=answer)


def _named(reason: str | None, native: str | None) -> str:
    named = f"stop reason {shown(reason)}" if reason else "no stop reason"
    return f"{named}, of the provider behind it {shown(native)}" if native and native != reason else named
