"""What a coding agent prints: characters, limits, what is kept and reported."""

from __future__ import annotations

import pytest

from engine.nodes.cli_agents import printed_output
from tests.unit.nodes.cli_agents.conftest import Bench


@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_text_is_written_as_it_is_printed(bench: Bench, provider: str) -> None:
    bench.agents.answers({"answer": "  Grüße ✓\n"})

    outcome = await bench.ask(provider)

    assert outcome.output.state_delta == {"answer": "  Grüße ✓\n\n"}


CUT_UP = """#!/usr/bin/env python3
import os
for byte in "Grüße 🎉 ✓".encode():
    os.write(1, bytes([byte]))
"""


async def test_characters_that_come_in_pieces_stay_whole(bench: Bench) -> None:
    bench.agents.write("claude", CUT_UP)

    assert (await bench.ask()).output.state_delta == {"answer": "Grüße 🎉 ✓"}


async def test_invalid_utf8_is_replaced(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nprintf 'a\\377b'\n")

    assert (await bench.ask()).output.state_delta == {"answer": "a\ufffdb"}


async def test_an_answer_of_a_megabyte_is_kept_whole(bench: Bench) -> None:
    bench.agents.write("claude", "#!/usr/bin/env python3\nprint('x' * 1_000_000, end='')\n")

    assert (await bench.ask()).output.state_delta == {"answer": "x" * 1_000_000}


async def test_an_endless_answer_is_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed_output, "LONGEST_ANSWER", 1024 * 1024)
    bench.agents.write("claude", "#!/bin/sh\nexec yes\n")

    error = await bench.fail()

    assert error.info.type == "AnswerTooLong"
    assert error.info.message == "claude-code printed more than 1 MiB on stdout and was stopped"


async def test_both_streams_are_kept_in_the_output_file(bench: Bench) -> None:
    bench.agents.answers({"answer": "yes", "progress": ["reading", "writing"]})

    await bench.ask("codex")

    assert b"reading\nwriting\n" in bench.kept
    assert bench.kept.endswith(b"yes\n")


async def test_progress_is_reported_to_the_watcher(bench: Bench) -> None:
    bench.agents.answers({"answer": {"answer": 1}, "progress": ["\x1b[1mreading the code\x1b[0m"]})

    await bench.ask(output_format="json")

    assert bench.watcher.activities == [
        "spawning claude-code (timeout 600000 ms)",
        "reading the code",
        "parsing JSON output",
    ]
