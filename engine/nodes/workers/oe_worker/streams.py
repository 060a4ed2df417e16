"""The standard streams, restored after a tool has changed them."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

NAMES = ("stdin", "stdout", "stderr")


class Streams:
    """The three standard descriptors and the stream objects on them."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
        self._streams: list[TextIO] = [sys.stdin, sys.stdout, sys.stderr]
        self._copies = [os.dup(descriptor) for descriptor in range(3)]
        self._identities = [_identity(descriptor) for descriptor in range(3)]
        self._settings = [_settings(stream) for stream in self._streams]

    def restore(self) -> bool:
        """Restores all three; returns whether any differed."""
        changed = False
        for descriptor, copy in enumerate(self._copies):
            if _identity(descriptor) != self._identities[descriptor]:
                os.dup2(copy, descriptor)
                changed = True
            if _settings(self._streams[descriptor]) != self._settings[descriptor]:
                self._streams[descriptor] = _open(descriptor)
                self._settings[descriptor] = _settings(self._streams[descriptor])
                changed = True
            name, stream = NAMES[descriptor], self._streams[descriptor]
            if getattr(sys, name, None) is not stream or getattr(sys, f"__{name}__", None) is not stream:
                setattr(sys, name, stream)
                setattr(sys, f"__{name}__", stream)
                changed = True
        return changed

    def flush(self) -> None:
        """Flushes what was printed. A tool may have closed or replaced the streams."""
        for stream in (sys.stdout, sys.stderr, *self._streams[1:]):
            try:  # noqa: SIM105 — every import makes every start slower
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass


def _open(descriptor: int) -> TextIO:
    errors = "strict" if descriptor == 0 else "backslashreplace"
    raw = io.FileIO(descriptor, "r" if descriptor == 0 else "w", closefd=False)
    raw.name = f"<{NAMES[descriptor]}>"
    buffer: Any = io.BufferedReader(raw) if descriptor == 0 else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=descriptor > 0)
    stream.mode = "r" if descriptor == 0 else "w"  # type: ignore[misc]
    return stream


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _settings(stream: Any) -> tuple[Any, ...] | None:
    """The settings of a stream; None if it was closed or detached."""
    try:
        buffer = stream.buffer
        is_closed = stream.closed or buffer.closed or getattr(buffer, "raw", buffer).closed  # PYTHONUNBUFFERED: no raw
        opened_with = stream.encoding, stream.errors, stream.line_buffering, stream.write_through
    except (AttributeError, ValueError):
        return None
    return None if is_closed else opened_with
