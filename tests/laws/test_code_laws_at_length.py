"""Code that changes while a run goes on, in many more runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.laws.code_laws import tell
from tests.laws.code_worlds import Story, stories

pytestmark = pytest.mark.long


@settings(max_examples=500, deadline=None)
@given(stories())
def test_what_ran_is_what_the_log_says_and_only_todays_code_is_restored(story: Story) -> None:
    assert tell(story) == []
