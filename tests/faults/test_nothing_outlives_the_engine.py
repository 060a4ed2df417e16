"""However an engine ends, nothing that its nodes started is left; and a resume cannot tell one end from another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.log.reading.reader import read_log
from engine.log.storage.lock import is_held
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, call
from tests.support.processes import MARK, wait_for_none
from tests.support.worlds import World

End = Callable[[subprocess.Popen[bytes], World], None]

DAEMON = 'setsid sh -c \'sh -c "trap \\"\\" TERM INT HUP; echo up > {folder}/told; read _ < {folder}/never" &\' &'
"""Forks twice, leaves session and process group, hears no signal that can be ignored."""

PYTHON = """
import subprocess
from recorder import HERE
if not (HERE / "go").exists():
    subprocess.run(["sh", HERE / "daemon.sh"])
    (HERE / "never").read_text()
return {}
"""
NODE = """
import {execFileSync} from 'node:child_process';
import {appendFileSync, existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
const here = new URL('.', import.meta.url).pathname;
export default async () => {
  appendFileSync(here + 'executed.txt', 'busy\\n');
  if (existsSync(here + 'go')) return {};
  execFileSync('sh', [here + 'daemon.sh'], {stdio: 'ignore'});
  await readFile(here + 'never');
};
"""
AGENT = """#!/bin/sh
echo busy >> {folder}/executed.txt
test -e {folder}/go && echo done && exit
sh {folder}/daemon.sh
setsid cat {folder}/never & wait
"""


KINDS = {
    "tool.py": "{id: busy, kind: tool, impl: busy.py}",
    "tool.mjs": "{id: busy, kind: tool, impl: busy.mjs}",
    "cli-agent": "{id: busy, kind: cli-agent, provider: codex, prompt: Work}",
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> World:
    """first → busy, which starts a daemon and then waits for what nobody writes, unless there is a file `go`."""
    world = World(tmp_path)
    world.graph(f"- {{id: first, kind: tool, impl: first.py}}\n- {KINDS[kind]}", "[{from: first, to: busy}]")
    world.tool("first", "return {}")
    world.tool("busy", PYTHON)
    world.write("busy.mjs", NODE)
    CodingAgents(tmp_path, monkeypatch).write("codex", AGENT.format(folder=tmp_path))
    world.write("daemon.sh", DAEMON.format(folder=tmp_path))
    os.mkfifo(tmp_path / "told")
    os.mkfifo(tmp_path / "never")
    return world


def kill(engine: subprocess.Popen[bytes], world: World) -> None:
    engine.kill()


def cancel(engine: subprocess.Popen[bytes], world: World) -> None:
    assert call([*OE, "cancel", world.store.run_ids()[0]], world.folder).code == 0


def interrupt_twice(engine: subprocess.Popen[bytes], world: World) -> None:
    engine.send_signal(signal.SIGINT)
    engine.send_signal(signal.SIGTERM)


ENDS = [
    pytest.param(kind, end, code, marks=() if end is kill or kind == "tool.py" else pytest.mark.long)
    for kind in KINDS
    for end, code in ((kill, -9), (cancel, 130))
]


@pytest.mark.parametrize(("kind", "end", "code"), [*ENDS, ("tool.py", interrupt_twice, 130)])
def test_all_of_it_is_gone_and_a_resume_goes_on_where_it_stopped(world: World, end: End, code: int) -> None:
    mark = uuid.uuid4().hex
    engine = subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "--log-level", "error", "run"],
        cwd=world.folder,
        env={**os.environ, MARK: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert (world.folder / "told").read_text() == "up\n"
    end(engine, world)

    assert engine.wait(30) == code
    wait_for_none(mark)
    (run_id,) = world.store.run_ids()
    assert not is_held(world.store.lock(run_id))
    assert read_log(world.store.log(run_id)).problems == ()
    world.write("go", "")
    assert world.executed() == ["first", "busy"]
    assert call([*OE, "resume", "latest"], world.folder).code == 0
    assert world.executed() == ["busy"]
