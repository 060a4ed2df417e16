"""Strategies for texts with an offset, valid and broken."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

At = tuple[str, int]
"""A text, and an offset in it."""

_ODD = list("\t\"'[]{}:#-|>&*!,$.\n\r \ud800é😀")
_PLACES = st.floats(0, 1)


def somewhere(corpus: Sequence[str]) -> st.SearchStrategy[At]:
    """Any offset of any text."""
    return st.builds(lambda text, at: (text, int(at * len(text))), st.sampled_from(corpus), _PLACES)


def beside_an_insertion(corpus: Sequence[str]) -> st.SearchStrategy[At]:
    """An offset near a character inserted into a text."""

    def insert(at: At, character: str, distance: int) -> At:
        text, cut = at
        broken = text[:cut] + character + text[cut:]
        return broken, min(max(cut + distance, 0), len(broken))

    return st.builds(insert, somewhere(corpus), st.sampled_from(_ODD), st.integers(-2, 3))


def at_a_deletion(corpus: Sequence[str]) -> st.SearchStrategy[At]:
    """The offset at which a part of a text was deleted."""

    def delete(at: At, until: float) -> At:
        text, one = at
        start, end = sorted((one, int(until * len(text))))
        return text[:start] + text[end:], start

    return st.builds(delete, somewhere(corpus), _PLACES)
