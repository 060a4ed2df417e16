"""The three standard streams of a program that was started without some of them. Imports next to nothing."""

from __future__ import annotations

import os
import sys

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def open_closed_streams() -> None:
    """Put /dev/null in the place of each that is closed, for this process and those that it starts.

    To be called before any file is opened: a log or a socket that got the number 1 would receive what is printed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or open(_STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(_STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(_STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
