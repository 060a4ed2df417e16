"""Completion and hover answer at any offset of any text, however broken, with spans inside the text."""

from __future__ import annotations

import pytest
from hypothesis import given

from engine.experience import analyse
from oe_lsp.ide.completion.complete import complete
from oe_lsp.ide.document.cursor import cursor_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.hover.hover import hover
from tests.support.examples import one_in
from tests.unit.ide.broken_texts import At, at_a_deletion, beside_an_insertion, somewhere
from tests.unit.ide.marked import CURSOR, FOLDER, cases, snapshot
from tests.unit.syntax.corpus import EXPERIENCE, TEXTS

CORPUS = [*TEXTS, *(case.text.replace(CURSOR, "") for kind in ("completion", "hover") for case in cases(kind))]


def ask(shot: Snapshot, offset: int) -> None:
    for offer in complete(shot, offset, FOLDER):
        assert 0 <= offer.span.start <= offset <= offer.span.end <= len(shot.text)
    found = hover(shot, offset)
    assert found is None or 0 <= found.span.start <= offset <= found.span.end <= len(shot.text)


@given(somewhere(CORPUS))
def test_at_any_offset_there_is_an_answer(at: At) -> None:
    ask(snapshot(at[0]), at[1])


@given(beside_an_insertion(CORPUS))
def test_there_is_an_answer_beside_an_inserted_character(at: At) -> None:
    ask(snapshot(at[0]), at[1])


@given(at_a_deletion(CORPUS))
def test_there_is_an_answer_at_a_deleted_range(at: At) -> None:
    ask(snapshot(at[0]), at[1])


@pytest.mark.parametrize("line_break", one_in(3, ["\r\n", "\n", "\r"]))
def test_every_offset_of_an_experience_has_an_answer(line_break: str) -> None:
    shot = snapshot(EXPERIENCE.replace("\n", line_break))
    for offset in range(len(shot.text) + 1):
        ask(shot, offset)


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "- " * 20_000, "{a: " * 20_000, "x" * 50_000, f"a{' ' * 50_000}", "- a: $." + "b.c[0]." * 5_000],
)
def test_a_hostile_text_has_an_answer(text: str) -> None:
    ask(snapshot(text), len(text))


def test_a_cursor_leads_to_the_value_that_it_stands_on() -> None:
    shot = snapshot(EXPERIENCE)
    root = analyse(EXPERIENCE).tree.root
    assert root is not None
    for offset in range(len(EXPERIENCE)):
        cursor = cursor_at(shot, offset)
        if cursor is not None and cursor.part.value == "value":
            found = root.find(cursor.steps)
            assert found is not None
            assert found.span == cursor.view.span
