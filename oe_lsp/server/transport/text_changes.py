"""Applies the changes of `textDocument/didChange` to a text."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types

from engine.syntax.lines import Encoding, offset_of


def apply_changes(text: str, changes: Iterable[types.TextDocumentContentChangeEvent], encoding: Encoding) -> str:
    """The text after the changes, in order; ranges count in `encoding` and are clamped to the text.

    Unlike pygls, does not treat U+2028 as a line break, and does not split the text into lines for each change.
    """
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            first, last = change.range.start, change.range.end
            start = offset_of(text, first.line, first.character, encoding)
            end = max(start, offset_of(text, last.line, last.character, encoding))
            text = text[:start] + change.text + text[end:]
        else:
            text = change.text
    return text
