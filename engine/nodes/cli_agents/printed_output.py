"""The output of a coding agent's program while it runs: kept, reported, and limited."""

from __future__ import annotations

import asyncio

from engine.log.writing.attempt_outputs import OutputFile
from engine.nodes.cli_agents.json_messages import without_escapes
from engine.nodes.cli_agents.last_line import LastLine

LONGEST_ANSWER = 16 * 1024 * 1024
"""Bytes that a program may print on stdout before it is stopped."""

_TAIL_BYTES = 4096


class Printed:
    """The program's stdout, up to the limit, and the end of its stderr."""

    def __init__(self, kept: OutputFile, last_line: LastLine, *, lines_of_answer: bool) -> None:
        self.kept = kept
        self.too_long: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_line = last_line
        self._lines_of_answer = lines_of_answer
        self._answer = bytearray()
        self._errors = b""

    def take_answer(self, data: bytes) -> None:
        """Takes a piece of stdout."""
        self.kept.write(data)
        if self._lines_of_answer:  # lines of JSON are no progress report
            self._last_line.write(data)
        self._answer += data[: LONGEST_ANSWER + 1 - len(self._answer)]
        if len(self._answer) > LONGEST_ANSWER and not self.too_long.done():
            self.too_long.set_result(None)

    def take_errors(self, data: bytes) -> None:
        """Takes a piece of stderr."""
        self.kept.write(data)
        self._last_line.write(data)
        self._errors = (self._errors + data)[-_TAIL_BYTES:]

    def close(self) -> None:
        """Stops reporting."""
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
        """The last line of stderr that is not blank."""
        lines = without_escapes(self.errors).splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
