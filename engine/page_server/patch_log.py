"""What has changed on a page since it was sent, for readers who come, go and come back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from engine.report.page.live_page import Patch

_POSITION = re.compile(r"([0-9]{1,9})-([0-9]{1,12})")


class PatchLog:
    """Keeps the last HTML of every element that changed, so that a reader misses nothing, however long it was away.

    A position, such as `1-42`, is what a reader has seen: the edition of the page, and the number of the change.
    """

    def __init__(self) -> None:
        self._edition = 1
        self._seq = 0
        self._elements: dict[str, tuple[int, str]] = {}
        self._changed = asyncio.Event()

    @property
    def position(self) -> str:
        """That of a reader who has seen everything."""
        return f"{self._edition}-{self._seq}"

    def put(self, elements: Mapping[str, str]) -> None:
        """Add changes, HTML by the ids of the elements that it replaces, and wake the readers."""
        self._seq += bool(elements)
        for id_, html in elements.items():
            self._elements.pop(id_, None)  # what changed last comes last: it may contain what changed before
            self._elements[id_] = (self._seq, html)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def start_over(self) -> None:
        """Begin another edition: what readers have seen so far is not this page."""
        self._edition += 1
        self._elements = {}

    def since(self, position: str) -> Patch | None:
        """What a reader at `position` has not seen; None if there is nothing, or it has seen another edition."""
        edition, seq = _read(position)
        if edition != self._edition:
            return None
        elements = {id_: html for id_, (number, html) in list(self._elements.items()) if number > seq}
        return Patch(self._seq, elements) if elements else None

    def has_seen_another(self, position: str) -> bool:
        """Whether a reader has seen another edition, and needs the whole page."""
        return _read(position)[0] != self._edition

    def next_change(self) -> asyncio.Event:
        """Is set when something changes after this call."""
        return self._changed


def _read(position: str) -> tuple[int, int]:
    found = _POSITION.fullmatch(position)
    return (int(found[1]), int(found[2])) if found else (0, 0)
