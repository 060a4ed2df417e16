"""Every navigation feature answers at any offset of any text, however broken, with spans inside the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given

from engine.syntax import Encoding, Span
from oe_lsp.ide.call_hierarchy import downstream, upstream, vertex_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document_links import links
from oe_lsp.ide.document_symbols import Symbol, symbols
from oe_lsp.ide.folding import folds
from oe_lsp.ide.names.symbol_index import entity_at
from oe_lsp.ide.navigation import definitions, highlights, references
from oe_lsp.ide.rename import Rename, apply_edits, rename
from oe_lsp.ide.selection_ranges import selections
from oe_lsp.ide.semantic_tokens.encoding import encoded_tokens
from tests.support.examples import one_in
from tests.unit.ide.broken_texts import At, at_a_deletion, beside_an_insertion, somewhere
from tests.unit.ide.marked import CURSOR, FOLDER, cases, snapshot, without_marks
from tests.unit.syntax.corpus import EXPERIENCE, TEXTS

CORPUS = [*TEXTS, *(without_marks(case.text.replace(CURSOR, ""))[0] for case in cases("names"))]


def ask_at(shot: Snapshot, offset: int) -> None:
    whole = Span(0, len(shot.text))

    def is_inside(*spans: Span) -> bool:
        return all(whole.start <= span.start <= span.end <= whole.end for span in spans)

    for target in definitions(shot, offset, FOLDER):
        assert target.origin.contains(offset)
        assert is_inside(target.origin) and (target.file is not None or is_inside(target.whole, target.name))
    assert is_inside(*(each.span for each in highlights(shot, offset)))
    references(shot, offset, FOLDER, with_declaration=True)
    vertex = vertex_at(shot, offset)
    for call in (*upstream(shot, vertex.id), *downstream(shot, vertex.id)) if vertex else ():
        assert is_inside(call.vertex.span, call.vertex.id_span, *call.sites)
    grown = selections(shot, offset)
    assert grown[-1] == whole
    assert all(inner.start >= outer.start and inner.end <= outer.end for inner, outer in pairwise(grown))
    found = rename(shot, offset, "brand_new", FOLDER)
    if isinstance(found, Rename):
        named = entity_at(shot.analysis.tree.root, offset)
        assert named is not None
        back = rename(snapshot(apply_edits(shot.text, found.here)), found.here[0].span.start, named[0].name, FOLDER)
        assert isinstance(back, Rename)


def ask(shot: Snapshot) -> None:
    last_line = shot.analysis.lines.line_count - 1
    assert all(0 <= fold.first_line < fold.last_line <= last_line for fold in folds(shot))
    assert all(is_sound(symbol) for symbol in symbols(shot.analysis.tree.root))
    assert all(number >= 0 for number in encoded_tokens(shot, Encoding.UTF16))
    assert all(link.span.end <= len(shot.text) for link in links(shot, FOLDER))


def is_sound(symbol: Symbol) -> bool:
    """What clients insist on: a name, and children and names inside of what they belong to."""
    inner = (symbol.name_span, *(child.span for child in symbol.children))
    within = all(symbol.span.start <= span.start <= span.end <= symbol.span.end for span in inner)
    assert f"{symbol.name} {symbol.detail}".encode(), "no half of a surrogate pair, which JSON cannot hold"
    return bool(symbol.name.strip()) and within and all(map(is_sound, symbol.children))


@given(somewhere(CORPUS))
def test_at_any_offset_there_is_an_answer(at: At) -> None:
    ask(shot := snapshot(at[0]))
    ask_at(shot, at[1])


@given(beside_an_insertion(CORPUS))
def test_there_is_an_answer_beside_an_inserted_character(at: At) -> None:
    ask(shot := snapshot(at[0]))
    ask_at(shot, at[1])


@given(at_a_deletion(CORPUS))
def test_there_is_an_answer_at_a_deleted_range(at: At) -> None:
    ask(shot := snapshot(at[0]))
    ask_at(shot, at[1])


@pytest.mark.parametrize("line_break", one_in(3, ["\r\n", "\n", "\r"]))
def test_every_offset_of_an_experience_has_an_answer(line_break: str) -> None:
    shot = snapshot(EXPERIENCE.replace("\n", line_break))
    for offset in range(len(shot.text) + 1):
        ask_at(shot, offset)


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "- " * 20_000, "{a: " * 20_000, "x" * 50_000, f"a{' ' * 50_000}", "# \n" * 20_000, "{{" * 20_000],
)
def test_a_hostile_text_has_an_answer(text: str) -> None:
    shot = snapshot(text)
    ask(shot)
    ask_at(shot, len(text))
