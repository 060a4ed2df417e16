"""The floor: append a line and fdatasync it, N times. Nobody who makes each step durable can be faster."""

from __future__ import annotations

import os
import time

from measured import Measured, command_line, say

LINE = b"x" * 639 + b"\n"


def main() -> None:
    """Time N appended lines, each synced."""
    _, n, folder = command_line()
    file = folder / "floor.jsonl"
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    began = time.perf_counter()
    for _ in range(n):
        os.write(fd, LINE)
        os.fdatasync(fd)
    seconds = time.perf_counter() - began
    os.close(fd)
    say(Measured(seconds, file.stat().st_size, "one append and fdatasync per step"))


if __name__ == "__main__":
    main()
