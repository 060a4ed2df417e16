"""Code that changes while a run goes on, at random moments of random runs with real workers."""

from __future__ import annotations

from hypothesis import given, settings

from tests.laws.code_laws import tell
from tests.laws.code_worlds import Story, stories


@settings(max_examples=10)
@given(stories())
def test_what_ran_is_what_the_log_says_and_only_todays_code_is_restored(story: Story) -> None:
    assert tell(story) == []
