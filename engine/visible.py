"""Text from elsewhere as people may see it: nothing in it moves a cursor, sets a colour or turns the order of letters
round. Pure.
"""

from __future__ import annotations

from functools import cache

_C0 = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
_REPLACEMENT = 0xFFFD
_NO_PICTURE = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""The controls of Latin-1, of which terminals obey some, and those that turn the direction of what follows."""

_BYTES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""What Python makes of bytes that are not UTF-8, in names of files, as engine.file_names writes it."""

_PICTURES: dict[int, int | str] = {**_C0, **dict.fromkeys(_NO_PICTURE, _REPLACEMENT), **_BYTES}


def visible(text: str) -> str:
    """`text` with a picture in the place of each control character but line breaks and tabs.

    A byte that is not UTF-8, in the name of a file, is shown as `\\xe9`.
    """
    return text if text.isascii() and text.isprintable() else text.replace("\r\n", "\n").translate(_PICTURES)


def visible_json(written: str) -> str:
    """A text of JSON that means the same, with such characters escaped, which are in its texts only."""
    return written if written.isascii() and "\x7f" not in written else written.translate(_escapes())


@cache
def _escapes() -> dict[int, str]:  # not made for every command: it takes a while, and is seldom needed
    escapes = {code: f"\\u{code:04x}" for code in (127, *_NO_PICTURE, *range(0xD800, 0xE000))}
    return {**escapes, **{code: f"\\{shown}" for code, shown in _BYTES.items()}}
