"""The forms in which programs write a text: plain, JSON, URL-encoded, base64. Pure."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_UNESCAPED = ("", "/", "!'()*", "!#$&'()*+,/:;=?@")
"""Characters that encoders leave besides letters and digits: RFC 3986, Python, encodeURIComponent, encodeURI."""

_ESCAPE = re.compile(rb"%[0-9A-F]{2}")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms_of(text: str, *, with_base64: bool = True) -> frozenset[bytes]:
    """Every form of `text`, which may contain surrogate escapes, as values of the environment do."""
    raw = text.encode("utf-8", "surrogateescape")
    return frozenset({raw, *_in_json(text), *_in_urls(raw), *(_in_base64(raw) if with_base64 else ())})


def _in_json(text: str) -> Iterator[bytes]:
    """As a JSON string, and as one inside another: the log holds the JSON that a tool prints as a string."""
    for ensure_ascii in (True, False):
        inner = json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
        for written in (inner, json.dumps(inner)[1:-1]):
            yield written.encode("utf-8", "surrogateescape")


def _in_urls(raw: bytes) -> Iterator[bytes]:
    for encoded in (*(quote(raw, safe=safe) for safe in _UNESCAPED), quote_plus(raw)):
        written = encoded.encode()
        yield written
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), written)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The digits that depend on `raw` alone, for each alignment to the groups of three bytes."""
    for before in range(3):
        digits = b64encode(bytes(before) + raw)
        own = digits[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield own
        yield own.translate(_URL_SAFE)
