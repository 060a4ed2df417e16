"""From a coding agent's output to the fields of its node, and how each bad answer reads."""

from __future__ import annotations

import json
from itertools import product

import pytest

from engine.log.events.events import Metrics
from tests.support.examples import one_in
from tests.unit.nodes.cli_agents.conftest import BILL, PROGRAMS, Bench


async def test_text_without_a_field_to_write_is_dropped(bench: Bench) -> None:
    bench.agents.answers({"answer": "done"})

    assert (await bench.ask(writes=())).output.state_delta == {}


@pytest.mark.parametrize("answer", ['{"answer": 1, "more": 2}', 'Here:\n```json\n{"answer": 1, "more": 2}\n```'])
@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_the_keys_of_a_json_answer_are_fields(bench: Bench, provider: str, answer: str) -> None:
    bench.agents.answers({"answer": answer})

    outcome = await bench.ask(provider, output_format="json")

    assert outcome.output.state_delta == {"answer": 1, "more": 2}


async def test_the_envelope_of_claude_has_tokens_cost_and_model(bench: Bench) -> None:
    bench.agents.answers({"answer": {"answer": 1}})

    outcome = await bench.ask(output_format="json", model="claude-opus-4-1")

    assert outcome.metrics == Metrics(123, 7, 0.0125, "claude-opus-4-1")
    assert bench.watcher.token_reports == [(123, 7, "claude-opus-4-1")]


async def test_an_answer_must_match_the_schema(bench: Bench) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer", "minimum": 3}}}
    bench.agents.answers({"answer": {"answer": 1}})

    error = await bench.fail(output_format="json", schema=schema)

    assert error.info.type == "InvalidOutput"
    assert "does not match the schema: $.answer: 1 is less than the minimum of 3" in error.info.message
    assert error.metrics is not None
    assert error.metrics.cost_usd == 0.0125


async def test_text_instead_of_json_is_an_error_that_shows_it(bench: Bench) -> None:
    bench.agents.answers({"answer": "I am afraid I cannot do that."})

    error = await bench.fail("codex", output_format="json")

    assert error.info.type == "InvalidOutput"
    assert "is not valid JSON" in error.info.message
    assert error.info.message.endswith("It begins: I am afraid I cannot do that.")


EMPTY = ("", " \n", "\ufeff", "\x1b[0m\n", "<think>Hm.</think>")


@pytest.mark.parametrize(
    ("printed", "agent", "writes", "output_format"),
    one_in(7, product(EMPTY, PROGRAMS, [(), ("answer",)], ["text", "json"])),
)
async def test_an_empty_answer_is_an_error(
    bench: Bench, printed: str, agent: tuple[str, str], writes: tuple[str, ...], output_format: str
) -> None:
    provider, program = agent
    bench.prints(program, printed, errors="thinking\nERROR: usage limit reached\n")

    error = await bench.fail(provider, writes, output_format=output_format)

    assert error.info.type == "EmptyAnswer"
    assert error.info.message.startswith(
        f"{provider} returned no answer; last line of stderr: ERROR: usage limit reached (full "
    )


async def test_an_empty_answer_in_an_envelope_is_an_error_with_its_cost(bench: Bench) -> None:
    bench.prints("claude", json.dumps({"type": "result", "subtype": "success", "result": "\n", **BILL}))

    error = await bench.fail(output_format="json")

    assert (error.info.type, error.metrics) == ("EmptyAnswer", Metrics(9, 1, 0.4))


UNFILLED = [
    ('{"error": {"message": "overloaded"}}', 'it holds {"error":{"message":"overloaded"}}'),
    ("{}", "it is an empty object"),
    ('{"Answer": 1}', 'it holds {"Answer":1}'),
    (json.dumps({"text": "x" * 1000}), "x" * 100),
]


@pytest.mark.parametrize(("answer", "held"), UNFILLED)
@pytest.mark.parametrize(("provider", "program"), PROGRAMS)
async def test_an_answer_that_fills_no_field_is_an_error_that_shows_it(
    bench: Bench, provider: str, program: str, answer: str, held: str
) -> None:
    bench.prints(program, answer)

    error = await bench.fail(provider, ("answer", "other"), output_format="json")

    assert error.info.type == "InvalidOutput"
    assert error.info.message.startswith("the answer fills none of `writes` (answer, other); it ")
    assert held in error.info.message
    assert len(error.info.message) < 700


async def test_an_error_object_is_no_answer_even_without_writes(bench: Bench) -> None:
    bench.prints("claude", '{"type": "error", "error": {"message": "overloaded"}}')

    error = await bench.fail(writes=(), output_format="json")

    assert error.info.message.startswith("the answer is an error; it holds ")
    assert "overloaded" in error.info.message


async def test_a_text_that_quotes_an_envelope_stays_a_text(bench: Bench) -> None:
    quoted = json.dumps({"type": "result", "is_error": True, "result": "no"})
    bench.prints("claude", quoted)

    assert (await bench.ask()).output.state_delta == {"answer": quoted}


async def test_text_mode_with_json_output_reports_errors_and_cost(bench: Bench) -> None:
    whole = json.dumps({"type": "result", "subtype": "success", "result": "fine", **BILL})
    bench.prints("claude", whole)

    outcome = await bench.ask(extra_args=("--output-format", "json"))
    bench.prints("claude", json.dumps({"type": "result", "is_error": True, "result": "no", **BILL}))
    error = await bench.fail(extra_args=("--output-format=stream-json", "--verbose"))

    assert (outcome.output.state_delta, outcome.metrics) == ({"answer": whole}, Metrics(9, 1, 0.4))
    assert error.info.message.startswith("claude-code reported an error: no")
    assert error.metrics == Metrics(9, 1, 0.4)
