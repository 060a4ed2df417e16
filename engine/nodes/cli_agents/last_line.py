"""Reports the last line that a program printed, a few times a second at most."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

PAUSE_SECONDS = 0.3
"""Seconds between two reports."""

LONGEST = 200
"""How much of a line is reported, in characters."""

_LONGEST_BYTES = 4 * LONGEST
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x1f\x7f-\x9f]")
_LINE_ENDS = re.compile(rb"[\r\n]+")


class LastLine:
    """Takes what a program prints; passes its lines to `report`, without terminal escape codes."""

    def __init__(self, report: Callable[[str], object]) -> None:
        self._report = report
        self._begun = b""
        self._news = ""
        self._pause: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """See `Sink`. Reports the last complete line of `data` that is not blank."""
        *lines, begun = _LINE_ENDS.split(self._begun + data)
        self._begun = begun[:_LONGEST_BYTES]
        news = next(filter(None, (_shown(line) for line in reversed(lines[-10:]))), "")
        if news:
            self._news = news
            if self._pause is None:
                self._report_line()

    def close(self) -> None:
        """Stops reporting."""
        if self._pause is not None:
            self._pause.cancel()

    def _report_line(self) -> None:
        self._pause = None
        if self._news:
            news, self._news = self._news, ""
            self._pause = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._report_line)
            self._report(news)


def _shown(line: bytes) -> str:
    text = _CONTROL.sub("", line[:_LONGEST_BYTES].decode(errors="replace")).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
