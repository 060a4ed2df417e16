"""The terminal as rich draws on it: only rich's own colours and cursor movements reach it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from engine.visible import visible


class VisibleConsole(Console):
    """A console that shows control characters in texts instead of obeying them."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See Console: everything that is printed passes through here. Rich marks its own control segments."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


class TerminalStream(io.TextIOBase):
    """A terminal for rich to write to. Output is dropped once the window is closed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute here
        """The encoding of the terminal."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The terminal's descriptor, which tells its size."""
        return self._stream.fileno()

    def write(self, text: str, /) -> int:
        """Write `text`, or drop it."""
        try:
            return self._stream.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """Flush, unless the window is closed."""
        try:
            self._stream.flush()
        except OSError:
            return
