"""A command on a terminal of its own, as a person sees it: a pseudo-terminal with a size, whose Ctrl-C is a key."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.support.commands import OE
from tests.support.forks import Forked, can_fork, fork

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")


def _take_terminal() -> None:
    """Make stdin the terminal on which Ctrl-C interrupts this process, also if the tests themselves ignore it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """`oe ARGS` in `folder`, on a terminal of 120 columns (or as many as are given) and 30 lines."""

    def __init__(
        self,
        folder: Path,
        *args: str,
        term: str = "xterm-256color",
        columns: int = 120,
        program: Sequence[str] = OE,
    ) -> None:
        self.screen = ""
        self._keyboard, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        environment = {
            name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")
        }
        command = [*program, *args]
        environment["TERM"] = term
        if can_fork(command, environment):
            self._process: Forked | subprocess.Popen[bytes] = fork(
                command, folder, environment, (other, other, other), session=True
            )
        else:
            self._process = self._start(command, folder, environment, other)
        os.close(other)

    @property
    def text(self) -> str:
        """All that was written so far, without colours and cursor movements."""
        return _ESCAPES.sub("", self.screen)

    def read_until(self, words: str) -> None:
        """Read until `words` were written; fails where the command ends first."""
        while words not in self.text:
            assert self._read(), f"ended without {words!r}:\n{self.text}"

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._keyboard, keys.encode())

    def close_window(self) -> None:
        """Take the terminal away from the command."""
        os.close(self._keyboard)
        self._keyboard = -1

    def wait(self) -> int:
        """Read to the end; the exit code."""
        while self._keyboard >= 0 and self._read():
            pass
        return self._process.wait(timeout=30)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._keyboard >= 0:
            os.close(self._keyboard)

    @staticmethod
    def _start(
        command: Sequence[str], folder: Path, environment: Mapping[str, str], other: int
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - no other thread forks here
        )

    def _read(self) -> bool:
        try:
            data = os.read(self._keyboard, 65_536)
        except OSError:  # Linux says so when the last process has closed its side
            return False
        self.screen += data.decode("utf-8", "replace")
        return bool(data)
