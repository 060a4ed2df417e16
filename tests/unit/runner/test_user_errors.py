"""The errors that a user can cause, as the terminal shows them: one clear message each, and nothing is lost.

One run makes all the mistakes at once: each node after `first` goes wrong in its own way. Then they are mended, and a
resume restores what completed. Disks that fail are in test_disk_errors.py; more about each kind of node is in
tests/unit/nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.standins.messages_api import MessagesApi, cut_off, no_message, rubbish, status, text
from tests.standins.scripted_api import Answer, Script
from tests.support.commands import OE, Called, call
from tests.support.processes import gone
from tests.support.worlds import World

STUBBORN = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; print(1, flush=True); "

TOOLS = {
    "returns_a_number": (
        "return 5",
        'returns_a_number.py returned a number; return an object such as {"state_delta": {"field": value}}',
    ),
    "returns_no_json": (
        "return {'state_delta': {'y': {1, 2}}}",
        "returns_no_json.py returned a value that is not JSON: state_delta.y is a set; "
        "return only dicts, lists, strings, numbers, booleans and None",
    ),
    "prints_and_raises": (
        "print('looking')\nraise ValueError('no such city')",
        "ValueError: no such city (prints_and_raises.py:7)",
    ),
    "exits": (
        "import sys\nsys.exit(3)",
        "the tool called sys.exit(3) instead of returning its result (exits.py:7)",
    ),
    "ends_its_process": (
        "import os\nprint('bye', flush=True)\nos._exit(3)",
        "the process of ends_its_process.py ended with exit code 3 before it returned; last output: bye",
    ),
    "hangs": (
        f"""
        import subprocess, sys, time
        from recorder import HERE
        stubborn = [sys.executable, "-c", {STUBBORN + "time.sleep(600)"!r}]
        child = subprocess.Popen(stubborn, stdout=subprocess.PIPE, start_new_session=True)
        child.stdout.readline()
        (HERE / "pid").write_text(str(child.pid))
        time.sleep(600)
        """,
        "hangs took longer than its timeout_ms (3000) and was stopped. Raise it if that is normal.",
    ),
}

DATASETS = {"reads_a_missing_file": "rows.csv does not exist; create it or correct `source.uri`"}

ANSWERS: dict[str, tuple[Script, str]] = {
    "gets_no_json": (rubbish(), "the answer of 127.0.0.1 is truncated; try again"),
    "gets_another_shape": (
        no_message(),
        '127.0.0.1 did not answer with a message ({"hello": "world"}); check ANTHROPIC_BASE_URL',
    ),
    "gets_nothing": (
        text(""),
        "claude-haiku-4-5 returned no text; say in the prompt what to answer, or try again",
    ),
    "gets_half": (
        text("fi", stop_reason="max_tokens"),
        "the answer was cut off after 4096 tokens; raise `max_tokens` of the node",
    ),
}

FIRST_ANSWERS: dict[str, tuple[Script, str]] = {
    "is_told_to_wait": (
        status(429, "slow down", retry_after=0),
        "rate limit exceeded (slow down); set `runtime.limits`, or wait",
    ),
    "is_hung_up_on": (cut_off(), "127.0.0.1 was not reached or hung up (peer closed connection"),
}

MESSAGES = {**{name: said for name, (_, said) in (TOOLS | ANSWERS).items()}, **DATASETS}
NODES = [*TOOLS, *DATASETS, *ANSWERS, *FIRST_ANSWERS]


def node(name: str) -> str:
    """The node that makes the mistake `name`."""
    if name in TOOLS:
        return f"{{id: {name}, kind: tool, impl: {name}.py, timeout_ms: 3000, writes: [y]}}"
    if name in DATASETS:  # by a reference, so that only the run can find out
        return f"{{id: {name}, kind: dataset, source: {{type: file, uri: $.file}}, writes: [y]}}"
    return f"{{id: {name}, kind: agent, model: claude-haiku-4-5, prompt: {name}, writes: [y]}}"


@dataclass(frozen=True)
class Told:
    """How the run with all the mistakes went, and the resume after they were mended."""

    world: World
    run: Called
    ran: list[str]
    resumed: Called
    ran_again: list[str]

    def said(self, name: str) -> str:
        """What the terminal says about the node that failed, in one line."""
        lines = self.run.out.partition(f"✗ {name} ")[2]
        return " ".join(re.split(r"\n *\W ", lines)[0].split())  # every other line begins with a sign


def wrong_answers() -> Script:
    """What the model says while everything goes wrong."""
    refused: set[str] = set()

    def answer(request: dict[str, Any]) -> Answer:
        name = request["messages"][0]["content"]
        known = ANSWERS | FIRST_ANSWERS if name not in refused else ANSWERS
        refused.add(name)
        script = known[name][0] if name in known else text("fine")
        return script(request) if callable(script) else script

    return answer


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    world = World(tmp_path_factory.mktemp("mistakes"))
    nodes = "\n".join(f"- {node(name)}" for name in NODES)
    edges = ", ".join(f"{{from: first, to: {name}}}" for name in NODES)
    world.graph(
        f"- {{id: first, kind: tool, impl: first.py, writes: [x]}}\n{nodes}",
        f"[{edges}]",
        "x: {type: number}\ny: {}\nfile: {default: rows.csv}",
    )
    world.tool("first", "return {'state_delta': {'x': 1}}")
    for name, (body, _) in TOOLS.items():
        world.tool(name, body)

    with MessagesApi(wrong_answers()) as api:
        env = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "sk-key-of-the-test"}
        run, ran = call([*OE, "run"], world.folder, env), world.executed()

    world.write("rows.csv", "a,b\n1,2\n")
    for name in TOOLS:
        world.tool(name, "return {'state_delta': {'y': 2}}")
    with MessagesApi(text("fine")) as api:
        env["ANTHROPIC_BASE_URL"] = api.url
        resumed = call([*OE, "resume", "latest"], world.folder, env)
    yield Told(world, run, ran, resumed, world.executed())


@pytest.mark.parametrize(("name", "message"), MESSAGES.items(), ids=MESSAGES)
def test_each_mistake_has_one_clear_message(told: Told, name: str, message: str) -> None:
    assert told.said(name) == message


@pytest.mark.parametrize("name", FIRST_ANSWERS)
def test_a_provider_that_fails_once_costs_a_wait_that_is_shown(told: Told, name: str) -> None:
    assert FIRST_ANSWERS[name][1] in told.run.out
    assert f"✓ {name} " in told.run.out


def test_a_mistake_costs_its_own_node_and_the_run_says_how_to_go_on(told: Told) -> None:
    assert (told.run.code, told.run.err) == (1, "")
    assert told.ran[0] == "first"
    assert sorted(told.ran) == sorted(["first", *TOOLS])
    assert f"{1 + len(FIRST_ANSWERS)} completed, {len(MESSAGES)} failed" in told.run.out
    assert "Resume with: oe resume" in told.run.out


def test_once_they_are_mended_a_resume_restores_what_completed(told: Told) -> None:
    assert told.resumed.code == 0
    assert sorted(told.ran_again) == sorted(TOOLS)
    assert f"{1 + len(FIRST_ANSWERS)} cached, {len(MESSAGES)} completed" in told.resumed.out


def test_a_grandchild_that_refuses_to_die_ends_with_its_node(told: Told) -> None:
    """It ignores every signal that can be ignored, in a session of its own."""
    assert gone(int((told.world.folder / "pid").read_text()))


def test_a_tool_that_only_prints_does_nothing_wrong(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "import sys\nprint('{\"ok\": false}')\nprint('hm', file=sys.stderr)\nreturn {}")

    assert call([*OE, "run"], tmp_path).code == 0
    (kept,) = world.store.data.glob("output/*/*.log")
    assert kept.read_text() == '{"ok": false}\nhm\n'


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("{", 2, "--args is not JSON ("),
        ("[1]", 2, """--args must be a JSON object such as '{"city": "Oslo"}', not [1]"""),
        ("{}", 1, "oe: the run args do not fit what the experience declares: the arg `city` is missing"),
        (
            '{"city": 5}',
            1,
            "oe: the run args do not fit what the experience declares: the arg `city` must be text, not the number 5",
        ),
    ],
)
def test_bad_args_are_said_before_anything_runs(tmp_path: Path, given: str, code: int, said: str) -> None:
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {}")
    with (tmp_path / "experience.yaml").open("a") as file:
        file.write("args: {type: object, required: [city], properties: {city: {type: string}}}\n")

    refused = call([*OE, "run", "--args", given], tmp_path)

    assert refused.code == code
    assert said in refused.err
    assert not world.store.data.exists()
