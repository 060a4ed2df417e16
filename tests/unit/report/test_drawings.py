"""The graph as Mermaid and as lines in a terminal."""

from __future__ import annotations

import pytest

from engine.report.drawing.diagram import Box, Line, Picture
from engine.report.drawing.lane_graph import rows_of, terminal_lines
from engine.report.drawing.mermaid import mermaid
from tests.unit.report.conftest import picture

BRANCH = """
- {id: load, kind: dataset, source: {type: file, uri: rows.csv}, writes: [rows], phase: read}
- {id: judge, kind: agent, prompt: judge this, writes: [score], for_each: {source: $.rows}}
- {id: good, kind: tool, impl: t.py}
- {id: bad, kind: tool, impl: t.py}
- {id: report, kind: tool, impl: t.py, join: any}
"""
BRANCH_EDGES = """
- {from: load, to: judge}
- {from: judge, to: good, when: $.score > 5}
- {from: judge, to: bad, when: $.score <= 5}
- {from: good, to: report}
- {from: bad, to: report}
"""
FIELDS = "rows: {type: array}\nscore: {type: number, merge: last_wins}"


def drawing(*edges: str) -> list[str]:
    """The drawing of edges such as `a>b`, without the words beside it."""
    pairs = [edge.split(">") for edge in edges]
    ids = dict.fromkeys(id_ for pair in pairs for id_ in sorted(pair))
    boxes = tuple(Box(id_, "tool") for id_ in sorted(ids))
    return [row.drawing for row in rows_of(Picture("x", boxes, tuple(Line(*pair) for pair in pairs)))]


@pytest.mark.parametrize(
    ("edges", "lines"),
    [
        (("a>b", "b>c"), ["●", "│", "●", "│", "●"]),
        (("a>b", "a>c", "b>d", "c>d"), ["●", "├─╮", "● │", "│ │", "│ ●", "├─╯", "●"]),
        (("a>d", "b>d", "c>d"), ["●", "│", "│ ●", "├─╯", "│ ●", "├─╯", "●"]),
        (("a>b", "a>c", "a>d", "b>d"), ["●", "├─┬─╮", "● │ │", "╰─│─┤", "  ● │", "    ●"]),
    ],
)
def test_lanes_join_vertices_that_edges_join(edges: tuple[str, ...], lines: list[str]) -> None:
    assert drawing(*edges) == lines


def test_beside_a_vertex_stand_its_kind_and_what_decides_when_it_runs() -> None:
    lines = list(terminal_lines(picture(BRANCH, BRANCH_EDGES, state=FIELDS)))

    assert lines[0].split() == ["●", "load", "dataset"]
    assert lines[2].endswith("judge   agent · for each $.rows")
    assert any(line.endswith("bad     tool · when $.score <= 5") for line in lines)
    assert lines[-1].endswith("report  tool · join: any")


def test_a_condition_names_its_edge_where_there_are_several() -> None:
    nodes = "\n".join(f"- {{id: {id_}, kind: tool, impl: t.py}}" for id_ in "abc")
    lines = list(terminal_lines(picture(nodes, "[{from: a, to: c, when: $.x}, {from: b, to: c}]", state="x: {}")))

    assert lines[-1].endswith("when $.x after a")


def test_mermaid_has_a_shape_for_each_kind_and_conditions_on_edges() -> None:
    text = mermaid(picture(BRANCH, BRANCH_EDGES, state=FIELDS), "LR")

    assert text.startswith("flowchart LR\n")
    assert 'n0[("load")]' in text
    assert 'n1("judge<br/>for each $.rows")' in text
    assert '-->|"$.score #62; 5"| n2' in text
    assert "class n1 agent" in text


def test_mermaid_draws_phases_pipelines_and_loops_as_groups() -> None:
    nodes = "\n".join(f"- {{id: {id_}, kind: tool, impl: t.py}}" for id_ in ("parse", "check", "polish", "last"))
    extra = """
  pipelines: [{id: rows, items: $.rows, stages: [parse, check]}]
  loops: [{id: refine, body: polish, until: $.score > 5, max_iters: 3}]
"""
    drawn = picture(nodes, "[{from: check, to: refine}, {from: refine, to: last}]", extra, FIELDS)

    text = mermaid(drawn)
    groups = [line.partition("[")[2] for line in text.splitlines() if line.startswith("  subgraph")]
    assert sorted(groups) == [
        '"loop refine"]',
        '"pipeline rows #183; for each $.rows"]',
    ]
    assert '-.->|"until $.score #62; 5, at most 3 times"| n' in text
    assert "    n1 --> n2" in text
    rows = next(box for box in drawn.boxes if box.id == "rows")
    assert [part.id for part in rows.parts] == ["parse", "check"]
    assert Line("rows", "refine") in drawn.lines
    assert any("parse → check" in line for line in terminal_lines(drawn))


def test_mermaid_takes_no_text_for_markup() -> None:
    hostile = 'x"] --> b; click a "javascript:alert(1)"\n<img src=x>`# %%{init}%% style a fill:#35;'
    boxes = (Box("a", "tool", (hostile[:40], hostile[40:])), Box("b", "tool"))

    lines = mermaid(Picture("x", boxes, (Line("a", "b", '">|<b>'),))).splitlines()

    assert len(lines) == 6
    labels = [line.split('"')[1] for line in lines if '"' in line]
    assert all(line.count('"') in (0, 2) for line in lines)
    assert not any(set(label.replace("<br/>", "")) & set("<>`%{}:&") for label in labels)
