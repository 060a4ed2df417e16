"""Where nodes are, and how a tree is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given

from engine.syntax import NodeKind, Style, View, parse
from tests.unit.syntax.corpus import EXPERIENCE, TEXTS
from tests.unit.syntax.strategies import near_yaml


def views(view: View) -> Iterator[View]:
    yield view
    for entry in view.entries():
        yield from views(entry.key)
        if entry.value:
            yield from views(entry.value)
    for item in view.items():
        yield from views(item)


def root_of(text: str) -> View:
    root = parse(text).root
    assert root is not None
    return root


def find(text: str, source: str) -> View:
    return next(view for view in views(root_of(text)) if view.text == source)


def test_the_text_of_a_node_is_the_text_at_its_span() -> None:
    for text in TEXTS:
        print(text)
        assert_spans_are_exact(text)


@given(near_yaml)
def test_the_text_of_a_node_is_the_text_at_its_span_in_any_text(text: str) -> None:
    assert_spans_are_exact(text)


def assert_spans_are_exact(text: str) -> None:
    tree = parse(text)
    for view in views(tree.root) if tree.root else ():
        span = view.span
        assert 0 <= span.start <= span.end <= len(text)
        if view.text != text[span.start : span.end]:
            # Only what is inside a divided item stands in a text whose dash was blanked.
            assert view.kind in (NodeKind.MAPPING, NodeKind.SEQUENCE)
        parts = [*view.items(), *[entry.key for entry in view.entries()]]
        assert all(span.start <= part.start and part.span.end <= span.end for part in parts)


@pytest.mark.parametrize(
    ("text", "source", "style"),
    [
        ("a: word # comment\n", "word", Style.PLAIN),
        ("a: two\n  lines  \nb: 1\n", "two\n  lines", Style.PLAIN),
        ("a: 'x'   \n", "'x'", Style.SINGLE),
        ('a: "x\n  y" # c\n', '"x\n  y"', Style.DOUBLE),
        ("a: |\n  x\n\n  y\n\n\nb: 1\n", "|\n  x\n\n  y", Style.LITERAL),
        ("a: >-\n  x\n# c\nb: 1\n", ">-\n  x", Style.FOLDED),
        ("a: &n !!str x\n", "&n !!str x", Style.PLAIN),
        ("a: [1,\n 2 ] # c\n", "[1,\n 2 ]", Style.FLOW),
        ("a: {b: }\n", "{b: }", Style.FLOW),
        ("a:\n  b: 1\n  c: 2   \n\n# c\nd: 1\n", "b: 1\n  c: 2", Style.BLOCK),
        ("a:\n- b\n- \nd: 1\n", "- b\n-", Style.BLOCK),
        ("a: |\r\n  x\r\n\r\nb: 1\r\n", "|\r\n  x", Style.LITERAL),
        ("é😀: 😀 é\n", "😀 é", Style.PLAIN),
    ],
)
def test_a_node_has_its_own_text_and_style(text: str, source: str, style: Style) -> None:
    assert find(text, source).style is style


def test_keys_and_values_are_found_by_name() -> None:
    root = root_of("a: {b: 1}\n'c': [x]\n3: y\nd:\n")
    assert root.get("a").value == {"b": 1}  # type: ignore[union-attr]
    assert root.key("c").text == "'c'"  # type: ignore[union-attr]
    assert root.get(3).value == "y"  # type: ignore[union-attr]
    assert root.get("d") is None
    assert root.key("d") is not None
    assert root.get("e") is None
    assert root.key("e") is None


def test_an_alias_has_the_value_and_not_the_place_of_its_anchor() -> None:
    view = find("a: &x {b: 1}\nc: *x\n", "*x")
    assert (view.kind, view.alias_name, view.value, view.span.start) == (NodeKind.ALIAS, "x", {"b": 1}, 16)


@pytest.mark.parametrize(
    ("marked", "path"),
    [
        ("a: {b: o|ne}\n", ["{b: one}", "one"]),
        ("a: {b|: one}\n", ["{b: one}", "b"]),
        ("|a: 1\n", ["a"]),
        ("a: 1|\n", ["1"]),
        ("a: |\n", []),
        ("a:\n  - x\n  - y: |z\n", ["- x\n  - y: z", "y: z", "z"]),
        ("a: 1\n\n|\nb: 2\n", []),
    ],
)
def test_a_cursor_finds_the_path_to_the_innermost_node(marked: str, path: list[str]) -> None:
    offset = marked.index("|")
    tree = parse(marked.replace("|", ""))
    found = tree.node_at(offset)
    assert [view.text for view in found[1:]] == path
    assert found[:1] == ((tree.root,) if path or 0 < offset < len(tree.text) - 1 else ())


def test_equal_text_has_an_equal_source_key() -> None:
    root = root_of("a: {x: [1]}\nb: {x: [1]}\nc: {x: [2]}\n")
    a, b, c = (root.get(key).source_key for key in "abc")  # type: ignore[union-attr]
    assert a == b != c


@pytest.mark.parametrize(
    "text",
    [
        "k: &x 1\na: [*x]\nl: &x 2\nb: [*x]\n",
        "a:\n  b: |1\n      x\nc:\n     b: |1\n      x\n",
        "a: |+\n x\nb: |+\n x\n\n\n",
        "a: |\n x\nb: |\n x",
    ],
    ids=["alias", "indentation", "kept breaks", "end of text"],
)
def test_nodes_with_equal_text_and_different_values_have_different_source_keys(text: str) -> None:
    by_key: dict[object, list[object]] = {}
    for view in views(root_of(text)):
        by_key.setdefault(view.source_key, []).append(view.value)
    assert all(value == values[0] for values in by_key.values() for value in values)


def test_a_node_at_zero_is_the_same_green_node() -> None:
    view = list(root_of(EXPERIENCE).get("graph").get("nodes").items())[1]  # type: ignore[union-attr]
    assert view.at_zero().green is view.green
    assert view.at_zero().span == view.span.shift(-view.start)
    assert view.at_zero().text == view.text
