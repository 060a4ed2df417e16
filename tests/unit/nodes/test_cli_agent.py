"""Coding agents: how they are called, what becomes of what they print, and how each mistake reads."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine.experience.model import CliAgentSpec, Kind, Node
from engine.log.events.events import Metrics
from engine.log.writing.attempt_outputs import Outputs, output_folder
from engine.nodes.cli_agent import CliAgentKind
from engine.nodes.cli_agents import printed_output
from engine.nodes.kind import NodeError, Outcome, Work
from tests.support.coding_agents import CodingAgents
from tests.support.worlds import World
from tests.unit.nodes.conftest import RecordingWatcher

KEYS = {
    "ANTHROPIC_API_KEY": "claude-code",
    "CLAUDE_CODE_OAUTH_TOKEN": "claude-code",
    "OPENAI_API_KEY": "codex",
    "CODEX_API_KEY": "codex",
    "GEMINI_API_KEY": "gemini",
}


class Bench:
    """Runs nodes of kind cli-agent in an experience's folder."""

    def __init__(self, folder: Path, agents: CodingAgents) -> None:
        self.folder = folder
        self.agents = agents
        self.kind = CliAgentKind(folder, Outputs(folder / ".openexpertise/output/run"))
        self.watcher = RecordingWatcher()

    def node(self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any) -> Node:
        spec = CliAgentSpec(provider, **{"prompt": "Hello", **keys})
        return Node("node", Kind.CLI_AGENT, spec, source={}, reads=("notes",), writes=writes)

    async def ask(self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any) -> Outcome:
        node = self.node(provider, writes, **keys)
        work = Work(node, "attempt", {"city": "Oslo"}, {"notes": "read"}, {"before": [1]}, {})
        return await self.kind.execute(work, self.watcher)

    async def fail(
        self, provider: str = "claude-code", writes: tuple[str, ...] = ("answer",), **keys: Any
    ) -> NodeError:
        with pytest.raises(NodeError) as raised:
            await self.ask(provider, writes, **keys)
        return raised.value

    def prints(self, program: str, text: str, *, errors: str = "", code: int = 0) -> None:
        """Put a program in place that prints just this."""
        (self.folder / f"{program}.out").write_text(text)
        (self.folder / f"{program}.err").write_text(errors)
        here = f"{self.folder}/{program}"
        self.agents.write(program, f"#!/bin/sh\ncat > /dev/null\ncat {here}.err >&2\ncat {here}.out\nexit {code}\n")

    @property
    def kept(self) -> bytes:
        return (self.folder / ".openexpertise/output/run/attempt.log").read_bytes()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    folder = tmp_path / "experience"
    (folder / ".openexpertise/output").mkdir(parents=True)
    return Bench(folder, CodingAgents(tmp_path / "agents", monkeypatch))


COMMANDS = [
    ("claude-code", {}, "claude", ["-p", "--output-format", "text"]),
    (
        "claude-code",
        {"output_format": "json", "model": "opus", "extra_args": ("--max-turns", "5")},
        "claude",
        ["-p", "--output-format", "json", "--model", "opus", "--max-turns", "5"],
    ),
    ("codex", {}, "codex", ["exec", "--skip-git-repo-check", "-"]),
    (
        "codex",
        {"output_format": "json", "model": "o", "extra_args": ("--sandbox", "read-only")},
        "codex",
        ["exec", "--skip-git-repo-check", "--model", "o", "--sandbox", "read-only", "-"],
    ),
    ("gemini", {}, "gemini", ["--yolo", "--skip-trust"]),
    (
        "gemini",
        {"output_format": "json", "model": "pro", "extra_args": ("--output-format", "json")},
        "gemini",
        ["--yolo", "--skip-trust", "--model", "pro", "--output-format", "json"],
    ),
]


@pytest.mark.parametrize(("provider", "keys", "program", "argv"), COMMANDS)
async def test_a_program_is_called_with_its_public_flags_and_the_prompt_on_stdin(
    bench: Bench, provider: str, keys: dict[str, Any], program: str, argv: list[str]
) -> None:
    bench.agents.answers({"answer": {"answer": "yes"}})

    await bench.ask(provider, prompt="{{city}}, {{notes}}, {{before}}?", **keys)

    (call,) = bench.agents.calls
    assert (call.program, call.argv, call.prompt) == (program, argv, "Oslo, read, [1]?")
    assert call.folder == call.environment["PWD"] == str(bench.folder)


@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_a_program_sees_the_keys_of_its_own_provider_only(
    bench: Bench, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "secret")
    bench.agents.answers({"answer": "yes"})

    await bench.ask(provider)

    (call,) = bench.agents.calls
    assert {name for name in KEYS if name in call.environment} == {n for n, owner in KEYS.items() if owner == provider}


@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_text_is_written_as_it_is_printed(bench: Bench, provider: str) -> None:
    bench.agents.answers({"answer": "  Grüße ✓\n"})

    outcome = await bench.ask(provider)

    assert outcome.output.state_delta == {"answer": "  Grüße ✓\n\n"}


async def test_text_without_a_field_to_write_is_dropped(bench: Bench) -> None:
    bench.agents.answers({"answer": "done"})

    assert (await bench.ask(writes=())).output.state_delta == {}


async def test_text_for_several_fields_is_refused_before_anything_is_started(bench: Bench) -> None:
    error = await bench.fail(writes=("a", "b"))

    assert "writes its text to one field, but `writes` names a, b" in error.info.message
    assert "`output_format: json`" in error.info.message
    assert bench.agents.calls == []


@pytest.mark.parametrize("answer", ['{"answer": 1, "more": 2}', 'Here:\n```json\n{"answer": 1, "more": 2}\n```'])
@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_the_keys_of_a_json_answer_are_fields(bench: Bench, provider: str, answer: str) -> None:
    bench.agents.answers({"answer": answer})

    outcome = await bench.ask(provider, output_format="json")

    assert outcome.output.state_delta == {"answer": 1, "more": 2}


async def test_the_envelope_of_claude_tells_tokens_cost_and_model(bench: Bench) -> None:
    bench.agents.answers({"answer": {"answer": 1}})

    outcome = await bench.ask(output_format="json", model="claude-opus-4-1")

    assert outcome.metrics == Metrics(123, 7, 0.0125, "claude-opus-4-1")
    assert bench.watcher.token_reports == [(123, 7, "claude-opus-4-1")]


async def test_an_answer_must_fit_the_schema(bench: Bench) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "integer", "minimum": 3}}}
    bench.agents.answers({"answer": {"answer": 1}})

    error = await bench.fail(output_format="json", schema=schema)

    assert error.info.type == "InvalidOutput"
    assert "does not match the schema: $.answer: 1 is less than the minimum of 3" in error.info.message
    assert error.metrics is not None
    assert error.metrics.cost_usd == 0.0125


async def test_rubbish_instead_of_json_is_an_error_that_shows_it(bench: Bench) -> None:
    bench.agents.answers({"answer": "I am afraid I cannot do that."})

    error = await bench.fail("codex", output_format="json")

    assert error.info.type == "InvalidOutput"
    assert "is not valid JSON" in error.info.message
    assert error.info.message.endswith("It begins: I am afraid I cannot do that.")


FAILURES = [
    ("claude-code", "text", "claude-code ended with exit code 1: Invalid API key"),
    ("claude-code", "json", "claude-code ended with exit code 1: Invalid API key"),
    ("codex", "text", "codex ended with exit code 1: "),
    ("gemini", "text", "gemini ended with exit code 1: "),
]


@pytest.mark.parametrize(("provider", "output_format", "begins"), FAILURES)
async def test_a_failure_tells_the_code_the_reason_and_where_all_of_it_is(
    bench: Bench, provider: str, output_format: str, begins: str
) -> None:
    bench.agents.answers({"error": "Invalid API key"})

    error = await bench.fail(provider, output_format=output_format)

    assert error.info.type == "CliAgentFailed"
    assert error.info.message.startswith(begins)
    assert "Invalid API key" in error.info.message
    assert error.info.message.endswith("(full output: .openexpertise/output/run/attempt.log)")
    assert b"Invalid API key" in bench.kept


async def test_a_program_that_is_killed_and_says_nothing_is_told_as_that(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nkill -KILL $$\n")

    assert (await bench.fail()).info.message == "claude-code was killed by SIGKILL without a message"


MISSING = [
    ("claude-code", "claude", "npm install -g @anthropic-ai/claude-code"),
    ("codex", "codex", "npm install -g @openai/codex"),
    ("gemini", "gemini", "npm install -g @google/gemini-cli"),
]


@pytest.mark.parametrize(("provider", "program", "install"), MISSING)
async def test_a_missing_program_is_an_error_that_says_how_to_install_it(
    bench: Bench, provider: str, program: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    error = await bench.fail(provider)

    assert error.info.type == "NoProgram"
    assert error.info.message.startswith(f"{program}, which {provider} needs, is not on PATH; install ")
    assert install in error.info.message


async def test_a_program_that_cannot_be_started_is_an_error_that_says_why(bench: Bench) -> None:
    program = bench.agents.write("claude", "#!/nowhere/sh\n")

    error = await bench.fail()

    assert error.info.type == "NoProgram"
    assert error.info.message == f"{program} could not be started: No such file or directory"


async def test_the_program_runs_in_its_workdir(bench: Bench) -> None:
    (bench.folder / "repo").mkdir()
    bench.agents.answers({"answer": "yes"})

    await bench.ask(workdir="./repo")

    assert bench.agents.calls[0].folder == str(bench.folder / "repo")
    assert bench.watcher.warnings == []


async def test_a_workdir_elsewhere_is_a_warning(bench: Bench) -> None:
    bench.agents.answers({"answer": "yes"})

    await bench.ask(workdir="..")

    assert bench.watcher.warnings == [".. lies outside the experience's folder"]


async def test_a_workdir_that_is_missing_is_an_error(bench: Bench) -> None:
    error = await bench.fail(workdir="./rpeo")

    assert error.info.message == "rpeo is not a folder; create it or correct `workdir`"


async def test_a_node_is_made_of_its_prompt_file_and_its_schema_file(bench: Bench) -> None:
    node = bench.node(prompt="./prompts/a.md", schema="b.json")

    assert bench.kind.files(node, {}) == {
        "prompt prompts/a.md": bench.folder / "prompts/a.md",
        "schema b.json": bench.folder / "b.json",
    }
    assert bench.kind.files(bench.node(), {}) == bench.kind.settings(node, {}) == {}


async def test_a_prompt_longer_than_any_argument_or_pipe_may_be_arrives(bench: Bench) -> None:
    bench.agents.answers({"answer": "yes"})
    prompt = "é" * 2_000_000

    await bench.ask(prompt=prompt)

    assert bench.agents.calls[0].prompt == prompt


async def test_a_program_that_does_not_read_a_long_prompt_blocks_nobody(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nprintf done\n")

    assert (await bench.ask(prompt="x" * 1_000_000)).output.state_delta == {"answer": "done"}


CUT_UP = """#!/usr/bin/env python3
import os
for byte in "Grüße 🎉 ✓".encode():
    os.write(1, bytes([byte]))
"""


async def test_characters_that_come_in_pieces_stay_whole(bench: Bench) -> None:
    bench.agents.write("claude", CUT_UP)

    assert (await bench.ask()).output.state_delta == {"answer": "Grüße 🎉 ✓"}


async def test_what_is_no_text_is_replaced(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nprintf 'a\\377b'\n")

    assert (await bench.ask()).output.state_delta == {"answer": "a\ufffdb"}


async def test_a_megabyte_of_answer_is_taken_whole(bench: Bench) -> None:
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


async def test_a_watcher_hears_what_goes_on(bench: Bench) -> None:
    bench.agents.answers({"answer": {"answer": 1}, "progress": ["\x1b[1mreading the code\x1b[0m"]})

    await bench.ask(output_format="json")

    assert bench.watcher.activities == [
        "spawning claude-code (timeout 600000 ms)",
        "reading the code",
        "parsing JSON output",
    ]


async def test_cancelling_ends_the_program_and_what_it_started(bench: Bench, tmp_path: Path) -> None:
    fifo = tmp_path / "announced"
    os.mkfifo(fifo)
    bench.agents.write("claude", f"#!/bin/sh\ntrap '' TERM\nsetsid sleep 600 &\necho $$ $! > {fifo}\nwait\n")
    call = asyncio.create_task(bench.ask())
    pids = [int(pid) for pid in (await asyncio.to_thread(fifo.read_text)).split()]

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert not any(is_running(pid) for pid in pids)


async def test_an_error_in_the_envelope_of_a_program_that_ends_well_is_an_error(bench: Bench) -> None:
    bench.prints("claude", json.dumps({"type": "result", "subtype": "error_max_turns", "is_error": False}))

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code reported an error: error_max_turns")


PROGRAMS = [("claude-code", "claude"), ("codex", "codex"), ("gemini", "gemini")]
BILL = {"total_cost_usd": 0.4, "usage": {"input_tokens": 9, "output_tokens": 1}}


@pytest.mark.parametrize(("provider", "program"), PROGRAMS)
async def test_an_error_behind_a_banner_fails_with_what_the_program_said_and_its_cost(
    bench: Bench, provider: str, program: str
) -> None:
    envelope = {"type": "result", "subtype": "success", "is_error": True, "result": "Credit balance is too low", **BILL}
    bench.prints(program, f"Now using node v20 (npm v10)\n{json.dumps(envelope)}\nbye\n")

    error = await bench.fail(provider, output_format="json")

    assert error.info.type == "CliAgentFailed"
    assert error.info.message.startswith(f"{provider} reported an error: Credit balance is too low")
    assert error.metrics == Metrics(9, 1, 0.4)


async def test_an_error_without_words_is_told_with_the_last_line_of_stderr(bench: Bench) -> None:
    envelope = json.dumps({"type": "result", "is_error": True, "result": "", **BILL})
    bench.prints("claude", envelope, errors="starting\n\x1b[31mquota exceeded\x1b[0m\n\n")

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code reported an error: quota exceeded")


async def test_what_a_program_says_that_ends_badly_is_told_and_its_cost_is_kept(bench: Bench) -> None:
    envelope = json.dumps({"type": "result", "is_error": True, "result": "Overloaded", **BILL})
    bench.prints("claude", envelope, code=1)

    error = await bench.fail(output_format="json")

    assert error.info.message.startswith("claude-code ended with exit code 1: Overloaded")
    assert error.metrics == Metrics(9, 1, 0.4)


@pytest.mark.parametrize("output_format", ["text", "json"])
@pytest.mark.parametrize("writes", [(), ("answer",)])
@pytest.mark.parametrize("printed", ["", " \n", "\ufeff", "\x1b[0m\n", "<think>Hm.</think>"])
@pytest.mark.parametrize(("provider", "program"), PROGRAMS)
async def test_an_empty_answer_is_none(
    bench: Bench, provider: str, program: str, printed: str, writes: tuple[str, ...], output_format: str
) -> None:
    bench.prints(program, printed, errors="thinking\nERROR: usage limit reached\n")

    error = await bench.fail(provider, writes, output_format=output_format)

    assert error.info.type == "EmptyAnswer"
    assert error.info.message.startswith(
        f"{provider} returned no answer; last line of stderr: ERROR: usage limit reached (full "
    )


async def test_an_empty_answer_in_an_envelope_is_none_and_costs_what_it_says(bench: Bench) -> None:
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
async def test_an_answer_that_fills_none_of_writes_is_none_and_shown(
    bench: Bench, provider: str, program: str, answer: str, held: str
) -> None:
    bench.prints(program, answer)

    error = await bench.fail(provider, ("answer", "other"), output_format="json")

    assert error.info.type == "InvalidOutput"
    assert error.info.message.startswith("the answer fills none of `writes` (answer, other); it ")
    assert held in error.info.message
    assert len(error.info.message) < 700


async def test_an_error_object_is_no_answer_of_a_node_that_asks_for_no_field(bench: Bench) -> None:
    bench.prints("claude", '{"type": "error", "error": {"message": "overloaded"}}')

    error = await bench.fail(writes=(), output_format="json")

    assert error.info.message.startswith("the answer is an error; it holds ")
    assert "overloaded" in error.info.message


async def test_a_text_stays_what_it_is_whatever_it_quotes(bench: Bench) -> None:
    quoted = json.dumps({"type": "result", "is_error": True, "result": "no"})
    bench.prints("claude", quoted)

    assert (await bench.ask()).output.state_delta == {"answer": quoted}


async def test_a_text_of_a_program_that_was_asked_for_json_tells_errors_and_cost(bench: Bench) -> None:
    whole = json.dumps({"type": "result", "subtype": "success", "result": "fine", **BILL})
    bench.prints("claude", whole)

    outcome = await bench.ask(extra_args=("--output-format", "json"))
    bench.prints("claude", json.dumps({"type": "result", "is_error": True, "result": "no", **BILL}))
    error = await bench.fail(extra_args=("--output-format=stream-json", "--verbose"))

    assert (outcome.output.state_delta, outcome.metrics) == ({"answer": whole}, Metrics(9, 1, 0.4))
    assert error.info.message.startswith("claude-code reported an error: no")
    assert error.metrics == Metrics(9, 1, 0.4)


async def test_what_a_stream_had_used_when_it_was_stopped_is_counted(bench: Bench, tmp_path: Path) -> None:
    world = World(bench.folder)
    world.graph(
        "- {id: ask, kind: cli-agent, provider: claude-code, prompt: Hi, output_format: json, timeout_ms: 1000, "
        "extra_args: [--output-format, stream-json, --verbose]}"
    )
    call = {"id": "m1", "model": "claude-sonnet-4-6", "usage": {"input_tokens": 30, "output_tokens": 4}}
    line = json.dumps({"type": "assistant", "session_id": "s", "message": call})
    bench.agents.write("claude", f"#!/bin/sh\ncat <<'END'\n{line}\nEND\nexec sleep 600\n")

    run = await world.run()

    assert run.finished.error is not None
    assert run.finished.error.type == "timeout"
    assert (run.finished.spent.tokens_in, run.finished.spent.tokens_out) == (30, 4)


async def test_fields_that_writes_does_not_name_are_written_with_a_warning_and_undeclared_ones_fail(
    bench: Bench,
) -> None:
    world = World(bench.folder)
    world.graph(
        "- {id: declared, kind: cli-agent, provider: claude-code, prompt: P, output_format: json}\n"
        "- {id: undeclared, kind: cli-agent, provider: codex, prompt: P, output_format: json, writes: [m]}",
        state="n: {type: number}\nm: {type: number}",
    )
    bench.prints("claude", '{"n": 1}')
    bench.prints("codex", '{"m": 2, "zzz": {}}')

    run = await world.run()

    assert run.final_state == {"n": 1}
    assert (run.finished.failed_at, run.finished.counts.failed) == ("undeclared", 1)
    assert run.finished.error is not None
    assert "wrote 'zzz', which state.schema does not declare (declared: m, n)" in run.finished.error.message
    warnings = [record.event for record in world.records(run.run_id) if record.event.type == "node.warning"]
    assert ["wrote 'n', which its `writes` does not name" in warning.message for warning in warnings] == [True]


async def test_gemini_is_called_so_that_it_trusts_the_folder(bench: Bench) -> None:
    bench.agents.write("gemini", '#!/bin/sh\ncase " $* " in *" --skip-trust "*) echo ok;; *) exit 55;; esac\n')

    assert (await bench.ask("gemini")).output.state_delta == {"answer": "ok\n"}


HANGS = """#!/bin/sh
trap '' TERM
setsid sh -c 'trap "" TERM; echo $$ >> {pids}; while :; do sleep 60; done' &
while :; do sleep 60; done
"""


async def test_a_program_that_takes_too_long_is_ended_with_everything_that_it_started(
    bench: Bench, tmp_path: Path
) -> None:
    world = World(bench.folder)
    world.graph("- {id: fix, kind: cli-agent, provider: codex, prompt: Fix it, timeout_ms: 1000}")
    pids = tmp_path / "pids"
    bench.agents.write("codex", HANGS.format(pids=pids))

    run = await world.run()

    failed = [event for event in (record.event for record in world.records(run.run_id)) if event.type == "node.failed"]
    assert [event.error.type for event in failed] == ["timeout"]
    assert "fix took longer than its timeout_ms (1000) and was stopped" in failed[0].error.message
    assert not any(is_running(int(pid)) for pid in pids.read_text().split())
    assert pids.read_text() != ""


async def test_a_run_writes_what_an_agent_answers_and_a_resume_restores_it(bench: Bench) -> None:
    world = World(bench.folder)
    world.graph(
        "- {id: ask, kind: cli-agent, provider: gemini, prompt: Hello, writes: [answer]}",
        state="answer: {type: string}",
    )
    bench.agents.answers({"answer": "Hi"})

    run = await world.run()
    resumed = await world.resume()

    assert run.final_state == resumed.final_state == {"answer": "Hi\n"}
    assert world.restored(resumed.run_id) == ["ask"]
    assert len(bench.agents.calls) == 1


async def test_a_key_that_an_agent_prints_is_masked_in_the_log_and_in_all_that_is_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_API_KEY", "sk-very-secret")
    world = World(bench.folder)
    world.graph(
        "- {id: ask, kind: cli-agent, provider: codex, prompt: Hello, writes: [answer]}", state="answer: {type: string}"
    )
    bench.agents.answers({"answer": "The key is sk-very-secret.", "progress": ["using sk-very-secret"]})

    run = await world.run()

    kept = [file.read_bytes() for file in output_folder(world.store, run.run_id).iterdir()]
    assert len(kept) == 2
    assert all(b"The key is ***." in text for text in kept)
    assert b"sk-very-secret" not in b"".join(kept) + world.store.log(run.run_id).read_bytes()
