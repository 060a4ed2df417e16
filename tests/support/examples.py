"""How many examples a law is given, as a share of what the profile says (tests/conftest.py)."""

from __future__ import annotations

from hypothesis import settings


def examples(share: float) -> settings:
    """For a law whose examples are cheaper or dearer than those of others: so many times the usual number."""
    return settings(max_examples=max(1, round(settings().max_examples * share)))
