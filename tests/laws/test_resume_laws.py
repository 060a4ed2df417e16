"""The laws of resuming, for as many experiences, failures and edits as a few seconds allow."""

from __future__ import annotations

from hypothesis import settings

from tests.laws.machine import Resuming

test_every_resume_keeps_the_laws = Resuming.TestCase
test_every_resume_keeps_the_laws.settings = settings(max_examples=12, stateful_step_count=8)
