"""Makes control characters in untrusted text visible, so that it cannot control a terminal or reorder text. Pure."""

from __future__ import annotations

from functools import cache

_C0 = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"} | {127: 0x2421}
_REPLACEMENT = 0xFFFD
_WITHOUT_PICTURE = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""The C1 controls, some of which terminals obey, and controls of the text direction."""

_BYTES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""Surrogate escapes of bytes in names of files, as engine.file_names writes them."""

_PICTURES: dict[int, int | str] = {**_C0, **dict.fromkeys(_WITHOUT_PICTURE, _REPLACEMENT), **_BYTES}


def visible(text: str) -> str:
    """`text` with a symbol for each control character except line breaks and tabs.

    A byte of a file name that is not UTF-8 is shown as `\\xe9`.
    """
    return text if text.isascii() and text.isprintable() else text.replace("\r\n", "\n").translate(_PICTURES)


def visible_json(written: str) -> str:
    """JSON of the same value with these characters escaped."""
    return written if written.isascii() and "\x7f" not in written else written.translate(_escapes())


@cache
def _escapes() -> dict[int, str]:  # large, and seldom needed
    escapes = {code: f"\\u{code:04x}" for code in (127, *_WITHOUT_PICTURE, *range(0xD800, 0xE000))}
    return {**escapes, **{code: f"\\{shown}" for code, shown in _BYTES.items()}}
