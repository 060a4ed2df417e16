"""What a client says has changed in a document, applied to its text."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from engine.syntax.lines import Encoding, offset_of


def changed(text: str, changes: Iterable[types.TextDocumentContentChangeEvent], encoding: Encoding) -> str:
    """The text after the changes, one after the other; ranges count in `encoding` and are clamped to the text.

    Unlike pygls's own, takes U+2028 for no line break, and does not split the text into lines for each change.
    """
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            begin, end = change.range.start, change.range.end
            start = offset_of(text, begin.line, begin.character, encoding)
            stop = max(start, offset_of(text, end.line, end.character, encoding))
            text = text[:start] + change.text + text[stop:]
        else:
            text = change.text
    return text


def encoding_of(kind: types.PositionEncodingKind | str | None) -> Encoding:
    """The encoding that client and server agreed on; UTF-16 where they did not (LSP 3.17, PositionEncodingKind)."""
    return Encoding(types.PositionEncodingKind(kind).value) if kind else Encoding.UTF16
