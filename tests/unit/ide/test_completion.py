"""Completion, by the cases in tests/unit/ide/fixtures/completion."""

from __future__ import annotations

import pytest

from engine.syntax import parse
from oe_lsp.ide.completion.complete import complete
from tests.unit.ide.marked import CURSOR, FOLDER, Case, accepted, at_cursor, cases

CASES = cases("completion")


def ids(case: Case) -> str:
    return case.title


def is_whole(case: Case) -> bool:
    return not parse(case.text.replace(CURSOR, "")).problems


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_offers_are_those_of_the_fixture(case: Case) -> None:
    snapshot, offset = at_cursor(case.text)
    offers = complete(snapshot, offset, FOLDER)
    labels = [offer.label for offer in offers]

    assert case.expected
    for only in case.wanted("only"):
        assert sorted(labels) == sorted(_names(only))
    for names in case.wanted("offers"):
        assert [name for name in _names(names) if name not in labels] == []
    for names in case.wanted("not"):
        assert [name for name in _names(names) if name in labels] == []
    for first in case.wanted("first"):
        assert labels[0] == first
    for detail in case.wanted("detail"):
        label, _, wanted = detail.partition(" => ")
        assert [offer.detail for offer in offers if offer.label == label] == [wanted]
    for result in case.wanted("gives"):
        label, _, wanted = result.partition(" =>")
        (offer,) = (offer for offer in offers if offer.label == label)
        assert wanted.removeprefix(" ").replace("\\n", "\n") in accepted(snapshot.text, offer)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_an_offer_replaces_a_span_around_the_cursor_in_one_line(case: Case) -> None:
    snapshot, offset = at_cursor(case.text)

    for offer in complete(snapshot, offset, FOLDER):
        assert offer.span.contains(offset)
        assert "\n" not in snapshot.text[offer.span.start : offer.span.end]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_nothing_is_offered_twice(case: Case) -> None:
    snapshot, offset = at_cursor(case.text)
    labels = [offer.label for offer in complete(snapshot, offset, FOLDER)]

    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_an_offer_matches_what_was_typed(case: Case) -> None:
    """Editors match the text from the start of the span to the cursor with the filter text."""
    snapshot, offset = at_cursor(case.text)
    offers = complete(snapshot, offset, FOLDER)
    found = [(offer.filter or offer.label).startswith(snapshot.text[offer.span.start : offset]) for offer in offers]

    assert any(found) or not offers


@pytest.mark.parametrize("case", [case for case in CASES if is_whole(case)], ids=ids)
def test_accepting_an_offer_breaks_no_valid_document(case: Case) -> None:
    snapshot, offset = at_cursor(case.text)

    for offer in complete(snapshot, offset, FOLDER):
        taken = accepted(snapshot.text, offer)
        assert [problem.message for problem in parse(taken).problems] == [], taken


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
