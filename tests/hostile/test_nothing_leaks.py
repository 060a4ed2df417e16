"""A run in which everything that can leak a secret does: nothing that it leaves, prints or sends holds one."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.lsp.editor import Editor
from tests.standins.messages_api import MessagesApi, status, text
from tests.standins.rows_api import RowsApi, json_answer
from tests.standins.scripted_api import Answer
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, Called, call
from tests.support.worlds import World

ARG = 'arg/s3cret+"ü?-0123456789-abcdefghijklmnopqrstuvwxyz'
KEY = "sk-ant-api03-" + "K3y" * 20
HEADER = "header-t0ken-9876543210"
PIN = 48151623

NODES = """
- {id: plain, kind: tool, impl: plain.py, writes: [n]}
- {id: prints, kind: tool, impl: prints.py, writes: [x]}
- {id: large, kind: tool, impl: large.py, writes: [y]}
- {id: raises, kind: tool, impl: raises.py, on_error: {policy: skip}}
- {id: crashes, kind: tool, impl: crashes.py, on_error: {policy: skip}}
- {id: wrong, kind: tool, impl: wrong.py, writes: [number], on_error: {policy: skip}}
- {id: rows, kind: dataset, source: {type: http, url: "URL/rows", headers: {X-Key: "${ROWS_TOKEN}"}}, writes: [rows]}
- {id: asks, kind: agent, prompt: "The token is {{$args.token}}.", writes: [said]}
- {id: refused, kind: agent, prompt: "Refuse {{$args.token}}", writes: [no], on_error: {policy: skip}}
- {id: skilled, kind: skill, impl: ./skill, args: {token: $args.token}, writes: [sorted]}
- {id: unskilled, kind: skill, impl: ./skill, args: {Refuse: $args.token}, writes: [no], on_error: {policy: skip}}
- {id: codes, kind: cli-agent, provider: claude-code, prompt: "The token is {{$args.token}}.", writes: [coded]}
- {id: gives_up, kind: cli-agent, provider: codex, prompt: "Refuse {{$args.token}}", writes: [no],
   on_error: {policy: skip}}
- {id: nests, kind: experience, impl: child/experience.yaml, args: {token: $args.token}, writes: [x]}
- {id: nests_a_failure, kind: experience, impl: failing/experience.yaml, args: {token: $args.token},
   on_error: {policy: skip}}
"""
COMPLETE = {"plain", "prints", "large", "rows", "asks", "skilled", "codes", "nests"}
FAIL = {"raises", "crashes", "wrong", "refused", "unskilled", "gives_up", "nests_a_failure"}
STATE = """
x: {persist: true}
n: {persist: true}
y: {}
number: {type: number}
rows: {type: array}
said: {type: string}
sorted: {}
coded: {}
no: {}
"""
CHILD = """
- {id: echoes, kind: tool, impl: echoes.py, writes: [x]}
- {id: asks_too, kind: agent, prompt: "The token is {{$args.token}}.", writes: [said]}
"""
CHILD_STATE = "x: {}\nsaid: {type: string}"
FAILING = '- {id: fails, kind: tool, impl: fails.py, args: {given: "$args.token"}}'
ARGS = """
args:
  type: object
  properties:
    token: {type: string, writeOnly: true}
    pin: {type: integer, writeOnly: true}
"""
SPREAD = """
import base64, json, sys
from urllib.parse import quote
token = input['_args']['token']
forms = [token, base64.b64encode(('u:' + token).encode()).decode(), quote(token), json.dumps({'t': token})]
"""


def shapes() -> list[bytes]:
    """What no bytes of a run may hold: pieces of the secrets as they are, in base64 and in URLs."""
    token = ARG.encode()
    encoded = [base64.b64encode(b"x" * before + token)[8:40] for before in range(3)]
    plain = [b"0123456789", b"abcdefghijklm", KEY.encode()[13:30], HEADER.encode()[7:], str(PIN).encode()]
    return [*plain, *encoded, quote(ARG).encode()[8:30]]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "*")
    agents = CodingAgents(tmp_path / "agents", monkeypatch)
    agents.answers(
        {"when": "Refuse", "error": f"no to {ARG} and {KEY}", "progress": [f"doubting {ARG}"]},
        {"when": "", "answer": f"You said {ARG}.", "progress": [f"thinking of {ARG}"]},
    )
    world = World(tmp_path / "world")
    with RowsApi({"/rows": json_answer([{"echo": HEADER}])}) as rows, MessagesApi(says_it_again) as llm:
        monkeypatch.setenv("ROWS_TOKEN", HEADER)
        monkeypatch.setenv("OE_TEST_LLM", llm.url)
        world.graph(NODES.replace("URL", rows.url), state=STATE)
        path = world.folder / "experience.yaml"
        path.write_text(path.read_text() + ARGS)
        world.tool(
            "prints",
            SPREAD + "for form in forms:\n    for letter in form:\n        print(letter, end='', flush=True)\n"
            "    print()\nreturn {'state_delta': {'x': [*forms, input['_args']['pin']]}, 'edge_output': {token: 1}}",
        )
        world.tool("plain", "return {'state_delta': {'n': 1}}")
        world.tool("large", SPREAD + "return {'state_delta': {'y': ' '.join(forms * 1000)}}")
        world.tool("raises", SPREAD + "raise ValueError(' '.join(forms))")
        world.tool("crashes", SPREAD + "import os\nprint('.' * 5000, *forms, flush=True)\nos._exit(3)")
        world.tool("wrong", SPREAD + "return {'state_delta': {'number': 'is ' + token + token}}")
        world.write("skill/SKILL.md", "---\nname: sort\ndescription: Sorts.\n---\nSort it.\n")
        child = World(world.folder / "child")
        child.graph(CHILD, state=CHILD_STATE)
        child.tool("echoes", SPREAD + "print(*forms)\nreturn {'state_delta': {'x': forms}}")
        failing = World(world.folder / "failing")
        failing.graph(FAILING)
        failing.tool("fails", SPREAD + "raise ValueError(' '.join(forms) + input['given'])")
        yield world


def says_it_again(request: dict[str, Any]) -> Answer:
    """A model that tells what it was told, also where it refuses."""
    if "Refuse" in json.dumps(request["messages"]):
        return status(400, f"no to {ARG} and {KEY}")
    told = text(f"It is {ARG}.")
    return told(request) if callable(told) else told


def run(world: World, *options: str) -> Called:
    args = json.dumps({"token": ARG, "pin": PIN})
    keys = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": os.environ["OE_TEST_LLM"]}
    return call([*OE, "run", *options, "--args", args], world.folder, keys)


def ends(done: Called, how: str) -> set[str]:
    """The nodes that ended so."""
    return {str(line["nodeId"]) for line in done.lines if line["msg"] == how}


def leaks(where: str, content: bytes) -> list[str]:
    return [f"{where}: {shape!r}" for shape in shapes() if shape in content]


@pytest.mark.long
async def test_nothing_that_a_run_leaves_prints_or_sends_holds_a_secret(world: World) -> None:
    done = run(world, "--log-format", "json", "--log-level", "debug")
    pretty = run(world, "--log-level", "debug")
    assert ends(done, "node.completed") >= COMPLETE, done.out + done.err
    assert ends(done, "node.failed") >= FAIL
    [run_id] = {str(line["runId"]) for line in done.lines if line["msg"] == "run.started"}
    commands = (
        *(f"inspect {run_id}", f"inspect {run_id} --json", f"inspect {run_id} --html page.html", "runs --json"),
        *("state", "state x --history", f"diff {run_id} latest", f"resume {run_id} --plan"),
    )
    seen = [call([*OE, *command.split()], world.folder) for command in commands]
    keys = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": os.environ["OE_TEST_LLM"]}
    secrets = {"OE_ARG_TOKEN": ARG, "OE_ARG_PIN": str(PIN)}
    async with Editor(world.folder, env={**keys, **secrets}) as editor:
        uri = editor.open()
        told = [await editor.diagnostics_of(uri), await editor.lenses(uri)]
        told += [await editor.ask("oe/runs", uri=uri), await editor.ask("oe/runState", uri=uri, runId=run_id)]
        live = (await editor.execute("oe.runExperience", uri, {"args": {"token": ARG, "pin": PIN}}))["runId"]
        await editor.until_event(live, "run.finished")
        assert {f"node.completed {node}" for node in COMPLETE} <= set(editor.events_of(live))
        await editor.until_progress_ends(live)
        told += [editor.events, editor.progress_of(live), editor.log_messages, editor.messages]
        told += [await editor.ask("oe/plan", uri=uri, runId=live), await editor.execute("oe.inspectRun", uri, live)]

    found = [leak for called in (done, pretty, *seen) for leak in leaks("terminal", (called.out + called.err).encode())]
    found += leaks("editor", repr(told).encode())
    files = [
        path for path in world.folder.rglob("*") if path.is_file() and not path.is_relative_to(world.folder / "state")
    ]
    found += [leak for path in files for leak in leaks(str(path.relative_to(world.folder)), path.read_bytes())]

    assert found == []
    kept = {path.suffix for path in files}
    assert {".jsonl", ".log", ".sqlite", ".html"} <= kept
