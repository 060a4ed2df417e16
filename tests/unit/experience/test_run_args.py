"""The args of a run against what the experience declares."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experience.args import check_args, secret_args
from engine.experience.model import Experience
from engine.expressions import Json

DECLARED: dict[str, Any] = {
    "type": "object",
    "required": ["branch"],
    "additionalProperties": False,
    "properties": {
        "branch": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1, "default": 10},
        "token": {"type": "string", "writeOnly": True},
        "options": {"type": "object", "properties": {"deep": {"type": "boolean", "default": True}}},
    },
}


def experience(args_schema: dict[str, Any] | None) -> Experience:
    return Experience("x", "1.0.0", (), (), (), args_schema=args_schema)


def test_an_experience_that_declares_no_args_takes_any() -> None:
    checked = check_args(experience(None), {"anything": [1]})

    assert (checked.args, checked.problems) == ({"anything": [1]}, ())


def test_defaults_fill_in_what_is_not_given_at_any_depth() -> None:
    checked = check_args(experience(DECLARED), {"branch": "main", "options": {}})

    assert checked.args == {"branch": "main", "limit": 10, "options": {"deep": True}}
    assert checked.problems == ()


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({}, "the arg `branch` is missing"),
        ({"branch": 3}, "the arg `branch` must be text, not the number 3"),
        ({"branch": "main", "limit": 0}, "the arg `limit` must be an integer ≥ 1, not the number 0"),
        (
            {"branch": "main", "options": {"deep": "no"}},
            "the arg `options.deep` must be a boolean, not the text 'no'",
        ),
        ({"branch": "main", "limti": 3}, "there is no arg `limti`; did you mean `limit`?"),
        ({"branch": "main", "token": 1234}, "the arg `token` must be text"),
    ],
)
def test_what_does_not_fit_is_one_problem_in_plain_words(args: dict[str, Json], problem: str) -> None:
    assert check_args(experience(DECLARED), args).problems == (problem,)


def test_a_declaration_that_is_no_json_schema_counts_as_none() -> None:
    broken = {"properties": {"branch": {"pattern": "("}}}

    assert check_args(experience(broken), {"branch": "main"}).problems == ()


def test_an_arg_whose_pattern_cannot_be_matched_is_refused_in_words_and_only_when_it_is_given() -> None:
    declared = experience({"properties": {"branch": {"pattern": "^(?!tmp-)"}}})

    assert check_args(declared, {}).problems == ()
    assert check_args(declared, {"branch": "main"}).problems == (
        "the args cannot be checked: the pattern `^(?!tmp-)` cannot be matched in linear time: "
        "`(?!` looks ahead or behind; rewrite it without that",
    )


def test_secrets_are_the_args_that_are_marked_write_only() -> None:
    assert secret_args(experience(DECLARED)) == {"token"}
    assert secret_args(experience(None)) == frozenset()
