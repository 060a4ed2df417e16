"""Parsing after an edit gives what parsing afresh gives, and keeps what the edit did not touch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import Tree, View, parse
from tests.unit.syntax.corpus import EXPERIENCE, TEXTS
from tests.unit.syntax.shape import shape_of_tree
from tests.unit.syntax.strategies import near_yaml

edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), near_yaml | st.sampled_from(['"', "[", "", "  ", "*x", "&x ", "|"])),
    min_size=1,
    max_size=5,
)


def applied(text: str, at: float, removed: int, inserted: str) -> str:
    start = int(at * len(text))
    return text[:start] + inserted + text[start + removed :]


def at(tree: Tree, *path: str | int) -> View:
    view = tree.root
    for step in path:
        assert view is not None
        view = list(view.items())[step] if isinstance(step, int) else view.get(step)
    assert view is not None
    return view


@given(st.sampled_from(TEXTS), edits)
def test_a_tree_after_edits_is_the_tree_of_the_text(text: str, changes: list[tuple[float, int, str]]) -> None:
    tree = parse(text)
    for change in changes:
        text = applied(text, *change)
        tree = parse(text, tree)
        assert shape_of_tree(tree) == shape_of_tree(parse(text))


def test_nodes_that_an_edit_did_not_touch_stay_the_same_objects() -> None:
    before = parse(EXPERIENCE)
    after = parse(EXPERIENCE.replace("./tools/load.py", "./tools/load_all.py"), before)
    for path in (("graph", "nodes", 1), ("graph", "edges"), ("state",), ("state", "schema", "report")):
        assert at(after, *path).green is at(before, *path).green
    assert at(after, "graph", "nodes", 0).green is not at(before, "graph", "nodes", 0).green
    assert at(after, "graph", "nodes", 1).start == at(before, "graph", "nodes", 1).start + 4


def test_nodes_stay_the_same_objects_over_many_edits_elsewhere() -> None:
    first = tree = parse(EXPERIENCE)
    for length in range(1, 30):
        tree = parse(EXPERIENCE.replace("load   #", "load   #" + "x" * length), tree)
    assert at(tree, "graph", "nodes", 1).green is at(first, "graph", "nodes", 1).green


def test_the_same_text_keeps_the_root() -> None:
    tree = parse(EXPERIENCE)
    again = parse(EXPERIENCE, tree)
    assert again.root == tree.root


def test_an_alias_follows_its_anchor_when_only_the_anchor_is_edited() -> None:
    before = parse("a: &x {v: 1}\nb: {c: *x}\n")
    after = parse("a: &x {v: 2}\nb: {c: *x}\n", before)
    assert at(after, "b").value == {"c": {"v": 2}}


def test_an_open_quote_is_closed_by_text_further_down() -> None:
    before = parse('a: "one\nb: 2\nc: 3\n')
    assert before.problems
    after = parse('a: "one\nb: 2"\nc: 3\n', before)
    assert after.problems == ()
    assert at(after).value == {"a": "one b: 2", "c": 3}


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.long)])
def test_typing_a_text_of_the_corpus_gives_its_tree_at_each_stroke(step: int) -> None:
    for text in TEXTS:
        tree = parse("")
        for end in range(0, len(text) + 1, step):
            tree = parse(text[:end], tree)
            assert shape_of_tree(tree) == shape_of_tree(parse(text[:end])), text[:end]
