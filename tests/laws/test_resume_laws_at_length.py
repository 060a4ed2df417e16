"""The laws of resuming, for many more experiences, failures and edits."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.laws.machine import Resuming

pytestmark = pytest.mark.long


class AtLength(Resuming):
    """A class of its own, since settings belong to one."""


test_every_resume_keeps_the_laws = AtLength.TestCase
test_every_resume_keeps_the_laws.settings = settings(max_examples=500, stateful_step_count=12, deadline=None)
