"""Reserves stdin and stdout for a protocol, so that nothing else is printed there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO


def claim_stdio() -> tuple[BinaryIO, BinaryIO]:
    """The streams that the client reads and writes.

    From then on, whatever else prints, here or in a child process, writes to stderr, and stdin is empty.
    """
    reader, writer = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    with Path(os.devnull).open("rb") as empty:
        os.dup2(empty.fileno(), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")
