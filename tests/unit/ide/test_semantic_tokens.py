"""Semantic tokens: their types, and their numbers in each encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import Encoding, LineIndex, Span, column_of_units
from oe_lsp.ide.semantic_tokens.encoding import change_between, encoded_tokens
from oe_lsp.ide.semantic_tokens.legend import LEGEND
from tests.unit.ide.marked import snapshot


def decoded(text: str, encoding: Encoding = Encoding.UTF16, **wanted: object) -> list[tuple[str, str]]:
    """Each token's text and type, read back from the numbers as an editor does."""
    return decode(text, encoded_tokens(snapshot(text), encoding, **wanted), encoding)  # type: ignore[arg-type]


def decode(text: str, data: list[int], encoding: Encoding) -> list[tuple[str, str]]:
    lines = LineIndex(text)
    found = []
    line = column = 0
    for down, right, length, type_, modifiers in zip(*(data[at::5] for at in range(5)), strict=True):
        line, column = line + down, right if down else column + right
        shown = lines.line_text(line)
        start, end = (column_of_units(shown, units, encoding) for units in (column, column + length))
        assert modifiers == 0
        found.append((shown[start:end], LEGEND[type_].value))
    return found


EDGE = "graph:\n  edges:\n    - { from: a, to: b, when: %s }\n"


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("before", ["", "é😀 "])
def test_the_parts_of_a_condition_have_token_types(encoding: Encoding, before: str) -> None:
    text = EDGE.replace("from: a", f'from: "{before}a"') % '"length($.rows[0].id) > 3 && $args.x in $edges.a || true"'

    assert decoded(text, encoding) == [
        ("length", "function"),
        ("$", "variable"),
        ("rows", "property"),
        ("0", "number"),
        ("id", "property"),
        (">", "operator"),
        ("3", "number"),
        ("&&", "operator"),
        ("$args", "variable"),
        ("x", "parameter"),
        ("in", "keyword"),
        ("$edges", "variable"),
        ("a", "class"),
        ("||", "operator"),
        ("true", "keyword"),
    ]


def test_an_incomplete_condition_has_tokens() -> None:
    assert decoded(EDGE % "'$.rows == '") == [("$", "variable"), ("rows", "property"), ("==", "operator")]


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_placeholders_are_found_in_block_scalars(encoding: Encoding, line_break: str) -> None:
    text = "graph:\n  nodes:\n    - prompt: |\n        é😀 {{ rows.id }}\n          and {{$item}}\n      id: a\n"

    assert decoded(text.replace("\n", line_break), encoding) == [
        ("{{", "macro"),
        ("rows", "variable"),
        ("id", "property"),
        ("}}", "macro"),
        ("{{", "macro"),
        ("$item", "variable"),
        ("}}", "macro"),
    ]


def test_references_have_tokens_and_other_texts_have_none() -> None:
    text = "name: $.a\ngraph:\n  nodes:\n    - { id: $.b, prompt: ./a.md, args: { x: $.c, y: 'a $.d', z: $$.e } }\n"

    assert decoded(text) == [("$", "variable"), ("c", "property")]


LONG = EDGE % "|\n        $.a == 'two\n          lines'"


def test_a_token_over_several_lines_is_split_at_line_ends() -> None:
    assert decoded(LONG.replace("{ from: a, to: b, ", "").replace(" }\n", "\n"))[3:] == [
        ("'two", "string"),
        ("lines'", "string"),
    ]


def test_a_multiline_token_is_whole_for_a_client_that_supports_it() -> None:
    text = LONG.replace("{ from: a, to: b, ", "").replace(" }\n", "\n")

    data = encoded_tokens(snapshot(text), Encoding.UTF16, over_lines=True)

    assert data[-3] == len("'two\n          lines'")
    assert len(data) == 4 * 5


def test_only_the_items_in_a_range_are_encoded() -> None:
    text = "graph:\n  edges:\n    - { when: $.a }\n    - { when: $.b }\n    - { when: $.c }\n"
    at = text.index("$.b")

    assert decoded(text, within=Span(at, at + 1)) == [("$", "variable"), ("b", "property")]


def test_tokens_move_with_an_edit_above_them() -> None:
    text = "name: x\n" + EDGE % "$.a"
    before = decoded(text)

    assert decoded(text.replace("name: x\n", "name: x\n\n\n")) == before
    assert decoded(text.replace("    - {", "    -    {")) == before


NUMBERS = st.lists(st.integers(0, 3), max_size=30)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_change_turns_the_old_numbers_into_the_new_ones(
    head: list[int], old: list[int], new: list[int], tail: list[int]
) -> None:
    before, after = head + old + tail, head + new + tail

    change = change_between(before, after)

    if change is None:
        assert before == after
        return
    made = before[: change.start] + list(change.added) + before[change.start + change.removed :]
    assert made == after
