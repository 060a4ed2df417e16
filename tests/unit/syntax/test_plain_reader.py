"""The plain reader gives the nodes that PyYAML's events give; examples are read by it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import parse
from engine.syntax.green_tree import Green, Mapping, Scalar, Sequence
from engine.syntax.yaml import reader
from engine.syntax.yaml.plain_reader import read_plain
from engine.syntax.yaml.reader import Anchors, read_events
from tests.unit.syntax.corpus import TEXTS
from tests.unit.syntax.strategies import near_yaml, valid_documents

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("experience.yaml"))
PLAIN = [
    "- id: a\n  kind: tool # which\n  # so\n  impl: ./t.py:work\n\n  reads: [a, 'b c', \"d\"]\n  n: -1.5\n",
    "- id: b\n  prompt: |\n    Look at {{a}}:\n\n      - and # say\n    so.\n\n  args: { a: $.a, b: { x: [] } }\n",
    "key:\n- 1\n- - 2\n  - 3\nnext:\n  empty:\nlast: a:b c#d\n",
    "a: |-\n  é😀\n# end\nb: {}\n",
]
_FRAGMENTS = [
    *["a: ", "b:", "b: ", "c d: ", "- ", "- ", "\n", "\n  ", "\n  ", "\n    ", "\n\n", "|\n", "|-\n", "|", "  ", " "],
    *["[", "]", "{", "}", ", ", ": ", ":", "#", " # c", "x", "1", "true", "$.a", '"', "'", "é", "-", "~", ".", "&a "],
]
_pieces = st.lists(st.sampled_from(_FRAGMENTS), max_size=25).map("".join)


def content_of(node: Green | None) -> Any:
    """All that a node holds, except where its text is kept."""
    match node:
        case Mapping(entries=entries):
            inner: Any = [(e.key_at, content_of(e.key), e.value_at, content_of(e.value)) for e in entries]
        case Sequence(items=items):
            inner = [(at, content_of(item)) for at, item in items]
        case Scalar(data=data):
            inner = repr(data)
        case _:
            inner = node
    return node and (type(node), node.text, node.style, node.depth, node.expansion, node.portable, inner)


def assert_reads_the_same(text: str) -> None:
    plain = read_plain(text)
    if plain is not None:
        events = read_events(text, Anchors(1000))
        assert (events.problems, events.failure, events.defines, events.uses) == ((), None, (), ())
        assert (plain[0], content_of(plain[1])) == (events.start, content_of(events.node))


def test_each_text_of_the_corpus_reads_the_same() -> None:
    for text in TEXTS:
        print(text)
        assert_reads_the_same(text)


@pytest.mark.parametrize("text", PLAIN)
def test_a_plain_text_reads_the_same(text: str) -> None:
    assert read_plain(text) is not None
    assert_reads_the_same(text)


@given(st.one_of(near_yaml, valid_documents(), _pieces))
def test_any_text_reads_the_same(text: str) -> None:
    assert_reads_the_same(text)


@given(
    st.sampled_from([*PLAIN, *(path.read_text(encoding="utf-8") for path in EXAMPLES)]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.sampled_from(["", *_FRAGMENTS])), max_size=3),
)
def test_an_edited_plain_text_reads_the_same(text: str, edits: list[tuple[int, int, str]]) -> None:
    for at, length, new in edits:
        start = at % (len(text) + 1)
        text = text[:start] + new + text[start + length :]
    assert_reads_the_same(text)


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_an_example_is_read_without_events(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(reader, "events", asked.append)

    parse(path.read_text(encoding="utf-8"))

    assert asked == []


@pytest.mark.parametrize("line", ["a: b{}: c", "a:{}? ", "- {}%", "a: [b{}: c]", "a: {{ b:{}? }}", 'a: "b"{}c', "{}: "])
def test_a_long_line_is_scanned_once(line: str) -> None:
    assert read_plain(line.format(" " * 300_000)) is None
