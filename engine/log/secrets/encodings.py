"""The ways in which programs write a text down: plainly, in JSON, URL-encoded, in base64. Pure."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_LEFT_BY_ENCODERS = ("", "/", "!'()*", "!#$&'()*+,/:;=?@")
"""What stays as it is beside letters and digits: RFC 3986's own, Python's, encodeURIComponent's, encodeURI's."""

_ESCAPE = re.compile(rb"%[0-9A-F]{2}")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms_of(text: str, *, with_base64: bool = True) -> frozenset[bytes]:
    """Every form of `text`, which may hold what the environment has instead of UTF-8 (surrogateescape)."""
    raw = text.encode("utf-8", "surrogateescape")
    return frozenset({raw, *_in_json(text), *_in_urls(raw), *(_in_base64(raw) if with_base64 else ())})


def _in_json(text: str) -> Iterator[bytes]:
    """In a text of JSON, and in one that is itself a text of JSON: a tool that prints JSON gets logged in JSON."""
    for ensure_ascii in (True, False):
        inner = json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
        for written in (inner, json.dumps(inner)[1:-1]):
            yield written.encode("utf-8", "surrogateescape")


def _in_urls(raw: bytes) -> Iterator[bytes]:
    for encoded in (*(quote(raw, safe=safe) for safe in _LEFT_BY_ENCODERS), quote_plus(raw)):
        written = encoded.encode()
        yield written
        yield _ESCAPE.sub(lambda escape: escape[0].lower(), written)


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """The digits that depend on `raw` alone, by how many bytes too many stand before it."""
    for before in range(3):
        digits = b64encode(bytes(before) + raw)
        own = digits[(before * 8 + 5) // 6 : (before + len(raw)) * 8 // 6]
        yield own
        yield own.translate(_URL_SAFE)
