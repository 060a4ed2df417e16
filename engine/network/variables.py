"""Checks of environment variables that hold keys, headers or addresses. Pure.

A problem is one message: the variable, the mistake, the remedy. None shows a key or a password.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from engine.visible import visible

_PASTED = "\ufeff\u200b\u200c\u200d\u2060"
"""Invisible characters that are copied along with text, and that Python does not strip."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._~%:[]")


def read(environment: Mapping[str, str], name: str) -> str | None:
    """The value of `name` without invisible characters around it (line breaks, blanks); None if nothing is left."""
    value = environment.get(name, "").strip().strip(_PASTED).strip()
    return value or None


def header_problems(name: str, value: str | None, remedy: str) -> Iterator[str]:
    """Problems of a value that is sent in a header, such as a key."""
    if value is None:
        return
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        yield f"{name} is in quotation marks; remove them"
        return
    for at, character in enumerate(value, start=1):
        if not " " <= character <= "~":
            yield f"{name} contains {_named(character)} as character {at}, which is not allowed in a header; {remedy}"
            return


def header_lines_problems(name: str, value: str | None) -> Iterator[str]:
    """Problems of lines of `Name: value` that are sent as headers."""
    for number, line in enumerate((value or "").split("\n"), start=1):
        header, colon, content = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not colon or not header.isascii() or not header.replace("-", "").replace("_", "").isalnum():
            yield f"{name}, line {number}, is not a header; write `Name: value`, one per line"
        else:
            yield from header_problems(f"{name}, line {number},", content or None, "correct the line")


def address_problems(name: str, value: str | None) -> Iterator[str]:
    """Problems of an http or https address."""
    if value is None:
        return
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        yield f"{name} is in quotation marks; remove them"
        return
    odd = odd_character(value)
    if odd is not None:
        yield f"{name} contains {odd}, which is not allowed in an address; correct it"
        return
    shown = public(value)
    scheme, separator, _ = value.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        written = f"is {shown}, which" if not separator else f"begins with {visible(scheme)}://, and"
        # A local server seldom has a certificate.
        usual = "http" if shown.startswith("localhost") or shown[:1].isdigit() else "https"
        example = f"{usual}://{shown}" if not separator else "http:// or https://"
        yield f"{name} {written} does not begin with http:// or https://; write it with one, such as {example}"
        return
    problem = host_problem(value)
    if problem is not None:
        yield f"{name} is {shown}, {problem}"


def host_problem(address: str) -> str | None:
    """The problem of host and port of `address`, as the end of a sentence, with the remedy; None if there is none."""
    parts = _split(address)
    if parts is None:
        return "which is not an address; write an IPv6 host in brackets, such as http://[::1]:8080"
    try:
        port = parts.port
    except ValueError:
        return f"whose port {_port_text(parts)} is not a number up to 65535; correct it"
    host = parts.hostname
    if not host or port == 0:
        return "which has no host; write it as scheme://host:port" if not host else "whose port is 0; correct it"
    if not set(host.lower()) <= _HOST_CHARACTERS and host.isascii():
        return "whose host contains an invalid character; correct it"
    try:
        host.encode("idna") if not host.isascii() else None
    except UnicodeError:
        return "whose host is not a name; correct it"
    return None


def odd_character(text: str) -> str | None:
    """The name of the first character of `text` that is invalid in an address; None if there is none."""
    return next((_named(character) for character in text if character.isspace() or not character.isprintable()), None)


def public(address: str) -> str:
    """`address` for messages: without user name, password, query and control characters."""
    scheme, separator, rest = address.rpartition("://") if "://" in address else ("", "", address)
    authority, slash, path = rest.partition("/")
    return visible(f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}")[:200]


def host_of(address: str) -> str:
    """Host and port of `address` for messages, even if the address is invalid."""
    return public(address).rpartition("://")[2].partition("/")[0]


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:
        return None


def _port_text(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    return visible((host.rpartition("]")[2] or host).partition(":")[2])


def _named(character: str) -> str:
    """The name of a character with its code point, since it may be invisible."""
    if 0xD800 <= ord(character) <= 0xDFFF:
        return "a byte that is not UTF-8"
    name = {"\r": "a carriage return", "\n": "a line break", "\t": "a tab", "\0": "a NUL"}.get(character)
    return f"{name or unicodedata.name(character, 'a control character')} (U+{ord(character):04X})"
