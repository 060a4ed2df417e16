"""Text to stdout that survives a reader who went away: a run goes on when its terminal or its editor is closed."""

from __future__ import annotations

import io
import sys
from typing import TextIO


class Stdout:
    """Writes whole lines, at once; says nothing more after the first failure."""

    def __init__(self) -> None:
        self._open = True

    def line(self, text: str) -> None:
        """Write `text` and a line break."""
        if not self._open:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError:
            self._open = False


class TerminalStream(io.TextIOBase):
    """A terminal as rich writes to it. What cannot be written any more, because the window is gone, is dropped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute here
        """The encoding of the terminal."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The terminal's descriptor, of which its size is asked."""
        return self._stream.fileno()

    def write(self, text: str, /) -> int:
        """Write `text`, or nothing."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush, if anybody is there."""
        try:
            self._stream.flush()
        except OSError:
            return
