"""What tests ask about processes that are not theirs."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

MARK = "OE_TEST_FAMILY"
"""An environment variable that all processes of one engine share, and nobody else has."""

_GONE_SECONDS = 10.0


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_for_none(mark: str) -> None:
    """Wait until no process has this mark; a killed engine's are gone in milliseconds."""
    while left := list(marked(mark)):  # while one ends, it may begin another
        for pid in left:
            assert _has_ended(pid), f"{left} outlived the engine"


def _has_ended(pid: int) -> bool:
    """Wait for the end of any process, for so long at the most."""
    with contextlib.suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            return bool(select.select([process], [], [], _GONE_SECONDS)[0])
        finally:
            os.close(process)
    return True


def marked(mark: str) -> Iterator[int]:
    """The ids of the processes with this mark."""
    wanted = f"{MARK}={mark}".encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environment = (process / "environ").read_bytes()
            except OSError:  # it ended meanwhile, or is not ours
                continue
            if wanted in environment.split(b"\0"):
                yield int(process.name)
