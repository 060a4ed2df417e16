"""Lines, columns and the units of clients."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import Encoding, LineIndex, Position, column_of_units, units
from engine.syntax.lines import offset_of

texts = st.text(st.sampled_from("ab\n\r\u2028\x85\x0cé😀"), max_size=30)


def test_only_lf_crlf_and_cr_end_a_line() -> None:
    lines = LineIndex("a\nb\r\nc\rd\u2028e\x85f\x0cg")
    assert [lines.line_text(line) for line in range(lines.line_count)] == ["a", "b", "c", "d\u2028e\x85f\x0cg"]


@pytest.mark.parametrize(
    ("offset", "position"),
    [(0, (0, 0)), (2, (0, 2)), (3, (1, 0)), (5, (1, 2)), (6, (1, 3)), (7, (2, 0)), (99, (2, 0)), (-1, (0, 0))],
)
def test_an_offset_has_a_position(offset: int, position: tuple[int, int]) -> None:
    assert LineIndex("ab\ncd\r\n").position(offset) == Position(*position)


@pytest.mark.parametrize(
    ("line", "column", "offset"),
    [(0, 0, 0), (0, 2, 2), (0, 99, 2), (1, 99, 5), (2, 0, 7), (3, 0, 7), (-1, 5, 0), (0, -3, 0)],
)
def test_a_position_is_clamped_to_its_line_and_the_text(line: int, column: int, offset: int) -> None:
    assert LineIndex("ab\ncd\r\n").offset(line, column) == offset


@given(texts)
def test_positions_and_offsets_are_inverse_to_each_other(text: str) -> None:
    lines = LineIndex(text)
    for offset in range(len(text) + 1):
        position = lines.position(offset)
        if position.column <= len(lines.line_text(position.line)):
            assert lines.offset(position.line, position.column) == offset


@given(texts)
def test_the_lines_and_their_breaks_are_the_text(text: str) -> None:
    lines = LineIndex(text)
    starts = [lines.line_start(line) for line in range(lines.line_count)] + [len(text)]
    pieces = [text[start:end] for start, end in pairwise(starts)]
    assert "".join(pieces) == text
    assert [piece.rstrip("\r\n") for piece in pieces] == [lines.line_text(line) for line in range(lines.line_count)]


@pytest.mark.parametrize(
    ("encoding", "count"), [(Encoding.UTF8, 1 + 2 + 3 + 4), (Encoding.UTF16, 1 + 1 + 1 + 2), (Encoding.UTF32, 4)]
)
def test_columns_are_counted_in_the_units_of_the_client(encoding: Encoding, count: int) -> None:
    assert units("aé€😀", encoding) == count


@given(st.text(st.sampled_from("aé€😀\u2028"), max_size=12), st.sampled_from(Encoding))
def test_units_and_columns_are_inverse_to_each_other(line: str, encoding: Encoding) -> None:
    for column in range(len(line) + 1):
        assert column_of_units(line, units(line[:column], encoding), encoding) == column


def test_a_count_that_ends_inside_a_character_or_beyond_the_line_is_clamped() -> None:
    assert column_of_units("😀x", 1, Encoding.UTF16) == 0
    assert column_of_units("😀x", 99, Encoding.UTF16) == 2
    assert column_of_units("ab", -1, Encoding.UTF8) == 0


@given(texts, st.integers(-1, 40), st.integers(-1, 12), st.sampled_from(Encoding), st.integers(1, 60))
def test_an_offset_without_an_index_is_that_of_the_index(
    text: str, line: int, count: int, encoding: Encoding, times: int
) -> None:
    text = text.replace("\r", "") * times if times > 2 else text
    lines = LineIndex(text)
    assert offset_of(text, line, count, encoding) == lines.offset(
        line, column_of_units(lines.line_text(line), count, encoding)
    )
