"""Lines to stdout that survive a reader who went away: a run goes on when its terminal or its editor is closed."""

from __future__ import annotations

import sys


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
