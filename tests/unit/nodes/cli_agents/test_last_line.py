"""The line that was printed last, and how often it is told."""

from __future__ import annotations

import asyncio

import pytest

from engine.nodes.cli_agents import last_line
from engine.nodes.cli_agents.last_line import LONGEST, LastLine

LINES = [
    (b"reading\n", "reading"),
    (b"one\ntwo\nthr", "two"),
    (b"one\n\n  \n", "one"),
    (b"10%\r20%\r", "20%"),
    (b"\x1b[31mred\x1b[0m\x1b]0;title\x07\n", "red"),
    (b"a\x00\x07b\xff\n", "ab\ufffd"),
    (b"x" * 1_000 + b"\n", "x" * (LONGEST - 1) + "…"),
]


@pytest.mark.parametrize(("data", "told"), LINES)
async def test_the_last_complete_line_that_is_not_blank_is_reported(data: bytes, told: str) -> None:
    heard: list[str] = []
    line = LastLine(heard.append)

    line.write(data)
    line.close()

    assert heard == [told]


async def test_a_line_that_comes_in_pieces_is_reported_when_complete() -> None:
    heard: list[str] = []
    line = LastLine(heard.append)

    for byte in "Grüße\n".encode():
        line.write(bytes([byte]))
    line.close()

    assert heard == ["Grüße"]


async def test_only_the_latest_of_many_lines_is_reported_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_line, "PAUSE_SECONDS", 0.01)
    heard: list[str] = []
    told_twice = asyncio.Event()
    line = LastLine(lambda text: (heard.append(text), len(heard) == 2 and told_twice.set()))

    for number in range(1_000):
        line.write(f"{number}\n".encode())
    await told_twice.wait()
    line.close()

    assert heard == ["0", "999"]


async def test_an_endless_line_takes_no_memory() -> None:
    heard: list[str] = []
    line = LastLine(heard.append)

    for _ in range(1_000):
        line.write(b"x" * 10_000)
    line.write(b"\n")
    line.close()

    assert heard == ["x" * (LONGEST - 1) + "…"]
