"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no counterexample.
settings.register_profile("oe", deadline=None)
settings.load_profile("oe")
