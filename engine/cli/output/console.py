"""The terminal as rich draws on it: with its own colours and cursor movements, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from engine.visible import visible


class VisibleConsole(Console):
    """A console in whose texts, wherever they come from, no control character is left."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See Console: all that is printed passes through here. Its own controls are segments that say so."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
