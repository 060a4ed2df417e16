"""Texts at an offset, whole and broken, for the laws that hold wherever the cursor stands."""

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


def beside_what_was_put_in(corpus: Sequence[str]) -> st.SearchStrategy[At]:
    """An offset near a character that was put into a text."""

    def put_in(at: At, character: str, beside: int) -> At:
        text, cut = at
        broken = text[:cut] + character + text[cut:]
        return broken, min(max(cut + beside, 0), len(broken))

    return st.builds(put_in, somewhere(corpus), st.sampled_from(_ODD), st.integers(-2, 3))


def where_something_was_cut_out(corpus: Sequence[str]) -> st.SearchStrategy[At]:
    """The offset at which a part of a text is missing."""

    def cut_out(at: At, until: float) -> At:
        text, one = at
        start, end = sorted((one, int(until * len(text))))
        return text[:start] + text[end:], start

    return st.builds(cut_out, somewhere(corpus), _PLACES)
