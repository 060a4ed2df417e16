"""What a variable of the environment must be to be a key, a header or an address."""

from __future__ import annotations

import pytest

from engine.network.variables import address_problems, header_lines_problems, header_problems, host_of, read

KEY = "sk-of-this-test-0123456789"


@pytest.mark.parametrize("around", ["{}\r", "{}\r\n", " {}\t", "\ufeff{}", "\u00a0{}\u200b"])
def test_invisible_characters_around_a_value_are_dropped(around: str) -> None:
    assert read({"KEY": around.format(KEY)}, "KEY") == KEY


@pytest.mark.parametrize("nothing", ["", " ", "\r\n", "\ufeff"])
def test_an_empty_variable_counts_as_unset(nothing: str) -> None:
    assert read({"KEY": nothing}, "KEY") is None
    assert read({}, "KEY") is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f'"{KEY}"', "KEY is in quotation marks; remove them"),
        (f"'{KEY}'", "quotation marks"),
        (f"\u201c{KEY}\u201d", "quotation marks"),
        (
            "sk-of\nsk-this",
            "contains a line break (U+000A) as character 6, which is not allowed in a header; copy the key again",
        ),
        ("sk\rx", "a carriage return (U+000D)"),
        ("sk\x07x", "a control character (U+0007)"),
        ("sk\u2026x", "HORIZONTAL ELLIPSIS (U+2026) as character 3"),
        ("sk\u200bx", "ZERO WIDTH SPACE (U+200B)"),
        ("skéx", "U+00E9"),
        ("sk\udcffx", "a byte that is not UTF-8"),
    ],
)
def test_a_key_that_no_header_can_hold_is_named_and_never_shown(value: str, said: str) -> None:
    (problem,) = header_problems("KEY", value, "copy the key again")

    assert said in problem
    assert problem.startswith("KEY ")
    assert "sk" not in problem.replace("ask", "")


def test_a_key_of_printable_characters_has_no_problem() -> None:
    assert list(header_problems("KEY", "sk-ant_0/9+=~", "")) == []
    assert list(header_problems("KEY", None, "")) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("X-A: 1\nX-B 2", "HEADERS, line 2, is not a header; write `Name: value`"),
        ("X A: 1", "HEADERS, line 1, is not a header"),
        ("X-A: naïve", "HEADERS, line 1, contains LATIN SMALL LETTER I WITH DIAERESIS"),
    ],
)
def test_lines_other_than_headers_are_reported_with_their_number(value: str, said: str) -> None:
    (problem,) = header_lines_problems("HEADERS", value)

    assert said in problem


def test_header_lines_may_have_any_line_ending() -> None:
    assert list(header_lines_problems("HEADERS", "X-A: 1\r\n\nX_B:\n")) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("127.0.0.1:9", "is 127.0.0.1:9, which does not begin with http:// or https://; write it with one"),
        ("localhost:11434/v1", "such as http://localhost:11434/v1"),
        ("api.example.com/v1", "such as https://api.example.com/v1"),
        ("ftp://host", "begins with ftp://"),
        ("http://127.0.0.1:x", "whose port x is not a number up to 65535; correct it"),
        ("http://[::1]:x/v1", "whose port x is not a number"),
        ("http://127.0.0.1:99999", "whose port 99999 is not a number up to 65535"),
        ("http://:80", "which has no host"),
        ("http://", "which has no host"),
        ("http://[::1", "write an IPv6 host in brackets"),
        ("http://a b", "contains SPACE (U+0020), which is not allowed in an address"),
        ("http://a\nb", "a line break (U+000A)"),
        ("http://a{b}", "whose host contains an invalid character"),
        ('"http://a"', "quotation marks"),
    ],
)
def test_an_invalid_address_is_named_with_its_mistake(value: str, said: str) -> None:
    (problem,) = address_problems("BASE_URL", value)

    assert said in problem
    assert problem.startswith("BASE_URL ")


@pytest.mark.parametrize(
    "value", ["http://localhost:11434/v1", "https://api.example.com", "HTTP://[::1]:8080/", "https://bücher.example/v1"]
)
def test_an_address_has_no_problem(value: str) -> None:
    assert list(address_problems("BASE_URL", value)) == []


def test_no_message_shows_a_password() -> None:
    (problem,) = address_problems("BASE_URL", "http://user:pass-word@host:x/v1?token=secret")

    assert "pass-word" not in problem
    assert "secret" not in problem
    assert host_of("http://user:pass-word@host:80/v1") == "host:80"
