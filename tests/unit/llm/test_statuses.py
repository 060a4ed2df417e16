"""How long the headers of an answer ask to wait."""

from __future__ import annotations

import pytest

from engine.llm.answers.statuses import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=60.0) == seconds


def test_retry_after_ms_wins_over_retry_after() -> None:
    assert retry_after({"retry-after": "2", "retry-after-ms": "1250"}) == 1.25


def test_without_retry_after_no_wait_is_required() -> None:
    assert retry_after({}) is None
