"""Worker processes: reuse, crashes, cancellation, and what tools find in them."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.nodes.kind import NodeError
from engine.nodes.processes.environment import cores
from engine.nodes.tool import ToolKind
from engine.nodes.workers import worker
from engine.nodes.workers.pool import Program, WorkerPool
from tests.unit.nodes.conftest import Bench

PID = "import os\ndef run(i):\n    return {'edge_output': os.getpid()}\n"
ANNOUNCE = "open(i['fifo'], 'w').write(' '.join(map(str, [os.getpid(), child.pid])))"
HANG = f"""
import os, signal, subprocess
def run(i):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(['sh', '-c', 'trap "" TERM; while :; do sleep 60; done'])
    {ANNOUNCE}
    {{}}
"""
BUSY_PYTHON = HANG.format("while True: pass")
HOLDS_THE_INTERPRETER_LOCK = HANG.format("import re; re.match('(a+)+$', 'a' * 64 + 'b')")
BUSY_NODE = """
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
export default ({ fifo }) => {
  process.on('SIGTERM', () => {});
  const child = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 60; done']);
  writeFileSync(fifo, `${process.pid} ${child.pid}`);
  for (;;);
};
"""


def make_fifo(bench: Bench) -> Path:
    fifo = bench.directory / "announced"
    os.mkfifo(fifo)
    return fifo


async def announced(fifo: Path) -> list[int]:
    """The process ids that a tool writes once it and its child run."""
    return [int(pid) for pid in (await asyncio.to_thread(fifo.read_text)).split()]


async def gone(pid: int) -> None:
    """Returns when no such process runs any more."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(descriptor)
    os.close(descriptor)


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])


async def test_a_worker_is_reused(bench: Bench) -> None:
    bench.write("tools/pid.py", PID)

    pids = {(await bench.call("tools/pid.py")).output.edge_output for _ in range(5)}

    assert len(pids) == 1


async def test_two_hundred_calls_at_once_are_answered_by_two_workers(bench: Bench) -> None:
    bench.write(
        "tools/pid.py", "import os\ndef run(i):\n    return {'state_delta': {'pid': os.getpid(), 'n': i['n']}}\n"
    )

    outcomes = await asyncio.gather(*(bench.call("tools/pid.py", n=n) for n in range(200)))

    assert [outcome.output.state_delta["n"] for outcome in outcomes] == list(range(200))
    assert len({outcome.output.state_delta["pid"] for outcome in outcomes}) == 2


async def test_python_and_node_take_turns_when_there_is_room_for_one_worker(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ToolKind(tmp_path, size=1))
    bench.write("tools/a.py", "def run(i): return {'edge_output': 'python'}")
    bench.write("tools/a.mjs", "export default () => ({ edge_output: 'node' });")

    outcomes = await asyncio.gather(*(bench.call(f"tools/a{suffix}") for suffix in (".py", ".mjs", ".py", ".mjs")))
    await bench.kind.close()

    assert [outcome.output.edge_output for outcome in outcomes] == ["python", "node", "python", "node"]


async def test_a_worker_stays_awake_only_where_requests_come_one_after_the_other(tmp_path: Path) -> None:
    pool = WorkerPool(tmp_path, os.environ)
    program = Program((sys.executable, worker.__file__), tmp_path)
    (tmp_path / "now.py").write_text("def run(i):\n    return {}\n")
    said: list[bool] = []

    async def ask() -> None:
        said.append(pool.one_by_one)
        request = {"id": 1, "file": str(tmp_path / "now.py"), "function": None, "input": {}, "linger": said[-1]}
        await pool.ask(program, json.dumps(request).encode() + b"\n", lambda _: None)

    await ask()
    await ask()
    await asyncio.gather(ask(), ask())
    await ask()
    await ask()
    await pool.close()

    spare = cores() > 1
    assert said == [spare, spare, spare, False, False, spare]


def test_staying_awake_ends_with_a_request_and_without_one() -> None:
    channel, engine = socket.socketpair()
    poll = select.poll()
    poll.register(channel, select.POLLIN)

    assert not worker.linger(poll)
    engine.send(b"{}\n")
    assert worker.linger(poll)
    channel.recv(3)
    engine.close()
    assert worker.linger(poll), "the closed end counts as a request"
    channel.close()


@pytest.mark.parametrize("length", [65_535, 65_536, 1_000_000])
async def test_replies_of_any_length_arrive_whole(bench: Bench, length: int) -> None:
    bench.write("tools/long.py", "def run(i):\n    return {'edge_output': 'x' * i['length']}\n")

    outcome = await bench.call("tools/long.py", length=length)

    assert outcome.output.edge_output == "x" * length


NOISY_PYTHON = """
import os, sys
print('{"id": 1}')
def run(i):
    print('x' * 100_000)
    os.write(1, b'{}\\n')
    os.write(2, b'\\xff\\n')
    os.system('echo from a child')
    return {'edge_output': sys.stdin.read()}
"""
NOISY_NODE = """
import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
console.log('{"id": 1}');
export default () => {
  console.log('x'.repeat(100_000));
  process.stderr.write('{}\\n');
  execSync('echo from a child', { stdio: 'inherit' });
  return { edge_output: readFileSync(0, 'utf8') };
};
"""


@pytest.mark.parametrize(("file", "source"), [("a.py", NOISY_PYTHON), ("a.mjs", NOISY_NODE)])
async def test_prints_do_not_reach_the_channel_and_stdin_is_empty(bench: Bench, file: str, source: str) -> None:
    bench.write(file, source)

    outcomes = [await bench.call(file) for _ in range(3)]

    assert [outcome.output.edge_output for outcome in outcomes] == ["", "", ""]


CRASHES = [
    ("a.py", "import os\ndef run(i):\n    print('almost')\n    os._exit(7)\n", "ended with exit code 7"),
    ("a.py", "import os\ndef run(i):\n    print('almost')\n    os.kill(os.getpid(), 11)\n", "was killed by SIGSEGV"),
    ("a.mjs", "export default () => { console.log('almost'); process.exit(7); };", "ended with exit code 7"),
    ("a.mjs", "export default () => { console.log('almost'); process.abort(); };", "was killed by SIGABRT"),
]


@pytest.mark.parametrize(("file", "source", "how"), CRASHES)
async def test_a_crash_costs_one_call_and_shows_what_was_printed_last(
    bench: Bench, file: str, source: str, how: str
) -> None:
    bench.write(f"tools/{file}", source)
    bench.write("tools/pid.py", PID)

    with pytest.raises(NodeError) as raised:
        await bench.call(f"tools/{file}")

    assert raised.value.info.type == "ToolCrashed"
    assert f"the process of tools/{file} " in raised.value.info.message
    assert how in raised.value.info.message
    assert "almost" in raised.value.info.message
    assert (await bench.call("tools/pid.py")).output.edge_output


async def test_a_crash_shows_the_last_four_kilobytes_of_output(bench: Bench) -> None:
    bench.write("a.py", "import os\nprint('first' + 'x' * 100_000 + 'last')\ndef run(i):\n    os._exit(1)\n")

    with pytest.raises(NodeError) as raised:
        await bench.call("a.py")

    assert raised.value.info.message.endswith("xlast")
    assert 4_000 < len(raised.value.info.message) < 4_300


async def test_a_worker_that_died_while_it_was_idle_is_replaced(bench: Bench) -> None:
    bench.write("tools/pid.py", PID)
    first = (await bench.call("tools/pid.py")).output.edge_output
    assert isinstance(first, int)

    supervisor = parent_of(first)
    os.kill(first, signal.SIGKILL)
    await gone(supervisor)
    for _ in range(3):
        await asyncio.sleep(0)  # what the loop already knows reaches the pool
    second = (await bench.call("tools/pid.py")).output.edge_output

    assert second != first


@pytest.mark.parametrize(("file", "source"), [("hang.py", BUSY_PYTHON), ("hang.mjs", BUSY_NODE)])
async def test_cancelling_ends_a_stubborn_tool_and_its_children_before_it_returns(
    bench: Bench, file: str, source: str
) -> None:
    bench.write(file, source)
    bench.write("pid.py", PID)
    fifo = make_fifo(bench)
    call = asyncio.create_task(bench.call(file, fifo=str(fifo)))
    tool, child = await announced(fifo)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await asyncio.wait_for(gone(tool), 1)
    await asyncio.wait_for(gone(child), 1)
    assert (await bench.call("pid.py")).output.edge_output


ENGINE = """
import asyncio, sys
from pathlib import Path
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench
directory = Path(sys.argv[1])
asyncio.run(Bench(directory, ToolKind(directory)).call(sys.argv[2], fifo=sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("file", "source"),
    [("hang.py", BUSY_PYTHON), ("hang.py", HOLDS_THE_INTERPRETER_LOCK), ("hang.mjs", BUSY_NODE)],
    ids=["busy Python", "Python that holds the interpreter lock", "busy Node"],
)
async def test_tools_and_their_children_end_when_the_engine_is_killed(bench: Bench, file: str, source: str) -> None:
    bench.write(file, source)
    fifo = make_fifo(bench)
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", ENGINE, bench.directory, file, fifo)
    tool, child = await announced(fifo)

    engine.kill()
    await engine.wait()

    await asyncio.wait_for(gone(tool), 2)
    await asyncio.wait_for(gone(child), 2)


async def test_closing_lets_idle_workers_end_by_themselves(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write(
        "a.py",
        "import atexit, pathlib\natexit.register(lambda: pathlib.Path('ended').touch())\n"
        "def run(i):\n    return {'edge_output': 1}\n",
    )
    await bench.call("a.py")

    await bench.kind.close()

    assert (tmp_path / "ended").exists()


async def test_tools_inherit_the_environment_without_the_llm_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "OF_THE_USER"):
        monkeypatch.setenv(name, "value")
    bench = Bench(tmp_path, ToolKind(tmp_path))
    bench.write(
        "a.py",
        "import os\ndef run(i):\n    return {'edge_output': [k for k, v in os.environ.items() if v == 'value']}\n",
    )
    bench.write(
        "a.mjs",
        "export default () => ({ edge_output: Object.keys(process.env).filter((k) => process.env[k] === 'value') });",
    )

    seen = [(await bench.call(file)).output.edge_output for file in ("a.py", "a.mjs")]
    await bench.kind.close()

    assert seen == [["OF_THE_USER"], ["OF_THE_USER"]]


async def test_a_tool_runs_in_the_folder_of_the_experience_even_after_another_left_it(bench: Bench) -> None:
    bench.write(
        "tools/a.py",
        "import os\ndef run(i):\n    here = os.getcwd()\n    os.chdir('/')\n    return {'edge_output': here}\n",
    )

    seen = [(await bench.call("tools/a.py")).output.edge_output for _ in range(2)]

    assert seen == [str(bench.directory)] * 2


async def test_local_modules_are_imported_from_the_tools_folder_and_the_experience(bench: Bench) -> None:
    for folder in ("one", "two"):
        bench.write(f"{folder}/helpers.py", f"NAME = {folder!r}\n")
        bench.write(
            f"{folder}/a.py",
            "from helpers import NAME\nfrom lib.shared import x\ndef run(i):\n    return {'edge_output': NAME + x}\n",
        )
        bench.write(
            f"{folder}/a.mjs", "import { name } from './helpers.mjs';\nexport default () => ({ edge_output: name });\n"
        )
        bench.write(f"{folder}/helpers.mjs", f"export const name = '{folder}';\n")
    bench.write("lib/shared.py", "x = '!'\n")

    seen = [
        (await bench.call(impl)).output.edge_output
        for impl in ("one/a.py", "two/a.py", "one/a.py", "one/a.mjs", "two/a.mjs")
    ]

    assert seen == ["one!", "two!", "one!", "one", "two"]


async def test_a_tool_named_like_a_module_of_the_standard_library_does_not_replace_it(bench: Bench) -> None:
    bench.write("tools/email.py", "import urllib.request\ndef run(i):\n    return {'edge_output': 'sent'}\n")

    assert (await bench.call("tools/email.py")).output.edge_output == "sent"


@pytest.mark.parametrize("changed", ["tools/a.py", "tools/helper.py"])
async def test_a_python_tool_is_reloaded_when_it_or_its_local_module_changed(bench: Bench, changed: str) -> None:
    bench.write("tools/helper.py", "value = 1\n")
    bench.write(
        "tools/a.py", "import helper\nfactor = 1\ndef run(i):\n    return {'edge_output': helper.value * factor}\n"
    )
    before = (await bench.call("tools/a.py")).output.edge_output

    file = bench.directory / changed
    bench.write(changed, file.read_text().replace("= 1", "= 5"))
    after = (await bench.call("tools/a.py")).output.edge_output

    assert (before, after) == (1, 5)


async def test_a_node_tool_is_reloaded_when_it_changed(bench: Bench) -> None:
    bench.write("a.mjs", "export default () => ({ edge_output: 1 });\n")
    before = (await bench.call("a.mjs")).output.edge_output

    bench.write("a.mjs", "export default () => ({ edge_output: 25 });\n")
    after = (await bench.call("a.mjs")).output.edge_output

    assert (before, after) == (1, 25)


async def test_loading_tools_leaves_no_files_behind(bench: Bench) -> None:
    bench.write("tools/helper.py", "value = 1\n")
    bench.write("tools/a.py", "import helper\ndef run(i):\n    return {'edge_output': helper.value}\n")

    await bench.call("tools/a.py")

    assert {file.name for file in bench.directory.rglob("*")} == {"tools", "helper.py", "a.py"}


def test_the_python_worker_runs_under_the_oldest_python_it_promises() -> None:
    source = Path(ToolKind.execute.__code__.co_filename).with_name("workers").joinpath("worker.py").read_text()

    compile(source, "worker.py", "exec", dont_inherit=True)
    newer = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))"

    assert subprocess.run([sys.executable, "-c", newer], input=source, text=True, check=False).returncode == 0
