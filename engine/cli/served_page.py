"""`oe inspect --serve`: serves the page of a run until nobody looks at it."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

from engine.cli.options import OeError
from engine.cli.output.printing import print_text
from engine.collector import collect_from_now_on
from engine.page_server.audience import PATIENCE
from engine.page_server.editor import read_editor
from engine.page_server.serve import Ending, PortTakenError, Served, serve

_GOODBYES = {
    Ending.NOBODY_CAME: f"nobody opened the page for {PATIENCE.before_the_first / 60:g} minutes: ended.",
    Ending.ALL_LEFT: f"nobody has looked at the page for {PATIENCE.after_the_last:g} s: ended.",
}


def serve_page(folder: Path, chosen: str | None, port: int, *, opens: bool | None) -> int:
    """Serve the runs in `folder`, from the one that was `chosen`, else the newest; print the address, and open it.

    `opens`: None where stdout is a terminal and there is a desktop. Returns the exit code. Raises OeError.
    """
    wanted = _has_desktop() if opens is None else opens
    ending = _serve(Served(folder, chosen, port=port), _open if wanted else print_text)
    if ending in _GOODBYES:
        print_text(f"oe: {_GOODBYES[ending]}", err=True)
    return 130 if ending is Ending.INTERRUPTED else 0


def serve_editor(folder: Path, chosen: str | None, port: int) -> int:
    """Serve likewise, for an editor that tells on stdin what it shows, until that ends. Raises OeError."""
    served = Served(folder, chosen, port=port, may_act=False)
    _serve(served, print_text, from_editor=True)
    return 0


def _serve(served: Served, on_address: Callable[[str], None], *, from_editor: bool = False) -> Ending:
    def begin(url: str) -> None:
        on_address(url)
        sys.stdout.flush()
        collect_from_now_on()

    try:
        return asyncio.run(serve(served, begin, read_editor if from_editor else None))
    except PortTakenError as error:
        raise OeError(str(error)) from error
    except KeyboardInterrupt:  # before the server listened for it
        return Ending.INTERRUPTED


def _open(url: str) -> None:
    print_text(url)
    webbrowser.open(url)


def _has_desktop() -> bool:
    """Whether somebody is there whose browser does not take the place of the terminal."""
    is_graphical = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    )
    return sys.stdout.isatty() and is_graphical
