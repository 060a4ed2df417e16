"""The command that takes a run up again, as a person types it where they are now."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def resume_command(run_id: str, folder: Path) -> str:
    """`oe resume …` for a run of the experience in `folder`."""
    folder = folder.absolute()
    try:
        near = os.path.relpath(folder)
    except OSError:  # the current directory was deleted
        near = os.pardir
    if near == os.curdir:
        return f"oe resume {run_id}"
    return f"oe resume {run_id} --experience {shell_word(str(folder) if near.startswith('..') else near)}"


def shell_word(text: str) -> str:
    """A text as one word of a command line that can be copied, whatever bytes it is made of."""
    if text.isprintable():  # which half a surrogate pair is not
        return shlex.quote(text)
    shown = (
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in "'\\" else f"\\x{byte:02x}" for byte in os.fsencode(text)
    )
    return f"$'{''.join(shown)}'"
