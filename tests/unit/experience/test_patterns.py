"""The patterns of strangers mean what Python says they mean, or are refused in words; never do they take long."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.experience.json_schema.patterns import (
    InvalidPatternError,
    PatternError,
    UnsupportedPatternError,
    check_pattern,
    matches,
)

PARTS = [
    *(
        "a",
        "b",
        "é",
        ".",
        "^",
        "|",
        "*",
        "+",
        "?",
        "-",
        "_",
        " ",
        "(",
        ")",
        "(?:",
        "(?P<n>",
        "(?i:",
        "{",
        "}",
        "[",
        "]",
    ),
    *(r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", r"\A", r"\Z", r"\n", r"\t", r"\.", r"\-", r"\/", r"\é", r"\x41"),
    *(r"\u00e9", "{2}", "{,2}", "{1,}", "{1,3}?", "[a-z]", r"[^\W_]", r"[\s\d-]", "[]a]", "[^]a]", "[[:a]", r"[\b]"),
]
TEXTS = ["", "a", "ab", "bab", "é", "aé", "A", "a b", "1", "٣", "_", "--", "\u3000", "½", "[:a]", "{}", "a{2}", "\x08"]


@given(st.lists(st.sampled_from(PARTS), max_size=6).map("".join), st.sampled_from(TEXTS) | st.text(max_size=5))
def test_a_pattern_matches_what_it_matches_in_python(pattern: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = re.search(pattern, text) is not None
        except re.error:
            return
    try:
        assert matches(pattern, text) is expected
    except UnsupportedPatternError as refused:
        assert "possessive" in str(refused)


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        (r"^[a-z]+$", "abc\n", True),
        (r"^[a-z]+$", "abc\n\n", False),
        (r"(?m)^b$", "a\nb\nc", True),
        (r"\bb\b", "a b c", True),
        (r"^\p{L}+$", "Zoë", True),
        (r"^(?<first>a)\u0062$", "ab", True),
        (r"^\u{1F600}$", "😀", True),
        (r"^.{1,2500}$", "x" * 2500, True),
        (r"^.{1,2500}$", "x" * 2501, False),
        (r"^(?:ab){1500,}$", "ab" * 1499, False),
        (r"^(?:ab){1500,}$", "ab" * 1500, True),
        ("^.$", "\ud800", True),
        ("^a$", "\ud800", False),
    ],
)
def test_what_json_schemas_are_written_with_works(pattern: str, text: str, is_found: bool) -> None:
    assert matches(pattern, text) is is_found


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"^(?=.*\d).+$", "`(?=` looks ahead or behind"),
        (r"(?<!a)b", "`(?<!` looks ahead or behind"),
        (r"(a)\1", r"`\1` refers back to a group"),
        (r"(?P<x>a)(?P=x)", "`(?P=x)` refers back to a group"),
        (r"(?<x>a)\k<x>", r"`\k<x>` refers back to a group"),
        ("(?>a)", "`(?>` is an atomic group"),
        ("a++", "`++` is a possessive repeat"),
        ("(a)?(?(1)b|c)", "`(?(` depends on another group"),
        ("a{1,2000000000}", "is too large"),
        ("((a{999}){999}){999}", "is too large"),
        ("(((a{2000}){2000}){2000}){2000}", "is too large"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused_in_words(pattern: str, reason: str) -> None:
    with pytest.raises(UnsupportedPatternError, match=re.escape(reason)):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", ["(", "[", "a**", r"\N{DIGIT ONE}", "\ud800", "[" * 5000, "(" * 50_000])
def test_what_is_no_regular_expression_is_said_to_be_none_in_a_line(pattern: str) -> None:
    with pytest.raises(InvalidPatternError, match="not a valid regular expression") as refused:
        check_pattern(pattern)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    "pattern", [r"^(a+)+$", r"^(\w+\s?)*$", r"^(a|a)*$", r"^(a|b|ab)*c$", r"(.*)*x", "^(a?){500}a{500}$"]
)
def test_a_pattern_that_makes_others_try_for_ever_is_matched_at_once(pattern: str) -> None:
    assert matches(pattern, "a" * 50_000 + "!") is False


def test_a_pattern_that_is_too_large_for_a_text_is_refused_rather_than_waited_for() -> None:
    with pytest.raises(PatternError, match="too large for a text this long"):
        matches(".{1000}" * 30, "xy" * 1_000_000)
