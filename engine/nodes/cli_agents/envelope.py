"""Opens the envelope of a coding agent's answer: one object, or a stream of messages (docs/format.md, cli-agent). Pure.

The format decides, not the provider, since programs may be wrapped. The last result counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.expressions import Json
from engine.log.events.events import Metrics
from engine.nodes.cli_agents.json_messages import find_objects, without_escapes

Message = Mapping[str, Any]
Messages = Sequence[Message]

COMPLETE = frozenset({"end_turn", "stop_sequence", "tool_use"})
"""Stop reasons with which the answer of a Claude model is complete."""

_BROKEN_OFF = "its output ends in the middle of a message"
_RESULT_KEYS = frozenset({"subtype", "is_error", "session_id", "total_cost_usd", "num_turns", "duration_ms", "usage"})
_MARKS = _RESULT_KEYS | {"stats"}
_ANSWER_KEYS = frozenset({"result", "structured_output"})
_CLAUDE_STREAM = frozenset({"system", "assistant", "user"})
_CODEX_STREAM = ("thread.", "turn.", "item.")
_CODEX_TEXTS = frozenset({"agent_message", "assistant_message"})
_GEMINI_STREAM = frozenset({"init", "message", "tool_use", "tool_result", "error", "result"})


_MOST_DOLLARS, _MOST_TOKENS = 10**9, 10**12
"""Larger values are not believed."""


class Envelope(Struct, frozen=True):
    """Its answer, or its `error`, which is empty if the program gives no reason; and the metrics of the call."""

    answer: str | Mapping[str, Json] = ""
    error: str | None = None
    metrics: Metrics | None = None


def open_envelope(text: str, writes: Sequence[str] = ()) -> Envelope | None:
    """Finds the envelope anywhere in `text`; None if there is none.

    `writes` are the fields that the node asked for: an object that fills them is an answer, not an envelope.
    """
    found = find_objects(without_escapes(text))
    messages = found.objects
    if len(messages) == 1 and writes and set(writes) <= messages[0].keys() and not _MARKS & messages[0].keys():
        return None
    for message in reversed(messages):
        reader = next((reader for knows, reader in _READERS if knows(message)), None)
        if reader is not None:
            envelope = reader(messages)
            return replace(envelope, error=envelope.error or _BROKEN_OFF) if found.cut_off else envelope
    return None


def _type(message: Message) -> str:
    return _text(message.get("type"))


def _is_claude(message: Message) -> bool:
    return _is_result(message) or (_type(message) in _CLAUDE_STREAM and "session_id" in message)


def _is_result(message: Message) -> bool:
    return _type(message) == "result" and bool((_RESULT_KEYS | _ANSWER_KEYS) & message.keys())


def _read_claude(messages: Messages) -> Envelope:
    results = [message for message in messages if _is_result(message)]
    if not results:
        return Envelope(error="it ended without a result", metrics=_claude_stream_metrics(messages))
    last = results[-1]
    result, structured = last.get("result"), last.get("structured_output")
    answer = structured if isinstance(structured, dict) else _as_answer(result)
    return Envelope(answer, _claude_error(last), _sum_of([_claude_metrics(each) for each in _last_of_session(results)]))


def _as_answer(result: Any) -> str | Mapping[str, Json]:
    return result if isinstance(result, (str, dict)) else "" if result is None else json.dumps(result)


def _claude_error(result: Message) -> str | None:
    subtype, stopped = result.get("subtype"), result.get("stop_reason")
    said = _words(result.get("errors")) or _words(result.get("error")) or _words(result.get("result"))
    if result.get("is_error") or result.get("error") or subtype not in (None, "success"):
        return said or (subtype if isinstance(subtype, str) and subtype != "success" else "")
    if stopped is not None and _text(stopped) not in COMPLETE:
        return f"the answer is not complete (stop_reason {stopped}){': ' + said if said else ''}"
    if subtype is None and not _ANSWER_KEYS & result.keys():
        return ""
    return None


def _last_of_session(results: Messages) -> list[Message]:
    """The last result of each session, which has the cost of all of it, and every result without a session."""
    last = {_text(result.get("session_id")) or number: result for number, result in enumerate(results)}
    return list(last.values())


def _claude_metrics(result: Message) -> Metrics:
    usage, models = _object(result.get("usage")), result.get("modelUsage")
    cost: Any = result.get("total_cost_usd")
    return Metrics(
        tokens_in=_count(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
        tokens_out=_count(usage, "output_tokens"),
        cost_usd=float(cost) if type(cost) in (int, float) and 0 <= cost < _MOST_DOLLARS else None,
        model=next(iter(models)) if isinstance(models, dict) and len(models) == 1 else None,
    )


def _claude_stream_metrics(messages: Messages) -> Metrics | None:
    """The usage of a stream without a result, in which each call is repeated for each part of its answer."""
    calls: dict[Any, Metrics] = {}
    for message in messages:
        call = _object(message.get("message"))
        if _type(message) == "assistant" and isinstance(call.get("usage"), dict):
            model = call.get("model")
            used = _claude_metrics({"usage": call["usage"]})
            calls[str(call.get("id"))] = replace(used, model=model if isinstance(model, str) else None)
    return _sum_of(list(calls.values()))


def _is_codex(message: Message) -> bool:
    return _type(message).startswith(_CODEX_STREAM) or _old_codex(message) is not None


def _old_codex(message: Message) -> Message | None:
    """The event in a message of old versions of `codex exec --json`, without threads and turns."""
    event = message.get("msg")
    return event if isinstance(event, dict) and _type(event) and "id" in message else None


def _read_codex(messages: Messages) -> Envelope:
    answer, said, error, is_over = "", "", None, False
    used: list[Metrics | None] = [None]
    for message in messages:
        event = _old_codex(message) or message
        type_, item = _type(event), _object(event.get("item"))
        if type_ in ("turn.started", "task_started"):
            answer, said, error, is_over = "", "", None, False
        elif type_ == "thread.started":
            used.append(None)
        elif type_ == "item.completed" and _text(item.get("type") or item.get("item_type")) in _CODEX_TEXTS:
            answer = _text(item.get("text"))
        elif type_ == "agent_message":
            answer = _text(event.get("message"))
        elif type_ in ("turn.failed", "turn_aborted"):
            error = _words(event.get("error")) or _words(event.get("reason")) or said
        elif type_ in ("error", "stream_error"):
            said = _words(event)
        elif type_ in ("turn.completed", "task_complete"):
            answer, is_over = answer or _text(event.get("last_agent_message")), True
        used[-1] = _codex_usage(event) or used[-1]
    if error is None and not is_over:
        error = said or "it ended before its turn was complete"
    return Envelope(answer, error, _sum_of([each for each in used if each is not None]))


def _codex_usage(event: Message) -> Metrics | None:
    usage = event.get("usage") or _object(event.get("info")).get("total_token_usage")
    counts = Metrics(_count(_object(usage), "input_tokens"), _count(_object(usage), "output_tokens"))
    return None if counts == Metrics() else counts


def _is_gemini(message: Message) -> bool:
    if _type(message) in _GEMINI_STREAM:
        return "timestamp" in message or (_type(message) == "result" and "status" in message)
    is_whole = "response" in message or "error" in message
    return is_whole and "type" not in message and bool({"stats", "session_id"} & message.keys())


def _read_gemini(messages: Messages) -> Envelope:
    ours = [message for message in messages if _is_gemini(message)]
    last = ours[-1]
    stats = _object(last.get("stats"))
    if "type" not in last:
        error = _words(last["error"]) if last.get("error") else None
        return Envelope(_as_answer(last.get("response")), error, _gemini_metrics(stats))
    texts, model, said, error = "", None, "", "it ended without a result"
    for message in ours:
        type_ = _type(message)
        if type_ == "init":
            model = message.get("model")
        elif type_ == "message":
            texts = texts + _text(message.get("content")) if message.get("role") == "assistant" else ""
        elif type_ == "error":
            said = _words(message.get("message"))
    if last["type"] != "result":
        return Envelope(texts, said or error)
    used = Metrics(_count(stats, "input_tokens"), _count(stats, "output_tokens"))
    metrics = None if used == Metrics() else replace(used, model=model if isinstance(model, str) else None)
    is_whole = last.get("status") == "success" and not last.get("error")
    return Envelope(texts, None if is_whole else _words(last.get("error")) or said, metrics)


def _gemini_metrics(stats: Message) -> Metrics | None:
    models = _object(stats.get("models"))
    tokens = [(name, _object(_object(model).get("tokens"))) for name, model in models.items()]
    used = [
        Metrics(_count(each, "prompt"), _count(each, "candidates", "thoughts"), model=name) for name, each in tokens
    ]
    return _sum_of(used)


_READERS: tuple[tuple[Callable[[Message], bool], Callable[[Messages], Envelope]], ...] = (
    (_is_claude, _read_claude),
    (_is_codex, _read_codex),
    (_is_gemini, _read_gemini),
)


def _sum_of(used: Sequence[Metrics]) -> Metrics | None:
    """The sum of all; None if nothing is known. Several models leave `model` empty."""
    costs = [each.cost_usd for each in used if each.cost_usd is not None]
    models = {each.model for each in used}
    whole = Metrics(
        tokens_in=_added([each.tokens_in for each in used]),
        tokens_out=_added([each.tokens_out for each in used]),
        cost_usd=sum(costs) if costs else None,
        model=next(iter(models)) if len(models) == 1 else None,
    )
    return None if whole == Metrics() else whole


def _added(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _count(usage: Message, *names: str) -> int | None:
    """The sum of those that are counts."""
    values = [usage.get(name) for name in names]
    return _added([value if type(value) is int and 0 <= value < _MOST_TOKENS else None for value in values])


def _object(value: Any) -> Message:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any) -> str:
    """The text of an error: itself, its message, or its parts."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "; ".join(filter(None, map(_words, value)))
    if not isinstance(value, dict):
        return ""
    inside = next((said for key in ("message", "error", "text", "type") if (said := _words(value.get(key)))), "")
    return inside or json.dumps(value, ensure_ascii=False)
