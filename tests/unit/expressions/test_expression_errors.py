"""Every mistake in an expression, with its exact span. `^` in the tables marks the characters of each error."""

from __future__ import annotations

import pytest

from engine.expressions import TokenKind, parse_expression

NO_OPERATOR = "missing operator, such as && or ==, before this"
NO_ARITHMETIC = "; expressions have no arithmetic"
NO_BRACES = "; remove {{ }}"
FUNCTIONS = "(known are contains, defined, endsWith, length, startsWith)"
COMMA = "unexpected comma; commas only separate the arguments of a function"


@pytest.mark.parametrize(
    ("text", "marks", "messages"),
    [
        # the vectors that are errors
        ("", [""], ["missing expression; write one such as $.field == true"]),
        ("$.count > 1 == false", ["            ^^"], ["comparisons cannot be chained; join two with &&"]),
        ("$.flag nonsense", ["       ^^^^^^^^"], [NO_OPERATOR]),
        ("$.count -1", ["        ^^"], [NO_OPERATOR + NO_ARITHMETIC]),
        ("$.name == alice", ["          ^^^^^"],
         ['unknown word alice; write "alice" for text or $.alice for a state field']),
        ("$.count = 3", ["        ^"], ["write == instead of ="]),
        ("$.a-b", ["   ^"], ["unexpected -" + NO_ARITHMETIC]),
        ("max($.items) > 1", ["^^^"], [f"unknown function max {FUNCTIONS}"]),
        ("length()", ["^^^^^^^^"], ["length(value) called with 0 arguments"]),
        # values
        ("   ", ["^^^"], ["missing expression; write one such as $.field == true"]),
        ("$.a == ", ["    ^^"], ["missing value after =="]),
        ("== 1", ["^^"], ["missing value before =="]),
        ("in $.a", ["^^"], ["missing value before in"]),
        ("$.a && && $.b", ["    ^^"], ["missing value after &&"]),
        ("$.a ||", ["    ^^"], ["missing value after ||"]),
        ("!", ["^"], ["missing value after !"]),
        ("()", ["^"], ["missing value after ("]),
        ("$.x == True", ["       ^^^^"], ["unknown word True; did you mean true?"]),
        ("$.x != None", ["       ^^^^"], ["unknown word None; did you mean null?"]),
        ("length > 2", ["^^^^^^"], ["length is a function; call it: length(value)"]),
        ("$.a > " + "9" * 400, ["      " + "^" * 400], ["number too large; write one up to 1e308"]),
        # strings
        ("$.a == 'open", ["       ^^^^^"], ["unclosed text; add ' at its end"]),
        ('$.a == "it\'s', ["       ^^^^^"], ['unclosed text; add " at its end']),
        # paths
        ("$. == 1", ["^^"], ["missing name of a state field after $.; write $.field"]),
        ("$.a. == 1", ["   ^"], ["missing name after the dot; write $.field.name"]),
        ("$..a.b == 1", ["^^"], ["missing name of a state field after $.; write $.field"]),
        ("$.a..b[x] == 1", ["   ^"], ["missing name after the dot; write $.field.name"]),
        ("$.a[x] == 1", ["   ^^^"], ["invalid index; write an integer in brackets: $.list[0]"]),
        ("$.a[ == 1", ["   ^"], ["invalid index; write an integer in brackets: $.list[0]"]),
        ("$itm.k", ["^^^^"],
         ["unknown path $itm; did you mean $item? "
          "(a path starts with $. or one of $item, $index, $args, $edges, $iter, $loop, $pipeline)"]),
        ("$ == 1", ["^"], ["missing name after $; write $.field for the state, $args.name for an argument of the run"]),
        # operators of other languages
        ("$.a === 1", ["    ^^^"], ["write == instead of ==="]),
        ("$.a and not $.b", ["    ^^^", "        ^^^"], ["write && instead of and", "write ! instead of not"]),
        ("$.a | $.b", ["    ^"], ["write || instead of |"]),
        ("$.a + 1 == 2", ["    ^"], ["unexpected +" + NO_ARITHMETIC]),
        ("{{ $.a }}", ["^^", "       ^^"], ["unexpected {{" + NO_BRACES, "unexpected }}" + NO_BRACES]),
        ("$.a in [1, 2]", ["       ^^^^^^"],
         ["unexpected [1, 2]; expressions have no list literals: compare with each value and join with ||"]),
        ("$.a\u00a0== 1", ["   ^"], ["unexpected character U+00A0"]),
        # parentheses and calls
        ("($.a", ["^"], ["unclosed (; add )"]),
        ("$.a)", ["   ^"], ["unmatched ); remove it"]),
        ("$.a, $.b", ["   ^"], [COMMA]),
        ("($.a, $.b)", ["    ^"], [COMMA]),
        ("length($.a", ["      ^"], ["unclosed (; add )"]),
        ("lenght($.a)", ["^^^^^^"], [f"unknown function lenght; did you mean length? {FUNCTIONS}"]),
        ("contains($.a)", ["^^^^^^^^^^^^^"], ["contains(container, item) called with 1 argument"]),
        ("length($.a, 1, 2)", ["^^^^^^^^^^^^^^^^^"], ["length(value) called with 3 arguments"]),
        ("contains($.a, )", ["            ^"], ["missing value after ,"]),
        ("contains(, 1)", ["        ^"], ["missing value after ("]),
        # several at once
        ("$.a == && $.b >", ["    ^^", "              ^"],
         ["missing value after ==", "missing value after >"]),
        ("$.flag nonsense more && $.x ==", ["       ^^^^^^^^^^^^^", "                            ^^"],
         [NO_OPERATOR, "missing value after =="]),
        ("$.a (1 2) ) && ", ["    ^^^^^", "          ^", "            ^^"],
         [NO_OPERATOR, "unmatched ); remove it", "missing value after &&"]),
        ("max(1) && min(2) &&", ["^^^", "          ^^^", "                 ^^"],
         [f"unknown function max {FUNCTIONS}", f"unknown function min {FUNCTIONS}",
          "missing value after &&"]),
    ],
)  # fmt: skip
def test_each_mistake_is_reported_once_at_its_span(text: str, marks: list[str], messages: list[str]) -> None:
    parsed = parse_expression(text)

    assert parsed.tree is None
    assert [error.message for error in parsed.errors] == messages
    assert [" " * e.span.start + "^" * (e.span.end - e.span.start) for e in parsed.errors] == marks


@pytest.mark.parametrize("text", ["(" * 65 + "1" + ")" * 65, "!" * 65 + "1", "(" * 20_000, "length(" * 20_000])
def test_nesting_too_deep_is_one_error(text: str) -> None:
    (error,) = parse_expression(text).errors

    assert error.message == "nested more than 64 levels deep; split the expression"


@pytest.mark.parametrize("text", ["(" * 64 + "1" + ")" * 64, "!" * 64 + "1", "1" + " && 1" * 20_000])
def test_depth_up_to_the_limit_and_any_length_are_valid(text: str) -> None:
    assert parse_expression(text).tree is not None


def test_many_unreadable_characters_are_as_many_errors() -> None:
    assert len(parse_expression("@" * 5_000).errors) == 5_000


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("$.a == ", ["$.a"]),
        ("$.a. && length($item.k", ["$.a", "$item.k"]),
        ("$. || $.b[0] $.c", ["$.b[0]", "$.c"]),
    ],
)
def test_a_half_typed_expression_has_its_paths(text: str, paths: list[str]) -> None:
    assert [str(path) for path in parse_expression(text).paths] == paths


def test_a_half_typed_expression_has_all_its_tokens() -> None:
    text = "contains($.tags, 'x') && !$.done @"

    tokens = parse_expression(text).tokens

    assert [(token.kind, text[token.span.start : token.span.end]) for token in tokens] == [
        (TokenKind.NAME, "contains"),
        (TokenKind.OPEN, "("),
        (TokenKind.PATH, "$.tags"),
        (TokenKind.COMMA, ","),
        (TokenKind.STRING, "'x'"),
        (TokenKind.CLOSE, ")"),
        (TokenKind.OPERATOR, "&&"),
        (TokenKind.OPERATOR, "!"),
        (TokenKind.PATH, "$.done"),
        (TokenKind.UNKNOWN, "@"),
        (TokenKind.END, ""),
    ]
