"""The parsed form: what binds tighter, where each part stands, how it is shown."""

from __future__ import annotations

import pytest

from engine.expressions import Expression, children, parse_expression, paths_of, show


def the_tree(text: str) -> Expression:
    parsed = parse_expression(text)
    assert parsed.tree is not None, parsed.errors
    return parsed.tree


def parts(tree: Expression, text: str) -> list[str]:
    """The source text of every node, parents first."""
    below = [part for child in children(tree) for part in parts(child, text)]
    return [text[tree.span.start : tree.span.end], *below]


@pytest.mark.parametrize(
    ("text", "explicit"),
    [
        ("$.a || $.b && $.c", "$.a || ($.b && $.c)"),
        ("$.a && $.b == 1", "$.a && ($.b == 1)"),
        ("!$.a == $.b", "(!$.a) == $.b"),
        ("!$.a in $.b", "(!$.a) in $.b"),
        ("!!$.a", "!(!$.a)"),
    ],
)
def test_not_binds_tighter_than_comparison_and_that_tighter_than_and_and_or(text: str, explicit: str) -> None:
    assert the_tree(text) == the_tree(explicit)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("$.a>2&&$.b", "$.a > 2 && $.b"),
        ("((($.a)))", "$.a"),
        ("($.a||$.b)&&$.c", "($.a || $.b) && $.c"),
        ("$.a && ($.b && $.c)", "$.a && ($.b && $.c)"),
        ("! ( $.a == 1 )", "!($.a == 1)"),
        ("($.a == 1) == true", "($.a == 1) == true"),
        ("contains( $.a,'x' )", 'contains($.a, "x")'),
        ("""$.a == 'say "x"'""", """$.a == 'say "x"'"""),
        ("$.list.0 == 1.50", "$.list[0] == 1.5"),
        ("-0 == 0.0", "0 == 0"),
        ("0.0000001 < 1", "0.0000001 < 1"),
        ("1" + "0" * 30 + " > 1", "1" + "0" * 30 + " > 1"),
        ("2 in $.items", "2 in $.items"),
        ("null == $.x", "null == $.x"),
    ],
)
def test_the_shown_form_is_canonical(text: str, shown: str) -> None:
    assert show(the_tree(text)) == shown


def test_every_part_of_a_tree_knows_where_it_stands() -> None:
    text = " ($.a > 1) == true && !length( $.b )"

    assert parts(the_tree(text), text) == [
        "($.a > 1) == true && !length( $.b )",
        "($.a > 1) == true",
        "$.a > 1",
        "$.a",
        "1",
        "true",
        "!length( $.b )",
        "length( $.b )",
        "$.b",
    ]


def test_the_paths_of_a_tree_come_in_order_and_as_often_as_they_occur() -> None:
    tree = the_tree("$.a == 1 || $item.k in $.b && !$.a && length($.c) > 0")

    assert [str(path) for path in paths_of(tree)] == ["$.a", "$item.k", "$.b", "$.a", "$.c"]
