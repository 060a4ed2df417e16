"""A text is valid exactly where PyYAML accepts it under the rules of YAML 1.2, with the same values."""

from __future__ import annotations

from hypothesis import assume, given

from engine.syntax import parse
from tests.unit.syntax.corpus import TEXTS
from tests.unit.syntax.oracle import judge
from tests.unit.syntax.shape import same_data
from tests.unit.syntax.strategies import near_yaml, valid_documents


def assert_agrees(text: str) -> None:
    verdict = judge(text)
    if verdict.valid is None:
        return
    tree = parse(text)
    assert (not tree.problems) == verdict.valid, tree.problems
    if verdict.valid:
        assert same_data(tree.root.value if tree.root else None, verdict.value)


def test_each_text_of_the_corpus_means_what_pyyaml_says() -> None:
    for text in TEXTS:
        print(text)
        if any(character in text for character in "\x00\x07\ud800"):
            assert parse(text).problems
        else:
            assert_agrees(text)


@given(valid_documents())
def test_a_valid_document_means_what_pyyaml_says(text: str) -> None:
    assert_agrees(text)


@given(near_yaml)
def test_a_text_that_is_nearly_yaml_is_valid_where_pyyaml_says_so(text: str) -> None:
    # PyYAML refuses a tab on an otherwise blank line around a marker; in YAML 1.2 such a line is blank.
    assume(not any(line.startswith("\t") or line.strip(" ").startswith("\t") for line in text.splitlines()))
    assert_agrees(text)


def test_unicode_line_separators_are_text_and_no_line_breaks() -> None:
    tree = parse("a: x\u2028y\u2029z\x85\nb: |\n  p\u2028q\n")
    assert tree.problems == ()
    assert tree.root is not None
    assert tree.root.value == {"a": "x\u2028y\u2029z\x85", "b": "p\u2028q\n"}


def test_an_anchor_may_be_defined_again() -> None:
    tree = parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")
    assert tree.problems == ()
    assert tree.root is not None
    assert tree.root.value == {"a": 1, "b": 1, "c": 2, "d": 2}
