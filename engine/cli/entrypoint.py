"""The entry point of `oe`: turns every error into a message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from engine.standard_streams import open_closed_streams
from engine.visible import visible


def main() -> NoReturn:
    """Run `oe` and exit with the code of docs/design.md, The oe command."""
    open_closed_streams()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as on stderr
    gc.disable()  # what is loaded stays, and collecting it takes a fifth of the time; see engine.collector
    try:
        from engine.cli.main import call

        code = call()
    except BrokenPipeError:
        code = 1
    except Exception as error:
        if os.environ.get("OE_DEBUG"):
            raise
        sys.stderr.write(visible(f"oe: {_error_text(error)}.\n"))
        code = 1
    _flush()
    sys.exit(code)


def _error_text(error: Exception) -> str:
    """The system's own message; anything else is a bug of ours."""
    if isinstance(error, FileNotFoundError) and _is_directory_deleted():
        return "the current directory was deleted; change to another one"
    if not isinstance(error, OSError) or not error.strerror:
        return f"unexpected error: {error!r}. Set OE_DEBUG=1 to see where"
    return f"{error.filename}: {error.strerror}" if error.filename else f"output cannot be written: {error.strerror}"


def _is_directory_deleted() -> bool:
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _flush() -> None:
    """Flush now: at interpreter exit, a closed pipe would be reported as an error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
