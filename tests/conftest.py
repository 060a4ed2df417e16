"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no counterexample. Few examples in each of many runs; the laws at length say how many they want.
settings.register_profile("oe", deadline=None, max_examples=40)
settings.load_profile("oe")
