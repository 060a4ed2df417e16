"""A coding agent that fails: what its error says and what it cost."""

from __future__ import annotations

import json

import pytest

from engine.log.events.events import Metrics
from tests.unit.nodes.cli_agents.conftest import BILL, PROGRAMS, Bench

FAILURES = [
    ("claude-code", "text", "claude-code ended with exit code 1: Invalid API key"),
    ("claude-code", "json", "claude-code ended with exit code 1: Invalid API key"),
    ("codex", "text", "codex ended with exit code 1: "),
    ("gemini", "text", "gemini ended with exit code 1: "),
]


@pytest.mark.parametrize(("provider", "output_format", "begins"), FAILURES)
async def test_a_failure_names_the_exit_code_the_reason_and_the_full_output(
    bench: Bench, provider: str, output_format: str, begins: str
) -> None:
    bench.agents.answers({"error": "Invalid API key"})

    error = await bench.fail(provider, output_format=output_format)

    assert error.info.type == "CliAgentFailed"
    assert error.info.message.startswith(begins)
    assert "Invalid API key" in error.info.message
    assert error.info.message.endswith("(full output: .openexpertise/output/run/attempt.log)")
    assert b"Invalid API key" in bench.kept


async def test_a_program_that_is_killed_silently_is_reported_as_killed(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nkill -KILL $$\n")

    assert (await bench.fail()).info.message == "claude-code was killed by SIGKILL without a message"


async def test_an_error_in_the_envelope_of_a_program_that_ends_well_is_an_error(bench: Bench) -> None:
    bench.prints("claude", json.dumps({"type": "result", "subtype": "error_max_turns", "is_error": False}))

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code reported an error: error_max_turns")


@pytest.mark.parametrize(("provider", "program"), PROGRAMS)
async def test_an_error_after_a_banner_fails_with_its_message_and_cost(
    bench: Bench, provider: str, program: str
) -> None:
    envelope = {"type": "result", "subtype": "success", "is_error": True, "result": "Credit balance is too low", **BILL}
    bench.prints(program, f"Now using node v20 (npm v10)\n{json.dumps(envelope)}\nbye\n")

    error = await bench.fail(provider, output_format="json")

    assert error.info.type == "CliAgentFailed"
    assert error.info.message.startswith(f"{provider} reported an error: Credit balance is too low")
    assert error.metrics == Metrics(9, 1, 0.4)


async def test_an_error_without_a_message_shows_the_last_line_of_stderr(bench: Bench) -> None:
    envelope = json.dumps({"type": "result", "is_error": True, "result": "", **BILL})
    bench.prints("claude", envelope, errors="starting\n\x1b[31mquota exceeded\x1b[0m\n\n")

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code reported an error: quota exceeded")


async def test_a_failed_program_is_reported_with_its_message_and_cost(bench: Bench) -> None:
    envelope = json.dumps({"type": "result", "is_error": True, "result": "Overloaded", **BILL})
    bench.prints("claude", envelope, code=1)

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code ended with exit code 1: Overloaded")
    assert error.metrics == Metrics(9, 1, 0.4)
