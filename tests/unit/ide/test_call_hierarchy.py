"""Call hierarchy: direct predecessors and successors, and the sites in the text that connect them."""

from __future__ import annotations

import pytest

from oe_lsp.ide.call_hierarchy import Call, downstream, upstream, vertex_at
from tests.unit.ide.marked import at_cursor, snapshot

TEXT = """\
state:
  schema:
    rows: { type: array }
    report: { type: string }
graph:
  nodes:
    - { id: load, kind: tool, impl: ./a.py, writes: [rows] }
    - { id: split, kind: tool, impl: ./a.py }
    - { id: score, kind: tool, impl: ./a.py }
    - { id: write, kind: tool, impl: ./a.py, reads: [rows], writes: [report], args: { n: $.rows.length } }
    - { id: send, kind: tool, impl: ./a.py, reads: [report] }
    - { id: body, kind: tool, impl: ./a.py }
  edges:
    - { from: load, to: each }
    - { from: each, to: write }
  pipelines:
    - { id: each, items: $.rows, stages: [split, score] }
  loops:
    - { id: again, body: body, until: $.report != null }
"""
SHOT = snapshot(TEXT)


def lines_of_sites(calls: tuple[Call, ...]) -> dict[str, list[str]]:
    """The lines of the sites, by vertex id."""
    lines = TEXT.splitlines()
    numbers = SHOT.analysis.lines
    return {call.vertex.id: [lines[numbers.position(at.start).line].strip() for at in call.sites] for call in calls}


def ids(calls: tuple[Call, ...]) -> list[str]:
    return [call.vertex.id for call in calls]


def test_an_edge_connects_its_ends() -> None:
    assert lines_of_sites(upstream(SHOT, "each"))["load"][0] == "- { from: load, to: each }"
    assert lines_of_sites(downstream(SHOT, "each"))["write"] == ["- { from: each, to: write }"]


def test_a_field_connects_its_writer_to_every_reader_at_every_read() -> None:
    (load,) = (call for call in upstream(SHOT, "write") if call.vertex.id == "load")

    assert [TEXT[at.start : at.end + 7] for at in load.sites] == ["rows], writ", "rows.length"]
    assert ids(downstream(SHOT, "write")) == ["again"]
    assert ids(upstream(SHOT, "again")) == ["write"]


def test_a_pipeline_precedes_its_first_stage_and_each_stage_the_next() -> None:
    assert ids(upstream(SHOT, "split")) == ["each"]
    assert ids(upstream(SHOT, "score")) == ["split"]
    assert ids(downstream(SHOT, "split")) == ["score"]
    assert ids(downstream(SHOT, "each")) == ["write", "split"]


def test_a_loop_precedes_its_body() -> None:
    assert ids(upstream(SHOT, "body")) == ["again"]
    assert ids(upstream(SHOT, "again")) == ["write"]


def test_a_reader_that_runs_before_the_writer_is_not_downstream() -> None:
    assert upstream(SHOT, "send") == ()
    assert ids(
        upstream(snapshot(TEXT.replace("  pipelines:", "    - { from: write, to: send }\n  pipelines:")), "send")
    ) == ["write"]


def test_in_a_broken_document_order_is_ignored() -> None:
    shot = snapshot(TEXT.replace("id: split, kind: tool", "id: split, kind: [").replace("impl: ./a.py }", "x", 1))

    assert "write" in ids(upstream(shot, "send"))


@pytest.mark.parametrize(
    ("before", "after", "id_"),
    [
        ("- { from: load", "- { from: lo$0ad", "load"),
        ("impl: ./a.py, writes: [rows]", "im$0pl: ./a.py, writes: [rows]", "load"),
        ("until: $.report", "until: $.rep$0ort", "again"),
        ("stages: [split", "stages: [sp$0lit", "split"),
    ],
)
def test_the_hierarchy_starts_at_the_vertex_named_or_enclosing(before: str, after: str, id_: str) -> None:
    vertex = vertex_at(*at_cursor(TEXT.replace(before, after)))

    assert vertex is not None
    assert vertex.id == id_


def test_there_is_no_hierarchy_outside_of_vertices() -> None:
    assert vertex_at(*at_cursor(TEXT.replace("report:", "rep$0ort:"))) is None
    assert upstream(SHOT, "ghost") == downstream(SHOT, "ghost") == ()
