r"""Escapes names of files that are not UTF-8 for logs, hashes and messages, and back. Pure.

Python represents each byte of a name that is not UTF-8 by a lone surrogate, which UTF-8 and JSON cannot encode. Here
such a byte is written as `\xe9`.
"""

from __future__ import annotations

import re

_UNWRITABLE = re.compile(r"[\udc80-\udcff]|\\(?=x(?:5c|[89a-f][0-9a-f]))")
r"""Bytes that are not UTF-8, and backslashes that would be read back as escapes."""

_WRITTEN = re.compile(r"\\x(5c|[89a-f][0-9a-f])")
_FIRST_SURROGATE = 0xDC00


def writable(name: str) -> str:
    r"""A name or path with `\xe9` for each byte that is not UTF-8.

    Unambiguous: the text `\xe9` in a name is written as `\x5cxe9`.
    """
    return name if name.isascii() and "\\" not in name else _UNWRITABLE.sub(_escape, name)


def is_writable(text: str) -> bool:
    """Whether UTF-8 can encode a text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_on_disk(written: str) -> str:
    """The inverse of `writable`."""
    return _WRITTEN.sub(_unescape, written) if "\\" in written else written


def _escape(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]) & 0xFF:02x}"


def _unescape(found: re.Match[str]) -> str:
    byte = int(found[1], 16)
    return chr(byte) if byte < 0x80 else chr(_FIRST_SURROGATE + byte)
