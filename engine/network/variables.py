"""What a variable of the environment must be to serve as a key, a header or an address. Pure.

A problem is one message: the variable, what is wrong with it, what to do. None shows a key or a password.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit

from engine.visible import visible

_PASTED = "\ufeff\u200b\u200c\u200d\u2060"
"""What is copied along with a text without being seen, and is no white space to Python."""

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._~%:[]")


def read(environment: Mapping[str, str], name: str) -> str | None:
    """The value of `name` without what stands around it unseen (a line's end, blanks); None where nothing is left."""
    value = environment.get(name, "").strip().strip(_PASTED).strip()
    return value or None


def header_problems(name: str, value: str | None, remedy: str) -> Iterator[str]:
    """What keeps `value` from being sent in a header, such as a key."""
    if value is None:
        return
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        yield f"{name} has quotation marks around it; remove them"
        return
    for at, character in enumerate(value, start=1):
        if not " " <= character <= "~":
            yield f"{name} holds {_named(character)} as character {at}, which no header can; {remedy}"
            return


def header_lines_problems(name: str, value: str | None) -> Iterator[str]:
    """What keeps `value`, lines of `Name: value`, from being sent as headers."""
    for number, line in enumerate((value or "").split("\n"), start=1):
        header, colon, content = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not colon or not header.isascii() or not header.replace("-", "").replace("_", "").isalnum():
            yield f"{name}, line {number}, is no header; write `Name: value`, one a line"
        else:
            yield from header_problems(f"{name}, line {number},", content or None, "correct the line")


def address_problems(name: str, value: str | None) -> Iterator[str]:
    """What keeps `value` from being an http or https address."""
    if value is None:
        return
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        yield f"{name} has quotation marks around it; remove them"
        return
    odd = odd_character(value)
    if odd is not None:
        yield f"{name} holds {odd}, which no address can; correct it"
        return
    shown = public(value)
    scheme, separator, _ = value.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        written = f"is {shown}, which" if not separator else f"begins with {visible(scheme)}://, and"
        # A server of one's own seldom has a certificate.
        usual = "http" if shown.startswith("localhost") or shown[:1].isdigit() else "https"
        example = f"{usual}://{shown}" if not separator else "http:// or https://"
        yield f"{name} {written} does not begin with http:// or https://; write it with one, such as {example}"
        return
    problem = host_problem(value)
    if problem is not None:
        yield f"{name} is {shown}, {problem}"


def host_problem(address: str) -> str | None:
    """What is wrong with host and port of `address`, as the end of a sentence with its remedy; None if nothing is."""
    parts = _split(address)
    if parts is None:
        return "which is no address; an IPv6 host stands in brackets, such as http://[::1]:8080"
    try:
        port = parts.port
    except ValueError:
        return f"whose port {_port_text(parts)} is no number up to 65535; correct it"
    host = parts.hostname
    if not host or port == 0:
        return "which names no host; write it as scheme://host:port" if not host else "whose port is 0; correct it"
    if not set(host.lower()) <= _HOST_CHARACTERS and host.isascii():
        return "whose host holds a character that no host has; correct it"
    try:
        host.encode("idna") if not host.isascii() else None
    except UnicodeError:
        return "whose host is no name; correct it"
    return None


def odd_character(text: str) -> str | None:
    """The first character of `text` that no address holds, named; None where there is none."""
    return next((_named(character) for character in text if character.isspace() or not character.isprintable()), None)


def public(address: str) -> str:
    """`address` as messages show it: without name and password, query and what controls a terminal."""
    scheme, separator, rest = address.rpartition("://") if "://" in address else ("", "", address)
    authority, slash, path = rest.partition("/")
    return visible(f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path.partition('?')[0]}")[:200]


def host_of(address: str) -> str:
    """The host of `address`, with its port, as messages show it; whatever is wrong with the address."""
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
    """A character by its code point, since it may be invisible."""
    if 0xD800 <= ord(character) <= 0xDFFF:
        return "a byte that is no UTF-8"
    name = {"\r": "a carriage return", "\n": "a line break", "\t": "a tab", "\0": "a NUL"}.get(character)
    return f"{name or unicodedata.name(character, 'a control character')} (U+{ord(character):04X})"
