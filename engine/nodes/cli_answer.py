"""What a coding agent printed, read as one JSON object (docs/format.md, cli-agent). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from msgspec import Struct

from engine.expressions import Json
from engine.log.events import Metrics

_FENCED = re.compile(r"^[ \t]*```[ \t]*(?:json[ \t]*)?\r?\n(.*?)^[ \t]*```", re.DOTALL | re.IGNORECASE | re.MULTILINE)
_SHOWN = 200
_NOT_JSON = object()
_CAUSES = "ask in the prompt for one JSON object and nothing else; an agent that is not logged in prints text, too"


class NotAnObjectError(ValueError):
    """The text is no JSON object; the message says what it is instead."""


class Envelope(Struct, frozen=True):
    """What `claude --output-format json` wraps an answer into: the answer, or the `error` that it had, and the cost."""

    answer: str | Mapping[str, Json]
    error: str | None
    metrics: Metrics | None


def open_envelope(text: str) -> Envelope | None:
    """The envelope that `text` is; None where it is none."""
    value = _parse(text)
    if isinstance(value, list) and value:  # with --verbose, all messages and then the envelope
        value = value[-1]
    if not isinstance(value, dict) or value.get("type") != "result":
        return None
    result = value.get("result")
    answer = result if isinstance(result, str) else ""
    failed = value.get("is_error") is True or (not isinstance(result, str) and value.get("subtype") != "success")
    structured = value.get("structured_output")
    return Envelope(
        structured if isinstance(structured, dict) else answer,
        (answer or str(value.get("subtype") or "no reason given")) if failed else None,
        _metrics(value),
    )


def read_object(text: str) -> dict[str, Json]:
    """The JSON object in `text`: all of it, a fenced block, or what stands between its first and last brace.

    An object whose `result` or `response` is a text that itself holds an object stands for that one. Raises
    NotAnObjectError.
    """
    parsed = (_parse(candidate) for candidate in _candidates(text))
    value = next((value for value in parsed if value is not _NOT_JSON), _NOT_JSON)
    if not isinstance(value, dict):
        raise NotAnObjectError(_refusal(text, value))
    return _unwrapped(value)


def _candidates(text: str) -> Iterator[str]:
    yield text
    for block in _FENCED.finditer(text):
        yield block[1]
    before, brace, _ = text.partition("{")
    if not before.rstrip().endswith("["):  # one object of a list is not the answer
        yield text[len(before) : text.rfind("}") + len(brace)]


def _unwrapped(value: dict[str, Json]) -> dict[str, Json]:
    for key in ("result", "response"):
        inner = value.get(key)
        if isinstance(inner, str) and "{" in inner:
            try:
                return read_object(inner)
            except NotAnObjectError:
                continue
    return value


def _refusal(text: str, value: Any) -> str:
    shown = text.strip()[:_SHOWN]
    if not shown:
        return f"the answer is empty where a JSON object was expected; {_CAUSES}"
    what = "is not valid JSON" if value is _NOT_JSON else "is JSON, but no object"
    return f"the answer {what}; {_CAUSES}. It begins: {shown}"


def _parse(text: str) -> Any:
    """What `text` is as JSON; _NOT_JSON where it is none."""
    try:
        return json.loads(text, parse_constant=_reject)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _reject(constant: str) -> NoReturn:
    raise ValueError(constant)


def _metrics(envelope: Mapping[str, Any]) -> Metrics | None:
    usage = envelope.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    models = envelope.get("modelUsage")
    cost = envelope.get("total_cost_usd")
    metrics = Metrics(
        tokens_in=_sum(usage, ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")),
        tokens_out=_sum(usage, ("output_tokens",)),
        cost_usd=float(cost) if isinstance(cost, (int, float)) and not isinstance(cost, bool) else None,
        model=next(iter(models)) if isinstance(models, dict) and len(models) == 1 else None,
    )
    return None if metrics == Metrics() else metrics


def _sum(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    known = [usage[name] for name in names if isinstance(usage.get(name), int)]
    return sum(known) if known else None
