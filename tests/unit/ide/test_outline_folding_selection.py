"""Document symbols, folding and selection ranges, also of broken documents."""

from __future__ import annotations

import pytest

from oe_lsp.ide.document_symbols import Symbol, matches, searchable_symbols, symbols
from oe_lsp.ide.folding import folds
from oe_lsp.ide.selection_ranges import selections
from tests.unit.ide.marked import at_cursor, snapshot

TEXT = """\
# A report,
# every day
name: report
args: { type: object, properties: { topic: { type: string } } }
state:
  schema:
    rows: { type: array }
phases:
  - { id: first, title: To begin with }
graph:
  nodes:
    - id: load
      kind: tool
      impl: ./a.py

    # the writer
    # writes
    - id: write
      kind: agent
      prompt: |
        # Heading
        # Another
        Write {{ rows }} to

        {{ $args.topic }}


      reads: [
        rows
      ]
    - kind: tool
  edges:
    - { from: load, to: write, when: $.rows != null }
  loops:
    - { id: again, body: write, max_iters: 3 }
"""


def tree(found: tuple[Symbol, ...], text: str) -> list[str]:
    lines = []
    for symbol in found:
        assert symbol.span.start <= symbol.name_span.start <= symbol.name_span.end <= symbol.span.end
        lines.append(f"{symbol.kind.value} {symbol.name} {symbol.detail}".strip())
        lines += [f"  {line}" for line in tree(symbol.children, text)]
    return lines


def test_the_outline_has_every_section_with_its_members() -> None:
    assert tree(symbols(snapshot(TEXT).analysis.tree.root), TEXT) == [
        "section args",
        "  arg topic string",
        "section state",
        "  field rows array",
        "section phases",
        "  phase first To begin with",
        "section nodes",
        "  node load tool",
        "  node write agent",
        "  node (node without an id) tool",
        "section edges",
        "  edge load → write $.rows != null",
        "section loops",
        "  loop again loop",
    ]


def test_everything_with_a_name_can_be_searched_for() -> None:
    found = [symbol.name for symbol in searchable_symbols(snapshot(TEXT).analysis.tree.root)]

    assert found == ["topic", "rows", "first", "load", "write", "again"]


@pytest.mark.parametrize(
    ("query", "name", "fits"),
    [("", "load", True), ("LD", "load", True), ("l d", "load", True), ("dl", "load", False), ("loads", "load", False)],
)
def test_a_query_matches_letters_in_order(query: str, name: str, fits: bool) -> None:
    assert matches(query, name) is fits


def shown(text: str, most: int | None = None) -> list[tuple[str, str]]:
    """The first and the last line of each fold."""
    lines = text.splitlines()
    return [(lines[fold.first_line].strip(), lines[fold.last_line].strip()) for fold in folds(snapshot(text), most)]


FOLDS = [
    ("# A report,", "# every day"),
    ("state:", "rows: { type: array }"),
    ("schema:", "rows: { type: array }"),
    ("phases:", "- { id: first, title: To begin with }"),
    ("graph:", "- { id: again, body: write, max_iters: 3 }"),
    ("nodes:", "- kind: tool"),
    ("- id: load", "impl: ./a.py"),
    ("# the writer", "# writes"),
    ("- id: write", "]"),
    ("prompt: |", "{{ $args.topic }}"),
    ("reads: [", "]"),
    ("edges:", "- { from: load, to: write, when: $.rows != null }"),
    ("loops:", "- { id: again, body: write, max_iters: 3 }"),
]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_sections_nodes_block_scalars_brackets_and_comments_fold(line_break: str) -> None:
    assert shown(TEXT.replace("\n", line_break)) == FOLDS


def test_a_client_that_limits_folds_gets_the_outermost() -> None:
    assert shown(TEXT, 5) == [
        fold for fold in FOLDS if fold[0] in {"# A report,", "state:", "phases:", "graph:", "schema:"}
    ]


def test_folds_move_with_an_edit_above_them() -> None:
    shown(TEXT)

    assert shown(TEXT.replace("name: report\n", "name: report\ndescription: x\n")) == FOLDS


def selected(text: str) -> list[str]:
    shot, offset = at_cursor(text)
    return [shot.text[span.start : span.end] for span in selections(shot, offset)]


def test_a_selection_grows_from_the_name_to_the_whole_text() -> None:
    found = selected('graph:\n  edges:\n    - { from: a, when: "$.ro$0ws[0].id == 3" }\n')

    assert found == [
        "rows",
        "$.rows[0].id",
        "$.rows[0].id == 3",
        '"$.rows[0].id == 3"',
        'when: "$.rows[0].id == 3"',
        '{ from: a, when: "$.rows[0].id == 3" }',
        '- { from: a, when: "$.rows[0].id == 3" }',
        'edges:\n    - { from: a, when: "$.rows[0].id == 3" }',
        'graph:\n  edges:\n    - { from: a, when: "$.rows[0].id == 3" }',
        'graph:\n  edges:\n    - { from: a, when: "$.rows[0].id == 3" }\n',
    ]


def test_in_a_block_scalar_a_selection_grows_by_placeholder_line_and_text() -> None:
    found = selected("graph:\n  nodes:\n    - prompt: |\n        Two {{ a.$0b }} {{ c }}\n        lines\n      id: x\n")

    assert found[:4] == ["a.b", "{{ a.b }}", "Two {{ a.b }} {{ c }}", "Two {{ a.b }} {{ c }}\n        lines"]


def test_on_a_key_a_selection_starts_with_the_key() -> None:
    assert selected("name: x\nver$0sion: 1.0.0\n")[:2] == ["version", "version: 1.0.0"]


def test_an_empty_text_has_one_selection_and_no_outline() -> None:
    assert selected("$0") == [""]
    assert symbols(None) == ()
    assert folds(snapshot("")) == ()
