"""Command lines for the user to copy."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def resume_command(run_id: str, folder: Path) -> str:
    """`oe resume …` for a run of the experience in `folder`, from the current directory."""
    return _about_run("resume", run_id, folder)


def inspect_command(run_id: str, folder: Path) -> str:
    """`oe inspect …` for a run of the experience in `folder`, from the current directory."""
    return _about_run("inspect", run_id, folder)


def _about_run(command: str, run_id: str, folder: Path) -> str:
    folder = folder.absolute()
    try:
        near = os.path.relpath(folder)
    except OSError:  # the current directory was deleted
        near = os.pardir
    if near == os.curdir:
        return f"oe {command} {run_id}"
    return f"oe {command} {run_id} --experience {shell_word(str(folder) if near.startswith('..') else near)}"


def shell_word(text: str) -> str:
    """A text quoted as one word of a shell command, whatever bytes it consists of."""
    if text.isprintable():  # lone surrogates are not
        return shlex.quote(text)
    shown = (
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in "'\\" else f"\\x{byte:02x}" for byte in os.fsencode(text)
    )
    return f"$'{''.join(shown)}'"
