"""Coding agents in runs: cancellation, timeouts, restored answers, masked keys."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from engine.log.writing.attempt_outputs import output_folder
from tests.support.worlds import World
from tests.unit.nodes.cli_agents.conftest import Bench, is_running


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


async def test_the_usage_of_a_stopped_stream_is_counted(bench: Bench, tmp_path: Path) -> None:
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


async def test_a_run_writes_the_answer_and_a_resume_restores_it(bench: Bench) -> None:
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
