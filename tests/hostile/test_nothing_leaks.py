"""A run in which everything that can leak a secret does: nothing that it leaves, prints or sends holds one."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.lsp.editor import Editor
from tests.standins.messages_api import MessagesApi, text
from tests.standins.rows_api import RowsApi, json_answer
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, Called, call
from tests.support.worlds import World

ARG = 'arg/s3cret+"ü?-0123456789-abcdefghijklmnopqrstuvwxyz'
KEY = "sk-ant-api03-" + "K3y" * 20
HEADER = "header-t0ken-9876543210"
PIN = 48151623

NODES = """
- {id: prints, kind: tool, impl: prints.py, writes: [x]}
- {id: large, kind: tool, impl: large.py, writes: [y]}
- {id: raises, kind: tool, impl: raises.py, on_error: {policy: skip}}
- {id: crashes, kind: tool, impl: crashes.py, on_error: {policy: skip}}
- {id: wrong, kind: tool, impl: wrong.py, writes: [number], on_error: {policy: skip}}
- {id: rows, kind: dataset, source: {type: http, url: "URL/rows", headers: {X-Key: "${ROWS_TOKEN}"}}, writes: [rows]}
- {id: asks, kind: agent, prompt: "The token is {{$args.token}}.", writes: [said]}
- {id: codes, kind: cli-agent, provider: claude-code, prompt: "The token is {{$args.token}}.", writes: [coded]}
"""
STATE = "x: {persist: true}\ny: {}\nnumber: {type: number}\nrows: {type: array}\nsaid: {type: string}\ncoded: {}"
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
    agents.answers({"when": "", "answer": f"You said {ARG}.", "progress": [f"thinking of {ARG}"]})
    world = World(tmp_path / "world")
    with RowsApi({"/rows": json_answer([{"echo": HEADER}])}) as rows, MessagesApi(text(f"It is {ARG}.")) as llm:
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
        world.tool("large", SPREAD + "return {'state_delta': {'y': ' '.join(forms * 1000)}}")
        world.tool("raises", SPREAD + "raise ValueError(' '.join(forms))")
        world.tool("crashes", SPREAD + "import os\nprint('.' * 5000, *forms, flush=True)\nos._exit(3)")
        world.tool("wrong", SPREAD + "return {'state_delta': {'number': 'is ' + token + token}}")
        yield world


def run(world: World, *options: str) -> Called:
    args = json.dumps({"token": ARG, "pin": PIN})
    keys = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": os.environ["OE_TEST_LLM"]}
    return call([*OE, "run", *options, "--args", args], world.folder, keys)


def leaks(where: str, content: bytes) -> list[str]:
    return [f"{where}: {shape!r}" for shape in shapes() if shape in content]


async def test_nothing_that_a_run_leaves_prints_or_sends_holds_a_secret(world: World) -> None:
    done = run(world, "--log-format", "json", "--log-level", "debug")
    pretty = run(world, "--log-level", "debug")
    assert {"asks", "codes", "rows", "prints", "large"} <= {
        str(line["nodeId"]) for line in done.lines if line["msg"] == "node.completed"
    }, done.out + done.err
    [run_id] = {str(line["runId"]) for line in done.lines if line["msg"] == "run.started"}
    commands = (
        *(f"inspect {run_id}", f"inspect {run_id} --json", f"inspect {run_id} --html page.html", "runs --json"),
        *("state", "state x --history", f"diff {run_id} latest", f"resume {run_id} --plan"),
    )
    seen = [call([*OE, *command.split()], world.folder) for command in commands]
    async with Editor(world.folder) as editor:
        uri = editor.open()
        told = [await editor.diagnostics_of(uri), await editor.lenses(uri)]
        told += [await editor.ask("oe/runs", uri=uri), await editor.ask("oe/runState", uri=uri, runId=run_id)]

    found = [leak for called in (done, pretty, *seen) for leak in leaks("terminal", (called.out + called.err).encode())]
    found += leaks("editor", repr(told).encode())
    files = [
        path for path in world.folder.rglob("*") if path.is_file() and not path.is_relative_to(world.folder / "state")
    ]
    found += [leak for path in files for leak in leaks(str(path.relative_to(world.folder)), path.read_bytes())]

    assert found == []
    kept = {path.suffix for path in files}
    assert {".jsonl", ".log", ".sqlite", ".html"} <= kept
