"""Where `oe` starts, and the one place where errors become a message and an exit code. What can be answered without a
command line is: engine.cli.known_runs says what that is, and why.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from engine.standard_streams import open_closed_streams
from engine.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_COMPLETING = "_OE_COMPLETE"
"""What a shell sets that asks for completions (oe completion)."""


def main() -> NoReturn:
    """Run `oe` and exit with the code of docs/design.md, The oe command."""
    open_closed_streams()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what its encoding has not is no error, as on stderr
    try:
        code = _answer(sys.argv[1:])
    except BrokenPipeError:
        code = 1
    except Exception as error:
        if os.environ.get("OE_DEBUG"):
            raise
        sys.stderr.write(visible(f"oe: {_unforeseen(error)}.\n"))
        code = 1
    _forget_closed_pipes()
    sys.exit(code)


def _answer(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["runs"] and _COMPLETING not in os.environ:
        from engine.cli.known_runs import known_answer

        known = known_answer(arguments[1:])
        if known is not None and (known.isascii() or sys.stdout.encoding == "utf-8"):
            sys.stdout.write(known)
            sys.stdout.flush()
            os._exit(0)  # nothing is open: taking the interpreter apart would take a tenth of all the time
    gc.disable()  # what is loaded stays, and looking for garbage in it takes a fifth; see engine.collector
    from engine.cli.main import call

    return call()


def _unforeseen(error: Exception) -> str:
    """What the system refused, in its own words; anything else is ours to mend."""
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return "the current directory was deleted; change to another one"
    if not isinstance(error, OSError) or not error.strerror:
        return f"unexpected error: {error!r}. Set OE_DEBUG=1 to see where"
    return f"{error.filename}: {error.strerror}" if error.filename else f"output cannot be written: {error.strerror}"


def _is_nowhere() -> bool:
    try:
        os.getcwd()
    except OSError:
        return True
    return False


def _forget_closed_pipes() -> None:
    """Flush now, where a reader that went away can be told from an error, and not while the interpreter shuts down."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
