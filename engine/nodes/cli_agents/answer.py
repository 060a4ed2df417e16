"""Reads a coding agent's answer as one JSON object (docs/format.md, cli-agent). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

from engine.expressions import Json
from engine.nodes.cli_agents.json_messages import find_objects, without_escapes, without_thoughts

_FENCED = re.compile(r"^[ \t]*```[ \t]*(?:json[ \t]*)?\r?\n(.*?)^[ \t]*```", re.DOTALL | re.IGNORECASE | re.MULTILINE)
_SHOWN = 200
_NOT_JSON = object()
_CAUSES = "ask in the prompt for one JSON object and nothing else; an agent that is not logged in prints text, too"


class NotAnObjectError(ValueError):
    """The text is not a JSON object; the message says what it is instead."""


def read_object(text: str, writes: Collection[str] = ()) -> dict[str, Json]:
    """Finds the JSON object in `text`: all of it, a fenced block, the text from the first to the last brace, or
    the only one on lines of its own.

    Thoughts before it, `<think>…</think>`, are skipped. An object whose `result` or `response` is a text that holds an
    object is unwrapped, unless it fills some of `writes`, the fields that the node asked for. Raises NotAnObjectError.
    """
    plain = without_thoughts(without_escapes(text))
    parsed = (_parse(candidate) for candidate in _candidates(plain))
    value = next((value for value in parsed if value is not _NOT_JSON), _NOT_JSON)
    if not isinstance(value, dict):
        raise NotAnObjectError(_refusal(plain, value))
    return _unwrapped(value, writes)


def _candidates(text: str) -> Iterator[str]:
    yield text
    for block in _FENCED.finditer(text):
        yield block[1]
    before, brace, _ = text.partition("{")
    if before.rstrip().endswith("["):  # one object of a list is not the answer
        return
    yield text[len(before) : text.rfind("}") + len(brace)]
    found = find_objects(text)
    if len(found.objects) == 1 and not found.cut_off:
        yield json.dumps(found.objects[0])


def _unwrapped(value: dict[str, Json], writes: Collection[str]) -> dict[str, Json]:
    for key in ("result", "response"):
        inner = value.get(key)
        if isinstance(inner, str) and "{" in inner and not value.keys() & set(writes):
            try:
                return read_object(inner, writes)
            except NotAnObjectError:
                continue
    return value


def _refusal(text: str, value: Any) -> str:
    shown = text.strip()[:_SHOWN]
    if not shown:
        return f"the answer is empty; expected a JSON object; {_CAUSES}"
    if value is not _NOT_JSON:
        what = "is JSON, but not an object"
    elif (found := find_objects(text)).cut_off:
        what = "ends in the middle of a JSON object"
    else:
        what = "contains several JSON objects" if len(found.objects) > 1 else "is not valid JSON"
    return f"the answer {what}; {_CAUSES}. It begins: {shown}"


def _parse(text: str) -> Any:
    """The JSON value of `text`; _NOT_JSON if it is not JSON."""
    try:
        return json.loads(text, parse_constant=_reject)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _reject(constant: str) -> NoReturn:
    raise ValueError(constant)
