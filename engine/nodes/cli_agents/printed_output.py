"""What a coding agent's program prints while it runs: kept, reported, and bounded."""

from __future__ import annotations

import asyncio

from engine.log.writing.attempt_outputs import OutputFile
from engine.nodes.cli_agents.json_messages import without_escapes
from engine.nodes.cli_agents.last_line import LastLine

LONGEST_ANSWER = 16 * 1024 * 1024
"""How much a program may print on stdout, in bytes, before it is stopped."""

_TAIL_BYTES = 4096


class Printed:
    """What the program printed: its answer, up to the limit, and the end of what it said besides."""

    def __init__(self, kept: OutputFile, last_line: LastLine, *, lines_of_answer: bool) -> None:
        self.kept = kept
        self.too_long: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_line = last_line
        self._lines_of_answer = lines_of_answer
        self._answer = bytearray()
        self._errors = b""

    def take_answer(self, data: bytes) -> None:
        """Take what comes on stdout."""
        self.kept.write(data)
        if self._lines_of_answer:  # the lines of a JSON text tell nobody what goes on
            self._last_line.write(data)
        self._answer += data[: LONGEST_ANSWER + 1 - len(self._answer)]
        if len(self._answer) > LONGEST_ANSWER and not self.too_long.done():
            self.too_long.set_result(None)

    def take_errors(self, data: bytes) -> None:
        """Take what comes on stderr."""
        self.kept.write(data)
        self._last_line.write(data)
        self._errors = (self._errors + data)[-_TAIL_BYTES:]

    def close(self) -> None:
        """Report nothing more."""
        self._last_line.close()

    @property
    def answer(self) -> str:
        """All of stdout."""
        return self._answer.decode(errors="replace")

    @property
    def errors(self) -> str:
        """The end of stderr."""
        return self._errors.decode(errors="replace")

    @property
    def last_error(self) -> str:
        """The last line of stderr that says something."""
        lines = without_escapes(self.errors).splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
