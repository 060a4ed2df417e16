"""Reads the error body of an HTTP response, whoever wrote it: provider, framework or proxy. Pure; never raises.

Known are `error` as an object or a text, `detail` (FastAPI), lists (Google), problem details (RFC 9457), HTML, plain
text; any other JSON is shown whole.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from engine.visible import visible

_MAX_SHOWN = 500
"""Characters shown in a message: nobody reads a page of HTML there."""

_MOST_BYTES = 64 * 1024
"""Bodies are read up to here: what matters comes first."""

_TEXT_KEYS = ("message", "detail", "msg", "error_description", "error_message", "error_msg", "reason", "title", "raw")
_CODE_KEYS = ("code", "status_code", "status", "type", "error_code")
_DEPTH = 6
_HIDDEN = frozenset({"script", "style", "svg", "noscript"})

STATUS_OF_CODE = {
    # Anthropic
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    # OpenAI
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "content_policy_violation": 400,
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "billing_hard_limit_reached": 402,
    "billing_not_active": 402,
    "model_not_found": 404,
    "rate_limit_exceeded": 429,
    "server_error": 500,
    # Google
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "resource_exhausted": 429,
    "internal": 500,
    "unavailable": 503,
    "deadline_exceeded": 504,
}
"""The HTTP status of a named error in a response of status 200."""


class ErrorBody(Struct, frozen=True):
    """An error: its message, perhaps empty, and its code."""

    said: str = ""
    code: str | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status of the code; None if it has none."""
        code = self.code or ""
        if code.isascii() and code.isdigit() and 400 <= int(code[:4]) <= 599:
            return int(code)
        return STATUS_OF_CODE.get(code.lower())


def read_error_body(body: bytes) -> ErrorBody:
    """The error in a body."""
    text = body[:_MOST_BYTES].decode("utf-8", "replace").strip().lstrip("\ufeff")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody(_text_of_html(text) if text.startswith("<") else text)
    return read_error(value)


def read_error(value: object) -> ErrorBody:
    """The error in a JSON value."""
    words = list(dict.fromkeys(_words(value)))
    said = ": ".join(words) if words else _as_json(value)
    codes = list(_codes(value))
    telling = (code for code in codes if ErrorBody(code=code).status is not None)
    return ErrorBody(said, next(telling, codes[0] if codes else None))


def shown(text: str) -> str:
    """`text` shortened to one line, without characters that control a terminal."""
    line = " ".join(visible(text[: 20 * _MAX_SHOWN]).split())
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}…"


def _words(value: object, depth: int = _DEPTH) -> Iterator[str]:
    """The messages in a value, outermost first."""
    if depth == 0:
        return
    if isinstance(value, str):
        yield from _words_of_text(value, depth)
    elif isinstance(value, list):
        for member in value[:5]:
            yield from _words(member, depth - 1)
    elif isinstance(value, dict):
        yield from _words_of_object({str(key).lower(): member for key, member in value.items()}, depth)


def _words_of_text(text: str, depth: int) -> Iterator[str]:
    """The messages in text, which may hold JSON or HTML of a server behind a proxy."""
    text = text.strip()
    if text[:1] in ("{", "["):
        try:
            inner = list(_words(json.loads(text), depth - 1))
        except (ValueError, RecursionError):
            inner = []
        if inner:
            yield from inner
            return
    if text[:1] == "<":
        text = _text_of_html(text)
    if text:
        yield text


def _words_of_object(fields: dict[str, object], depth: int) -> Iterator[str]:
    for key in ("error", *_TEXT_KEYS, "errors", "metadata"):
        member = fields.get(key)
        if key == "metadata" and isinstance(member, dict):
            member = {name: member[name] for name in ("raw", "provider_name") if name in member}
        yield from _words(member, depth - 1)
    parameter = fields.get("param")
    if isinstance(parameter, str) and parameter:
        yield f"parameter {parameter}"
    where = fields.get("loc")
    if isinstance(where, list) and where:
        yield "at " + ".".join(str(step) for step in where if isinstance(step, (str, int)))
    if isinstance(fields.get("provider_name"), str):
        yield f"from {fields['provider_name']}"


def _codes(value: object, depth: int = _DEPTH) -> Iterator[str]:
    """The codes of an error, innermost first."""
    if depth == 0:
        return
    if isinstance(value, list):
        for member in value[:5]:
            yield from _codes(member, depth - 1)
    if isinstance(value, dict):
        for key in ("error", "detail", "errors"):
            yield from _codes(value.get(key), depth - 1)
        for code in (value.get(key) for key in _CODE_KEYS):
            if isinstance(code, (str, int)) and not isinstance(code, bool) and code != "":
                yield str(code)


def _as_json(value: object) -> str:
    if value is None or value in ("", [], {}):
        return ""
    return json.dumps(value, ensure_ascii=False, default=str)


def _text_of_html(text: str) -> str:
    """The visible text of a page, title first."""
    return html.unescape(" ".join(dict.fromkeys(" ".join(part.split()) for part in _parts_of_html(text)))).strip()


def _parts_of_html(text: str) -> Iterable[str]:
    """The texts between tags, in one pass, so that untrusted pages take linear time."""
    hidden = ""
    for at, piece in enumerate(text.split("<")):
        tag, closed, rest = piece.partition(">") if at else ("", "", piece)
        found = re.match(r"/?[a-z]+", tag.lower())
        name = found[0] if found else ""
        if hidden:
            if name == f"/{hidden}":
                hidden = ""
            else:
                continue
        elif name in _HIDDEN and not tag.endswith("/"):
            hidden = name
            continue
        if (closed or not at) and rest.strip():
            yield rest
