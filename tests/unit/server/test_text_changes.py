"""Changes of a document are applied to its text (oe_lsp/server/transport/text_changes.py)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from engine.syntax import Encoding, LineIndex, units
from oe_lsp.server.transport.text_changes import apply_changes

texts = st.text(st.sampled_from("ab: \n\r\u2028é😀"), max_size=40)


def partial(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


@pytest.mark.parametrize(
    ("text", "change", "after"),
    [
        ("a: 1\nb: 2\n", partial((1, 3), (1, 4), "3"), "a: 1\nb: 3\n"),
        ("a: 😀x\n", partial((0, 5), (0, 6), "y"), "a: 😀y\n"),
        ("a: 1\u2028b\nc", partial((1, 0), (1, 1), "d"), "a: 1\u2028b\nd"),
        ("a", partial((0, 1), (0, 1), "b\n"), "ab\n"),
        ("a\n", partial((1, 0), (9, 9), "b"), "a\nb"),
        ("a\r\nb", partial((0, 9), (1, 0), ""), "ab"),
        ("a", types.TextDocumentContentChangeWholeDocument("b"), "b"),
    ],
)
def test_a_change_is_applied(text: str, change: types.TextDocumentContentChangeEvent, after: str) -> None:
    assert apply_changes(text, [change], Encoding.UTF16) == after


@given(texts, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), texts), max_size=4), st.sampled_from(Encoding))
def test_changes_in_order_give_the_clients_text(
    text: str, edits: list[tuple[int, int, str]], encoding: Encoding
) -> None:
    before, changes = text, []
    for at, length, new in edits:
        start, end = sorted((at % (len(text) + 1), min(at % (len(text) + 1) + length, len(text))))
        if "\r\n" in (text[max(start - 1, 0) : start + 1], text[max(end - 1, 0) : end + 1]):
            continue  # between the two is no position
        changes.append(partial(place(text, start, encoding), place(text, end, encoding), new))
        text = text[:start] + new + text[end:]

    assert apply_changes(before, changes, encoding) == text


def place(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    lines = LineIndex(text)
    position = lines.position(offset)
    return position.line, units(lines.line_text(position.line)[: position.column], encoding)
