"""Every mistake in an expression, with its exact place. `^` in the tables marks the characters of each error."""

from __future__ import annotations

import pytest

from engine.expressions import TokenKind, parse_expression

UNFINISHED = "an operator such as && or == is missing before this"
NO_CALCULATION = "; expressions do not calculate"
NO_BRACES = "; an expression is written without {{ }}"
FUNCTIONS = "(there are contains, defined, endsWith, length, startsWith)"
COMMA = "a comma stands only between the arguments of a function"


@pytest.mark.parametrize(
    ("text", "marks", "messages"),
    [
        # the vectors that are errors
        ("", [""], ["an expression is missing, such as $.field == true"]),
        ("$.count > 1 == false", ["            ^^"], ["comparisons cannot be chained; join two of them with &&"]),
        ("$.flag nonsense", ["       ^^^^^^^^"], [UNFINISHED]),
        ("$.count -1", ["        ^^"], [UNFINISHED + NO_CALCULATION]),
        ("$.name == alice", ["          ^^^^^"],
         ['alice means nothing here; write "alice" for a text or $.alice for a state field']),
        ("$.count = 3", ["        ^"], ["write == instead of ="]),
        ("$.a-b", ["   ^"], ["unexpected -" + NO_CALCULATION]),
        ("max($.items) > 1", ["^^^"], [f"there is no function max {FUNCTIONS}"]),
        ("length()", ["^^^^^^^^"], ["length(value) does not take 0 arguments"]),
        # values
        ("   ", ["^^^"], ["an expression is missing, such as $.field == true"]),
        ("$.a == ", ["    ^^"], ["== needs a value on its right"]),
        ("== 1", ["^^"], ["== needs a value on its left"]),
        ("in $.a", ["^^"], ["in needs a value on its left"]),
        ("$.a && && $.b", ["    ^^"], ["&& needs a value on its right"]),
        ("$.a ||", ["    ^^"], ["|| needs a value on its right"]),
        ("!", ["^"], ["! needs a value on its right"]),
        ("()", ["^"], ["a value is missing after ("]),
        ("$.x == True", ["       ^^^^"], ["True means nothing here; did you mean true?"]),
        ("$.x != None", ["       ^^^^"], ["None means nothing here; did you mean null?"]),
        ("length > 2", ["^^^^^^"], ["length is a function: length(value)"]),
        ("$.a > " + "9" * 400, ["      " + "^" * 400], ["this number is too large"]),
        # strings
        ("$.a == 'open", ["       ^^^^^"], ["this text is never closed: a ' is missing at its end"]),
        ('$.a == "it\'s', ["       ^^^^^"], ['this text is never closed: a " is missing at its end']),
        # paths
        ("$. == 1", ["^^"], ["$. needs the name of a state field: $.field"]),
        ("$.a. == 1", ["   ^"], ["a name must follow the dot: $.field.name"]),
        ("$..a.b == 1", ["^^"], ["$. needs the name of a state field: $.field"]),
        ("$.a..b[x] == 1", ["   ^"], ["a name must follow the dot: $.field.name"]),
        ("$.a[x] == 1", ["   ^^^"], ["an index is a whole number in brackets: $.list[0]"]),
        ("$.a[ == 1", ["   ^"], ["an index is a whole number in brackets: $.list[0]"]),
        ("$itm.k", ["^^^^"],
         ["$itm names nothing; did you mean $item? "
          "(a path starts with $. or one of $item, $index, $args, $edges, $iter, $loop, $pipeline)"]),
        ("$ == 1", ["^"], ["$ needs a name: $.field for the state, $args.name for an argument of the run"]),
        # operators of other languages
        ("$.a === 1", ["    ^^^"], ["write == instead of ==="]),
        ("$.a and not $.b", ["    ^^^", "        ^^^"], ["write && instead of and", "write ! instead of not"]),
        ("$.a | $.b", ["    ^"], ["write || instead of |"]),
        ("$.a + 1 == 2", ["    ^"], ["unexpected +" + NO_CALCULATION]),
        ("{{ $.a }}", ["^^", "       ^^"], ["unexpected {{" + NO_BRACES, "unexpected }}" + NO_BRACES]),
        ("$.a in [1, 2]", ["       ^^^^^^"],
         ["unexpected [1, 2]; there are no list literals: compare with each value and join with ||"]),
        ("$.a\u00a0== 1", ["   ^"], ["unexpected character U+00A0"]),
        # parentheses and calls
        ("($.a", ["^"], ["this ( is never closed"]),
        ("$.a)", ["   ^"], ["this ) closes nothing"]),
        ("$.a, $.b", ["   ^"], [COMMA]),
        ("($.a, $.b)", ["    ^"], [COMMA]),
        ("length($.a", ["      ^"], ["this ( is never closed"]),
        ("lenght($.a)", ["^^^^^^"], [f"there is no function lenght; did you mean length? {FUNCTIONS}"]),
        ("contains($.a)", ["^^^^^^^^^^^^^"], ["contains(container, item) does not take 1 argument"]),
        ("length($.a, 1, 2)", ["^^^^^^^^^^^^^^^^^"], ["length(value) does not take 3 arguments"]),
        ("contains($.a, )", ["            ^"], ["a value is missing after ,"]),
        ("contains(, 1)", ["        ^"], ["a value is missing after ("]),
        # several at once
        ("$.a == && $.b >", ["    ^^", "              ^"],
         ["== needs a value on its right", "> needs a value on its right"]),
        ("$.flag nonsense more && $.x ==", ["       ^^^^^^^^^^^^^", "                            ^^"],
         [UNFINISHED, "== needs a value on its right"]),
        ("$.a (1 2) ) && ", ["    ^^^^^", "          ^", "            ^^"],
         [UNFINISHED, "this ) closes nothing", "&& needs a value on its right"]),
        ("max(1) && min(2) &&", ["^^^", "          ^^^", "                 ^^"],
         [f"there is no function max {FUNCTIONS}", f"there is no function min {FUNCTIONS}",
          "&& needs a value on its right"]),
    ],
)  # fmt: skip
def test_each_mistake_is_reported_once_at_its_place(text: str, marks: list[str], messages: list[str]) -> None:
    parsed = parse_expression(text)

    assert parsed.tree is None
    assert [error.message for error in parsed.errors] == messages
    assert [" " * e.span.start + "^" * (e.span.end - e.span.start) for e in parsed.errors] == marks


@pytest.mark.parametrize("text", ["(" * 65 + "1" + ")" * 65, "!" * 65 + "1", "(" * 100_000, "length(" * 100_000])
def test_what_is_nested_too_deep_is_one_error_and_no_crash(text: str) -> None:
    (error,) = parse_expression(text).errors

    assert error.message == "this is nested more than 64 deep"


@pytest.mark.parametrize("text", ["(" * 64 + "1" + ")" * 64, "!" * 64 + "1", "1" + " && 1" * 20_000])
def test_up_to_the_limit_depth_is_fine_and_length_has_no_limit(text: str) -> None:
    assert parse_expression(text).tree is not None


def test_a_run_of_unreadable_characters_is_no_crash() -> None:
    assert len(parse_expression("@" * 5_000).errors) == 5_000


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("$.a == ", ["$.a"]),
        ("$.a. && length($item.k", ["$.a", "$item.k"]),
        ("$. || $.b[0] $.c", ["$.b[0]", "$.c"]),
    ],
)
def test_a_half_typed_expression_still_names_its_paths(text: str, paths: list[str]) -> None:
    assert [str(path) for path in parse_expression(text).paths] == paths


def test_a_half_typed_expression_still_has_all_its_tokens() -> None:
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
