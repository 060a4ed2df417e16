"""What `oe run` and `oe resume` say and ask before the first node starts: what is missing, and what it may cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.standins import messages_api
from tests.standins.messages_api import MessagesApi
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe
from tests.unit.cli.terminals import Terminal

KEY = "sk-of-this-test"
NO_KEY = "no key for Anthropic; create one at https://console.anthropic.com/settings/keys and set ANTHROPIC_API_KEY"
STATE = "topics: {type: array, default: [owls, bats, mice]}\nsaid: {}\nx: {}"
AGENT = "kind: agent, prompt: prompt.md, writes: [said], max_tokens: 1000, model: claude-haiku-4-5"


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi(messages_api.text("Well.", tokens=(1_000, 1_000))) as started:
        yield started


@pytest.fixture
def env(api: MessagesApi, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a provider that answers, for commands and for terminals."""
    found = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def asking(world: World) -> World:
    """One agent for each of three topics."""
    world.write("prompt.md", "Say something.")
    world.graph(f"- {{id: ask, {AGENT}, for_each: {{source: $.topics}}}}", state=STATE)
    return world


def test_many_calls_are_asked_for_on_a_terminal_and_no_leaves_no_trace(
    asking: World, oe: Oe, api: MessagesApi, env: dict[str, str]
) -> None:
    with Terminal(asking.folder, "run", "--confirm-calls", "2", columns=200) as terminal:
        terminal.read_until("Go on? [y/N]")
        asked = terminal.text
        terminal.press("n\n")
        assert terminal.wait() == 130

    expected = (
        "oe: this run may make up to 3 model calls (claude-haiku-4-5 ×3). "  # noqa: RUF001
        "Their answers may cost up to $0.0150, prompts not included."
    )
    assert expected in asked
    assert (api.requests, (asking.folder / ".openexpertise").exists()) == ([], False)

    with Terminal(asking.folder, "run", "--confirm-calls", "2", columns=200) as terminal:
        terminal.read_until("Go on? [y/N]")
        terminal.press("y\n")
        assert terminal.wait() == 0
    assert len(api.requests) == 3

    asking.write("prompt.md", "Say something else.")
    with Terminal(asking.folder, "resume", "latest", "--confirm-calls", "2", columns=200) as terminal:
        terminal.read_until("Last time: $0.0180. Go on? [y/N]".replace(". Go", ".\r\nGo"))
        terminal.press("\x04")
        assert terminal.wait() == 130
    assert len(asking.store.run_ids()) == 1

    asking.graph(
        f"- {{id: ask, {AGENT}, for_each: {{source: $.topics}}, on_error: {{policy: retry, attempts: 3}}}}", state=STATE
    )
    with Terminal(asking.folder, "resume", "latest", "--isolated", "ask", "--confirm-calls", "8", columns=200) as alone:
        alone.read_until("Go on? [y/N]")
        assert "oe: this run may make up to 9 model calls" in alone.text  # three attempts for each of three items
        alone.press("n\n")
        assert alone.wait() == 130
    planned = json.loads(oe("resume", "latest", "--isolated", "ask", "--plan", "--json", **env).out)
    assert (planned["needs"], planned["estimate"]["most"], planned["estimate"]["open"]) == ([], 9, [])
    assert len(asking.store.run_ids()) == 1


@pytest.mark.parametrize("options", [(), ("--confirm-calls", "0", "--yes")], ids=["few calls", "yes"])
def test_few_calls_or_yes_are_not_asked_for(
    asking: World, api: MessagesApi, env: dict[str, str], options: tuple[str, ...]
) -> None:
    with Terminal(asking.folder, "run", *options) as terminal:
        assert terminal.wait() == 0

    assert "Go on?" not in terminal.text
    assert len(api.requests) == 3


def test_elsewhere_nobody_is_asked(asking: World, oe: Oe, api: MessagesApi, env: dict[str, str]) -> None:
    assert oe("run", "--confirm-calls", "0", **env).code == 0
    assert oe("resume", "latest", "--rerun", "ask", "--confirm-calls", "0", **env).code == 0

    assert len(api.requests) == 6


def test_a_plan_has_the_calls_and_what_they_cost_last_time(asking: World, oe: Oe, env: dict[str, str]) -> None:
    oe("run", **env)
    asking.write("prompt.md", "Say something else.")

    fresh = json.loads(oe("run", "--plan", "--json", **env).out)["estimate"]
    resumed = json.loads(oe("resume", "latest", "--plan", "--json", **env).out)["estimate"]
    restored = oe("resume", "latest", "--plan", "--accept", "ask", **env).out

    call = {"callee": "model", "provider": "anthropic", "model": "claude-haiku-4-5", "most": 3, "answersUsd": 0.015}
    assert fresh["calls"] == resumed["calls"] == [call]
    spent = {"costUsd": pytest.approx(0.018), "tokensIn": 3000, "tokensOut": 3000}
    assert fresh["last"] == {**spent, "executions": 0, "of": 0}
    assert resumed["last"] == {**spent, "executions": 3, "of": 3}
    assert "May make" not in restored


def test_a_run_whose_first_node_cannot_run_is_refused_before_anything_is_written(asking: World, oe: Oe) -> None:
    refused = oe("run")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == f"oe: nothing was started, since the first nodes cannot run:\n  ask: {NO_KEY}\n"
    assert not (asking.folder / ".openexpertise").exists()


@pytest.fixture
def mixed(world: World) -> World:
    """A tool, then what needs much: a model, a coding agent, a server; and a tool in JavaScript under a condition."""
    world.tool("first", "return {'state_delta': {'x': 1}}")
    world.write("prompt.md", "Say something.")
    world.write("last.mjs", "export default () => ({})")
    world.write("mcp.json", '{"servers": {"notes": {"command": "no-such-server"}}}')
    world.graph(
        f"""
        - {{id: first, kind: tool, impl: first.py, writes: [x]}}
        - {{id: ask, {AGENT}}}
        - {{id: code, kind: cli-agent, provider: gemini, prompt: p, writes: [said]}}
        - {{id: load, kind: dataset, source: {{type: mcp-resource, server: notes, uri: "a://b"}}, writes: [said]}}
        - {{id: last, kind: tool, impl: last.mjs}}
        """,
        "\n".join(f"- {{from: first, to: {after}}}" for after in ("ask", "code", "load"))
        + "\n- {from: first, to: last, when: $.x > 1}",
        state=STATE,
    )
    return world


def test_what_later_nodes_lack_is_said_first_and_the_run_goes_on(mixed: World, oe: Oe, tmp_path: Path) -> None:
    ran = oe("run", PATH=str(tmp_path))

    heading, *lines = ran.err.splitlines()
    assert heading == "oe: missing on this machine, for nodes that may run:"
    assert [line.partition(";")[0] for line in lines] == [
        "  ask: no key for Anthropic",
        "  code: gemini, which gemini needs, is not on PATH",
        "  load: the server `notes` in mcp.json: `no-such-server` is not on PATH",
        "  last: node is not on PATH",
    ]
    assert mixed.executed() == ["first"]

    plan = json.loads(oe("run", "--plan", "--json", PATH=str(tmp_path)).out)
    kinds = [(need["kind"], need["name"], need["nodes"]) for need in plan["needs"]]
    assert kinds == [
        ("key", "ANTHROPIC_API_KEY", ["ask"]),
        ("program", "gemini", ["code"]),
        ("server", "notes", ["load"]),
        ("program", "node", ["last"]),
    ]
    checked = json.loads(oe("doctor", "--json", PATH=str(tmp_path)).out)["checks"]
    assert [each["detail"] for each in checked if each["name"] == "nodes"] == [line.strip() for line in lines]


def test_a_resume_needs_nothing_for_what_it_restores(asking: World, oe: Oe, env: dict[str, str]) -> None:
    assert oe("run", **env).code == 0

    restored = oe("resume", "latest", ANTHROPIC_API_KEY="")
    asked = oe("resume", "latest", "--rerun", "ask", ANTHROPIC_API_KEY="")
    alone = oe("resume", "latest", "--isolated", "ask", ANTHROPIC_API_KEY="")

    assert (restored.code, restored.err) == (0, "")
    assert (asked.code, NO_KEY in asked.err) == (1, True)
    assert (alone.code, NO_KEY in alone.err) == (1, True)
    assert len(asking.store.run_ids()) == 2
