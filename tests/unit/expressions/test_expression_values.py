"""What expressions evaluate to, and when they warn."""

from __future__ import annotations

import pytest

from engine.expressions import Evaluated, Json, Lookup, Missing, Path, evaluate, parse_expression


def evaluated(text: str, lookup: Lookup) -> Evaluated:
    parsed = parse_expression(text)
    assert parsed.tree is not None, parsed.errors
    return evaluate(parsed.tree, lookup)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.count > 2 && $.flag", True),
        ("length($.items) == 3", True),
        ("$.items.length > 2", True),
        ("$.items.0 == 1", True),
        ("length($.missing) == 0", True),
        ('length("abc") == 3', True),
        ('$.missing == "x"', False),
        ('$.missing != "x"', True),
        ("$.missing == $.other", False),
        ("$.missing != $.other", False),
        ("$.nul == $.nul", True),
        ("$.empty", True),
        ("$.s", False),
        ("$.obj.a.b == 2", True),
        ("($.count > 1) == true", True),
        ("1.2.3 == 1.2", True),
        ("!$.flag", False),  # an error in the public engine
        ("$.nul == null", True),  # an error in the public engine
        ("$.items[0] > 0", True),  # an error in the public engine
    ],
)
def test_vector(text: str, value: bool, lookup: Lookup) -> None:
    assert evaluated(text, lookup) == Evaluated(value, ())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", False),
        ("0", False),
        ("-0", False),
        ("0.0", False),
        ("-1", True),
        ("''", False),
        ("'0'", True),
        ("$.missing", False),
        ("$.obj", True),
        ("!$.missing", True),
        ("!!$.name", True),
        ("!$.flag || $.flag", True),
        ("false && false || true", True),
        ("true || false && false", True),
        ("(true || false) && false", False),
        ("$.count >= 3 && $.count <= 3", True),
        ("$.count < 3 || $.count > 3", False),
        ("$.ratio == 0.5", True),
        ("$.count == 3.0", True),
        ("'a' < 'b'", True),
        ("'10' < '9'", True),
        ("'\U0001f600' < '\uffee'", True),
        ("$.flag == true", True),
        ("$.flag != false", True),
        ("$.name != null", True),
        ("$.missing > 1", False),
        ("$.missing < $.other", False),
        ("$item.k == 1", True),
        ("$index == 4", True),
        ("$args.x == 'from args'", True),
        ("$edges.first[0] == 10", True),
        ("2 in $.items", True),
        ("'2' in $.items", False),
        ("true in $.items", False),
        ("'lic' in $.name", True),
        ("'a' in $.obj", True),
        ("'b' in $.obj", False),
        ("'x' in $.missing", False),
        ("$.missing in $.items", False),
        ("!(2 in $.items)", False),
        ("contains($.items, 2)", True),
        ('contains($.name, "bob")', False),
        ("startsWith($.name, 'al')", True),
        ("startsWith($.missing, 'al')", False),
        ("endsWith($.name, 'ce')", True),
        ("endsWith($.name, 'al')", False),
        ("defined($.nul)", True),
        ("defined($.missing)", False),
        ("defined($.obj.a.b) && $.obj.a.b == 2", True),
        ("length('\U0001f600') == 2", True),
        ("length($.empty) == 0", True),
        ("length($.nul) == 0", True),
        ("$.count > 2\n  && $.flag", True),
    ],
)
def test_an_expression_has_the_value_that_the_format_gives_it(text: str, value: bool, lookup: Lookup) -> None:
    assert evaluated(text, lookup) == Evaluated(value, ())


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("$.nul > -1", False, "$.nul > -1: null and a number have no order"),  # true in the public engine
        ("$.name > 1", False, "$.name > 1: text and a number have no order"),
        ("$.flag >= 1", False, "$.flag >= 1: a boolean and a number have no order"),
        ("true < true", False, "true < true: a boolean and a boolean have no order"),
        ("$.flag == 1", False, "$.flag == 1: a boolean and a number are never equal"),
        ("$.count == '3'", False, '$.count == "3": a number and text are never equal'),
        ("$.count != '3'", True, '$.count != "3": a number and text are never equal'),
        ("!$.flag == 1", False, "!$.flag == 1: a boolean and a number are never equal"),
        ("$.items == $.items", False, "$.items == $.items: a list equals nothing"),
        ("$.obj != $.obj", True, "$.obj != $.obj: an object equals nothing"),
        ("$.missing == null", False, "$.missing == null: a missing value is not null; test it with defined(…)"),
        ("$.missing != null", True, "$.missing != null: a missing value is not null; test it with defined(…)"),
        ("$.missing != $.nul", True, "$.missing != $.nul: a missing value is not null; test it with defined(…)"),
        ("1 in 2", False, "1 in 2: a number cannot be in a number"),
        ("1 in $.name", False, "1 in $.name: a number cannot be in text"),
        ("$.obj in $.items", False, "$.obj in $.items: an object cannot be in a list"),
        ("startsWith($.count, '3')", False, 'startsWith($.count, "3"): a number is not text'),
        ("endsWith($.name, 3)", False, "endsWith($.name, 3): a number is not text"),
        ("length($.count) == 0", True, "length($.count): a number has no length"),
    ],
)
def test_a_comparison_that_makes_no_sense_gives_a_warning(text: str, value: bool, message: str, lookup: Lookup) -> None:
    result = evaluated(text, lookup)

    assert result.value is value
    assert [warning.message for warning in result.warnings] == [message]


def test_a_warning_stands_at_the_part_that_it_is_about(lookup: Lookup) -> None:
    text = "$.flag && ( $.name > 1 )"

    (warning,) = evaluated(text, lookup).warnings

    assert text[warning.span.start : warning.span.end] == "$.name > 1"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("$.flag || $.count", ["$.flag"]),
        ("$.s || $.count || $.name", ["$.s", "$.count"]),
        ("$.s && $.count", ["$.s"]),
        ("$.flag && $.s && $.count", ["$.flag", "$.s"]),
        ("$.missing == $.other", ["$.missing", "$.other"]),
        ("contains($.items, $.count)", ["$.items", "$.count"]),
        ("$.count in $.items", ["$.count", "$.items"]),
    ],
)
def test_only_what_is_needed_is_asked_for_from_left_to_right(text: str, asked: list[str], lookup: Lookup) -> None:
    seen: list[str] = []

    def watched(path: Path) -> Json | Missing:
        seen.append(str(path))
        return lookup(path)

    evaluated(text, watched)

    assert seen == asked


def test_what_the_lookup_raises_passes_through_unless_it_is_not_asked(lookup: Lookup) -> None:
    def not_known(path: Path) -> Json | Missing:
        if str(path) == "$.later":
            raise LookupError("not known yet")
        return lookup(path)

    assert evaluated("$.flag || $.later", not_known).value is True
    with pytest.raises(LookupError, match="not known yet"):
        evaluated("$.s || $.later", not_known)
