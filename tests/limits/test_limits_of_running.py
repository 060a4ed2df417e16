"""Limits 16, 21 and 26: programs that do not end, logs that grow, and secrets."""

from __future__ import annotations

import os
import time

import pytest

from engine.log.events.events import NodeFailed
from tests.limits.conftest import Model, events, failure
from tests.standins.messages_api import text
from tests.support.coding_agents import CodingAgents
from tests.support.processes import gone
from tests.support.worlds import World

SECRET = "very-secret-token"


async def test_limit_16_a_tool_that_hangs_ends_with_everything_that_it_started(world: World) -> None:
    """Neither the tool nor its child hears SIGTERM."""
    world.graph("- {id: a, kind: tool, impl: a.py, timeout_ms: 1500}")
    world.tool(
        "a",
        """
        import signal, subprocess, sys, time
        from recorder import HERE
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        (HERE / "pid").write_text(str(child.pid))
        time.sleep(600)
        """,
    )

    began = time.monotonic()
    ended = await world.run()

    assert time.monotonic() - began < 30
    assert events(world, ended.run_id, NodeFailed)[0].error.type == "timeout"
    assert gone(int((world.folder / "pid").read_text()))


async def test_limit_16_a_program_that_is_not_there_says_how_to_get_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.graph("- {id: a, kind: cli-agent, provider: gemini, prompt: Hello}")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")

    ended = await world.run()

    assert "gemini" in failure(world, ended.run_id)
    assert "install" in failure(world, ended.run_id).lower()


async def test_limit_16_a_prompt_may_be_larger_than_an_argument(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """128 KiB is the most that Linux lets one argument have."""
    world.graph(
        "- {id: a, kind: cli-agent, provider: claude-code, prompt: 'Read {{rows}}', reads: [rows], writes: [said]}",
        state=f"rows: {{default: {'x' * 200_000}}}\nsaid: {{}}",
    )
    agents = CodingAgents(world.folder, monkeypatch)

    await world.run()

    assert [len(call.prompt) for call in agents.calls] == [len("Read ") + 200_000]


async def log_bytes(world: World, items: int) -> int:
    """The size of the log of a run that appends `items` times."""
    world.graph(
        "- {id: each, kind: tool, impl: each.py, for_each: {source: $.numbers}, writes: [found]}",
        state=f"numbers: {{type: array, default: {list(range(items))}}}\nfound: {{type: array, merge: array_append}}",
    )
    world.tool("each", "return {'state_delta': {'found': [item]}}")
    ended = await world.run()
    assert ended.final_state["found"] == list(range(items))
    return world.store.log(ended.run_id).stat().st_size


async def test_limit_21_a_log_grows_with_what_is_written_and_not_with_its_square(world: World) -> None:
    few, many = await log_bytes(world, 20), await log_bytes(world, 200)

    assert many < 11 * few


async def test_limit_26_programs_do_not_inherit_the_keys_of_models(
    world: World, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(text("fine"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-key")
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [names]}", state="names: {}")
    world.tool("a", "import os\nreturn {'state_delta': {'names': sorted(os.environ)}}")

    ended = await world.run()

    names = ended.final_state["names"]
    assert isinstance(names, list)
    assert "PATH" in names
    assert not {"ANTHROPIC_API_KEY", "OPENAI_API_KEY"} & set(names)
    assert os.environ["ANTHROPIC_API_KEY"]


async def test_limit_26_a_secret_arg_is_in_nothing_that_a_run_leaves_behind(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, args: {token: $args.token}}")
    with (world.folder / "experience.yaml").open("a") as file:
        file.write("args: {type: object, properties: {token: {type: string, writeOnly: true}}}\n")
    world.tool("a", "print(input['token'])\nraise ValueError(f\"bad token {input['token']}\")")

    ended = await world.run({"token": SECRET})

    assert "bad token ***" in failure(world, ended.run_id)
    left = [path for path in world.store.data.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert left == []
