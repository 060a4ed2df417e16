"""Occurrences of names, by the cases in tests/unit/ide/fixtures/names, which mark each one with ⟦ ⟧."""

from __future__ import annotations

import pytest

from engine.experience.files.port import NO_FILES
from engine.syntax import Span
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access
from oe_lsp.ide.navigation import definitions, highlights, references
from oe_lsp.ide.rename import Rename, apply_edits, rename
from tests.unit.ide.marked import CURSOR, Case, Mark, cases, snapshot, without_marks

CASES = cases("names")
ACCESS = {"!": Access.DECLARES, "=": Access.WRITES, "": Access.READS}


def read(case: Case) -> tuple[Snapshot, int, list[Mark]]:
    cursor = without_marks(case.text.partition(CURSOR)[0] + "⟧")[0]
    text, marks = without_marks(case.text.replace(CURSOR, ""))
    return snapshot(text), len(cursor), marks


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_every_occurrence_is_highlighted(case: Case) -> None:
    shot, offset, marks = read(case)

    found = [(each.span.start, each.span.end, each.access) for each in highlights(shot, offset)]

    assert found == [(mark.start, mark.end, ACCESS[mark.sign]) for mark in marks]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_every_occurrence_leads_to_the_declaration(case: Case) -> None:
    shot, _, marks = read(case)
    declared = [mark.start for mark in marks if mark.sign == "!"]

    for mark in marks:
        found = definitions(shot, mark.end - 1, NO_FILES)
        assert [target.name.start for target in found] == declared
        assert all(target.whole.start <= target.name.start < target.name.end <= target.whole.end for target in found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_references_include_the_declaration_only_on_request(case: Case) -> None:
    shot, offset, marks = read(case)

    found = references(shot, offset, NO_FILES, with_declaration=False)

    assert found is not None
    assert [each.span.start for each in found.here] == [mark.start for mark in marks if mark.sign != "!"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "⟦!" in case.text and "\\u" not in case.text], ids=lambda case: case.title
)
def test_a_rename_changes_every_occurrence_and_renaming_back_is_the_identity(case: Case) -> None:
    shot, offset, marks = read(case)
    old = shot.text[marks[0].start : marks[0].end]

    there = rename(shot, offset, "brand_new", NO_FILES)

    assert isinstance(there, Rename)
    changed = apply_edits(shot.text, there.here)
    wanted = case.text.replace(CURSOR, "")
    for mark in ("!", "=", ""):
        wanted = wanted.replace(f"⟦{mark}{old}⟧", "brand_new")
    assert changed == wanted
    back = rename(snapshot(changed), changed.index("brand_new"), old, NO_FILES)
    assert isinstance(back, Rename)
    assert apply_edits(changed, back.here) == shot.text


def test_names_are_found_after_wide_characters_and_other_line_breaks() -> None:
    text = "graph:\r\n  nodes:\r\n    - { id: a😀, kind: tool }\r\n  edges: [{ from: a😀, to: b }]\r\n"
    shot = snapshot(text)

    found = highlights(shot, text.index("a😀, to"))

    assert [text[each.span.start : each.span.end] for each in found] == ["a😀", "a😀"]


def test_a_plain_value_and_a_gap_have_no_references() -> None:
    text = "name: rows\nstate: { schema: { rows: {} } }\n\n"
    shot = snapshot(text)

    assert highlights(shot, text.index("rows")) == ()
    assert definitions(shot, len(text), NO_FILES) == ()
    assert references(shot, 0, NO_FILES, with_declaration=True) is None


def test_a_definition_spans_the_whole_declaration() -> None:
    text = "state:\n  schema:\n    rows: { type: array }\ngraph:\n  nodes:\n    - id: a\n      reads: [rows]\n"
    (target,) = definitions(snapshot(text), text.rindex("rows"), NO_FILES)

    assert text[target.whole.start : target.whole.end] == "rows: { type: array }"
    assert target.origin == Span(text.rindex("rows"), text.rindex("rows") + 4)
