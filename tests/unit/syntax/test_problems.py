"""Each mistake is one problem with a code, at the text that is wrong."""

from __future__ import annotations

import pytest

from engine.syntax import MAX_FILE_BYTES, SyntaxCode, parse

C = SyntaxCode


@pytest.mark.parametrize(
    ("text", "code", "source"),
    [
        ("a: 1\na: 2\n", C.DUPLICATE_KEY, "a"),
        ("g:\n  n:\n    - id: x\n      'id': y\n", C.DUPLICATE_KEY, "'id'"),
        ("a: {b: 1, b: 2}\n", C.DUPLICATE_KEY, "b"),
        ("a: 1\nb: 2\na: 3\n", C.DUPLICATE_KEY, "a"),
        ("a: 1\nnam\nb: 2\n", C.MISSING_COLON, "nam"),
        ("g:\n  n:\n    - id: x\n      ki\n    - id: y\n", C.MISSING_COLON, "ki"),
        ("a: [1, 2\nb: 3\n", C.UNCLOSED, "[1, 2"),
        ('a: "x\nb: 3\n', C.UNCLOSED, '"x'),
        ("a: {b: [1, 2}\nc: 3\n", C.INVALID_YAML, "}"),
        ("a: {b: 1 c: 2}\n", C.INVALID_YAML, ":"),
        ("a: b: c\n", C.INVALID_YAML, ":"),
        ("a: @b c\n", C.INVALID_YAML, "@b c"),
        ("a: *.md\n", C.INVALID_YAML, "*.md"),
        ("a: **bold** text\n", C.INVALID_YAML, "**bold** text"),
        ('a: "\\q"\n', C.INVALID_YAML, "\\q"),
        ("%FOO\n---\na: 1\n", C.INVALID_YAML, "%FOO"),
        ("g:\n  a: 1\n   b: 2\n", C.INVALID_YAML, "b: 2"),
        ("g:\n\ta: 1\n", C.TAB_INDENT, "\t"),
        ("g:\n  n:\n    - id: x\n\t  kind: y\n", C.TAB_INDENT, "\t"),
        ("a: {{ b }}\n", C.UNQUOTED_PLACEHOLDER, "{{ b }}"),
        ("a: {{ b }} c\n", C.UNQUOTED_PLACEHOLDER, "{{ b }} c"),
        ("? [a]\n: b\n", C.COMPLEX_KEY, "[a]"),
        ("a: *x\n", C.UNKNOWN_ALIAS, "*x"),
        ("a: *x\nb: &x 1\n", C.UNKNOWN_ALIAS, "*x"),
        ("a: &x [1, *x]\n", C.RECURSIVE_ALIAS, "*x"),
        ("a: !thing 1\n", C.UNKNOWN_TAG, "!thing 1"),
        ("a: !!int x\n", C.TAG_MISMATCH, "!!int x"),
        ("a: 1\n---\nb: 2\n", C.SEVERAL_DOCUMENTS, "---"),
        ("a: 1\n...\nb: 2\n", C.SEVERAL_DOCUMENTS, "b: 2"),
        ("a: x\x07y\n", C.INVALID_CHARACTER, "\x07"),
        ("# \ud800\n", C.INVALID_CHARACTER, "\ud800"),
    ],
)
def test_a_mistake_is_one_problem_at_its_text(text: str, code: SyntaxCode, source: str) -> None:
    (problem,) = parse(text).problems
    assert (problem.code, text[problem.span.start : problem.span.end]) == (code, source)


def test_a_duplicate_key_names_the_first_one() -> None:
    text = "a: 1\nb: 2\na: 3\n"
    (problem,) = parse(text).problems
    assert problem.related is not None
    assert (problem.span.start, problem.related.start) == (10, 0)


def test_problems_come_in_the_order_of_the_text() -> None:
    tree = parse("a: @\nb: 1\nb: 2\nc: *x\n---\n")
    assert [problem.code for problem in tree.problems] == [
        C.INVALID_YAML,
        C.DUPLICATE_KEY,
        C.UNKNOWN_ALIAS,
        C.SEVERAL_DOCUMENTS,
    ]


def test_a_file_over_5_mib_is_not_read() -> None:
    text = "a: " + "é" * (MAX_FILE_BYTES // 2)
    tree = parse(text)
    assert tree.root is None
    assert [problem.code for problem in tree.problems] == [C.TOO_LARGE]


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 70 + "]" * 70,
        "a: " + "[" * 100_000,
        "- " * 70 + "x",
        "".join("  " * depth + f"k{depth}:\n" for depth in range(70)),
        "a: &x " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*x" + "]" * 40,
    ],
    ids=["flow", "open flow", "dashes", "keys", "alias"],
)
def test_more_than_64_levels_are_too_deep(text: str) -> None:
    tree = parse(text)
    assert C.TOO_DEEP in {problem.code for problem in tree.problems}


def test_64_levels_are_not_too_deep() -> None:
    assert parse("a: " + "[" * 63 + "]" * 63).problems == ()
    assert parse("".join("  " * depth + f"k{depth}:\n" for depth in range(64))).problems == ()


def test_aliases_may_not_stand_for_more_than_10_times_the_text() -> None:
    levels = ["a0: &a0 [x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    tree = parse("\n".join(levels) + "\n")
    assert {problem.code for problem in tree.problems} == {C.ALIAS_EXPANSION}
    assert tree.root is not None
    assert len(repr(tree.root.value)) < 100 * len(tree.text)


def test_few_aliases_are_within_the_limit() -> None:
    assert parse("a: &x {long: value, of: some length}\nb: [*x, *x, *x]\n").problems == ()
