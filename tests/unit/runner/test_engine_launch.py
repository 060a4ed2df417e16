"""Engines outlive the server, and their output is kept (engine/runner/launch.py)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.runner.launch import start_engine

SECONDS = 20


@pytest.fixture
def engine_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """From then on an engine is this script, which gets the arguments that follow `-m oe_lsp.entry`."""

    def write(script: str) -> None:
        (tmp_path / "stand_in.py").write_text(script)
        interpreter = tmp_path / "python"
        interpreter.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} {tmp_path}/stand_in.py "$@"\n')
        interpreter.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(interpreter))

    return write


async def test_an_engine_that_closes_its_pipes_has_ended_and_its_output_is_kept(
    engine_does: Callable[[str], None],
) -> None:
    engine_does("import sys; print('one'); print('two'); print('no such file', file=sys.stderr)")

    engine = await start_engine(["run", "x"])
    output = await asyncio.wait_for(engine.output(), SECONDS)

    assert (output.last_line, output.errors) == ("two", "no such file")
    assert not engine.is_connected


async def test_arguments_reach_the_engine_unchanged(engine_does: Callable[[str], None]) -> None:
    engine_does("import sys; print(sys.argv[1:])")

    engine = await start_engine(["--args", '{"a": "$(touch pwned) \'; b"}', "with space"])

    assert (await engine.output()).last_line == str(["--args", '{"a": "$(touch pwned) \'; b"}', "with space"])


async def test_args_of_a_run_are_on_no_command_line_and_may_be_long(engine_does: Callable[[str], None]) -> None:
    engine_does("import sys; print(sys.argv[1:], len(sys.stdin.read()))")
    run_args = json.dumps({"token": "hunter22" * 50_000})

    engine = await start_engine(["run", f"--args={run_args}", "--yes"])

    assert (await engine.output()).last_line == f"{['run', '--args=-', '--yes']} {len(run_args)}"


async def test_the_engine_does_not_start_in_a_users_folder(
    engine_does: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    engine_does("import os, sys; print(os.getcwd(), sys.stdin.read() == '')")

    engine = await start_engine([])

    assert (await engine.output()).last_line == "/ True"


async def test_only_the_end_of_a_long_output_is_kept(engine_does: Callable[[str], None]) -> None:
    engine_does("import sys; print('x' * 3_000_000); print('last'); sys.stderr.write('e' * 3_000_000)")

    engine = await start_engine([])
    output = await asyncio.wait_for(engine.output(), SECONDS)

    assert output.last_line == "last"
    assert len(output.errors) == 64 * 1024


async def test_the_engine_is_not_a_child_of_the_server_nor_in_its_process_group(
    engine_does: Callable[[str], None],
) -> None:
    engine_does("import os; print(os.getppid(), os.getpgid(0), os.getsid(0))")

    engine = await start_engine([])
    parent, group, session = (await engine.output()).last_line.split()

    assert int(parent) != os.getpid()
    assert int(group) != os.getpgid(0)
    assert int(session) != os.getsid(0)


def test_killing_the_servers_whole_process_group_leaves_the_engine_alive(
    engine_does: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server stand-in that has started an engine stand-in, which waits to be asked through a pipe
    os.mkfifo(tmp_path / "question")
    os.mkfifo(tmp_path / "answer")
    engine_does(
        f"from pathlib import Path\nhere = Path({str(tmp_path)!r})\n"
        "(here / 'answer').write_text((here / 'question').read_text().upper())\n"
    )
    server = textwrap.dedent(f"""
        import asyncio, sys
        sys.executable = {sys.executable!r}
        from engine.runner.launch import start_engine
        async def main():
            engine = await start_engine([])
            print("started", flush=True)
            await engine.output()
        asyncio.run(main())
        """)
    monkeypatch.undo()
    process = subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"

    # When the server is killed with everything in its process group
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(SECONDS)

    # Then the engine answers
    (tmp_path / "question").write_text("still there?")
    assert (tmp_path / "answer").read_text() == "STILL THERE?"
