"""Exact spans of names in every style of scalar."""

from __future__ import annotations

import pytest

from oe_lsp.ide.document.cursor import cursor_at
from oe_lsp.ide.hover.neighbour_drawing import drawing
from oe_lsp.ide.names.symbol_references import EntityKind, mentions_of_value
from tests.unit.ide.marked import at_cursor


def named(text: str) -> list[tuple[EntityKind, str, str]]:
    """The names in the value at the cursor: the kind, the name, and what stands at its place."""
    snapshot, offset = at_cursor(text)
    cursor = cursor_at(snapshot, offset)
    assert cursor is not None
    found = mentions_of_value(cursor.steps, cursor.view, cursor.item)
    return [(each.kind, each.name, snapshot.text[each.span.start : each.span.end]) for each in found]


@pytest.mark.parametrize(
    "when",
    [
        "$$0.rows == $args.x",
        "'$$0.rows == $args.x'",
        '"$$0.rows == $args.x"',
        "'$$0.a == ''b'' && $.rows == $args.x'",
        '"\\u0024$0.rows == \\"a\\" || $.rows == $args.x"',
    ],
)
def test_names_in_a_condition_have_exact_spans(when: str) -> None:
    found = named(f"graph:\n  edges:\n    - from: a\n      when: {when}\n")

    assert (EntityKind.FIELD, "rows", "rows") in found
    assert (EntityKind.RUN_ARG, "x", "x") in found


@pytest.mark.parametrize("style", ["|", ">-", "|2"])
def test_names_in_a_block_scalar_have_exact_spans(style: str) -> None:
    prompt = f"prompt: {style}\n        All o$0f {{{{ rows }}}} for\n          {{{{$edges.a}}}} with {{{{tone}}}}\n"
    found = named(f"graph:\n  nodes:\n    - reads: [rows]\n      args: {{ tone: x }}\n      {prompt}")

    assert found == [
        (EntityKind.FIELD, "rows", "rows"),
        (EntityKind.VERTEX, "a", "a"),
        (EntityKind.NODE_ARG, "tone", "tone"),
    ]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("impl: ./to$0ols/a.py", EntityKind.FILE),
        ("prompt: ./promp$0ts/a.md", EntityKind.FILE),
        ("source: { type: file, uri: ./da$0ta.csv }", EntityKind.FILE),
        ("reads: [ro$0ws]", EntityKind.FIELD),
        ("phase: fir$0st", EntityKind.PHASE),
        ("id: no$0de", EntityKind.VERTEX),
    ],
)
def test_a_whole_value_refers_to_one_entity(value: str, kind: EntityKind) -> None:
    ((found, _, _),) = named(f"graph:\n  nodes:\n    - kind: tool\n      {value}\n")

    assert found is kind


def test_a_url_is_no_file() -> None:
    assert named("graph:\n  nodes:\n    - source: { type: http, uri: x$0 }\n") == []


def test_a_drawing_has_predecessors_on_the_left_and_successors_on_the_right() -> None:
    assert drawing(["load", "other", "x"], "write", ["send", "log"]) == (
        "load  ─┐\n"
        "other ─┼▶ write ─┬▶ send\n"
        "x     ─┘         └▶ log"
    )  # fmt: skip


def test_a_drawing_shows_at_most_six_neighbours() -> None:
    assert drawing([], "a", [f"b{number}" for number in range(50)]).splitlines()[-1].endswith("… 45 more")
