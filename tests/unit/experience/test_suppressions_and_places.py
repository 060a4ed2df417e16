"""Comments that suppress a code on a line, and the places of ids, edges and fields."""

from __future__ import annotations

import pytest

from engine.experience.analyse import analyse
from engine.syntax import Span

TEXT = """\
name: example
version: 1.0.0
state:
  schema:
    rows: {type: array}
graph:
  nodes:
    - id: fetch
      kind: tool
      impl: ./fetch.py
  edges:
    - {from: fetch, to: gone}
"""
EDGE = "    - {from: fetch, to: gone}\n"


@pytest.mark.parametrize(
    ("replacement", "codes"),
    [
        pytest.param(EDGE, ["OE302"], id="nothing"),
        pytest.param("    - {from: fetch, to: gone} # oe: ignore OE302\n", [], id="at the end of the line"),
        pytest.param("    # oe: ignore OE302\n" + EDGE, [], id="alone above it"),
        pytest.param("    # oe: ignore OE302\n    # and why\n" + EDGE, [], id="above another comment"),
        pytest.param("    # oe: ignore OE401, OE302\n" + EDGE, [], id="among several codes"),
        pytest.param("    # oe: ignore OE401\n" + EDGE, ["OE302"], id="another code"),
        pytest.param("    # oe: ignore\n" + EDGE, ["OE302"], id="no code"),
        pytest.param("    # oe: ignore OE302\n" + EDGE + EDGE, ["OE302"], id="one line only"),
    ],
)
def test_a_comment_suppresses_the_codes_that_it_names_on_one_line(replacement: str, codes: list[str]) -> None:
    analysis = analyse(TEXT.replace(EDGE, replacement))

    assert [problem.code.value for problem in analysis.problems] == codes
    assert analysis.ok == (codes == [])


def test_errors_that_leave_nothing_sound_to_run_cannot_be_suppressed() -> None:
    text = TEXT.replace("to: gone", "to: fetch").replace("impl: ./fetch.py", "impl: 3 # oe: ignore OE202")

    assert [problem.code.value for problem in analyse(text).problems] == ["OE202", "OE303"]


def test_places_include_those_of_broken_ids_edges_and_fields() -> None:
    text = TEXT.replace("impl: ./fetch.py", "impl: 3")
    analysis = analyse(text)

    def source(span: Span | None) -> str | None:
        return text[span.start : span.end] if span else None

    assert source(analysis.places.ids["fetch"].id) == "fetch"
    assert source(analysis.places.ids["fetch"].whole) == "id: fetch\n      kind: tool\n      impl: 3"
    (edge,) = analysis.places.edges
    assert (source(edge.from_), source(edge.to)) == ("fetch", "gone")
    assert source(analysis.places.fields["rows"]) == "rows"


def test_a_text_without_a_mapping_has_no_places() -> None:
    places = analyse("- a").places

    assert (places.ids, places.edges, places.fields) == ({}, (), {})
