"""Hovers, by the cases in tests/unit/ide/fixtures/hover."""

from __future__ import annotations

import pytest

from oe_lsp.ide import markdown
from oe_lsp.ide.hover.hover import hover
from tests.unit.ide.marked import Case, at_cursor, cases


@pytest.mark.parametrize("case", cases("hover"), ids=lambda case: case.title)
def test_the_hover_is_that_of_the_fixture(case: Case) -> None:
    snapshot, offset = at_cursor(case.text)
    found = hover(snapshot, offset)

    assert case.expected
    if any(case.wanted("nothing")):
        assert found is None
        return
    assert found is not None
    assert found.span.contains(offset)
    for about in case.wanted("about"):
        assert snapshot.text[found.span.start : found.span.end] == about
    for says in case.wanted("says"):
        assert says.replace("\\n", "\n") in found.markdown


def test_a_hover_has_a_plain_text_form() -> None:
    snapshot, offset = at_cursor("graph:\n  nodes:\n    - { id: a$0, kind: tool }\n  edges: [{ from: a, to: b }]\n")
    found = hover(snapshot, offset)

    assert found is not None
    assert found.text == "a · tool\n\na ──▶ b"


@pytest.mark.parametrize("text", ["***", "`x`", "a`b", "``", "**b** `", "a ** b"])
def test_code_is_the_same_in_plain_text(text: str) -> None:
    assert markdown.plain(f"**head** {markdown.code(text)} end") == f"head {text} end"
    assert markdown.plain(markdown.block(f"```text\n{text}\n```")) == f"```text\n{text}\n```"
