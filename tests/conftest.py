"""What holds for every test."""

from __future__ import annotations

from hypothesis import Phase, settings

# The same examples each time, so that what turns red was made so by the change; few of them, the laws at length say
# how many they want. A busy machine is no counterexample. Explaining one traces each line of it (before Python 3.12),
# which takes longer than a test may.
settings.register_profile(
    "oe",
    deadline=None,
    max_examples=40,
    derandomize=True,
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
settings.register_profile("search", settings.get_profile("oe"), derandomize=False, max_examples=400)
settings.load_profile("oe")
