"""What a JavaScript tool leaves in its process reaches no other call; a late error fails the call that caused it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.canonical import hash_bytes
from engine.expressions import Json
from engine.nodes.kind import NodeError
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench, tool_work


def is_running(pid: Json) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """With room for one worker, so that calls would share it."""
    return Bench(tmp_path, ToolKind(tmp_path, size=1))


async def test_a_call_that_leaves_nothing_leaves_its_process_to_the_next(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "import { readFile } from 'node:fs/promises';\n"
        "import { execFileSync } from 'node:child_process';\n"
        "export default async () => {\n"
        "  await readFile(new URL(import.meta.url));\n"
        "  await new Promise((done) => setTimeout(done, 1));\n"
        "  execFileSync('true');\n"
        "  await fetch('http://127.0.0.1:1').catch(() => {});\n"
        "  new Blob([]); new Headers(); new TextEncoder(); console.log('printed');\n"
        "  return { edge_output: process.pid };\n"
        "};\n",
    )

    pids = {(await bench.call("a.mjs")).output.edge_output for _ in range(4)}
    await bench.kind.close()

    assert len(pids) == 1


CHANGES = {
    "the environment": ("process.env.TZ = 'Asia/Tokyo'", "[process.env.TZ ?? null, new Date(0).getHours()]"),
    "a variable that is gone": ("delete process.env.PATH", "process.env.PATH"),
    "the working directory": ("process.chdir('/')", "process.cwd()"),
    "the umask": ("process.umask(process.umask() ^ 0o7)", "process.umask()"),
    "the title": ("process.title = 'mine'", "process.title"),
    "the arguments": ("process.argv.push('mine')", "process.argv.length"),
    "the exit code": ("process.exitCode = 3", "process.exitCode ?? null"),
    "a listener": ("process.on('unhandledRejection', () => {})", "process.listenerCount('unhandledRejection')"),
    "a listener of a signal": ("process.on('SIGTERM', () => {})", "process.listenerCount('SIGTERM')"),
    "no listeners": ("process.removeAllListeners()", "process.listenerCount('uncaughtException')"),
    "a global": ("globalThis.shared = 1", "typeof shared"),
    "a global that was lazy": ("globalThis.Blob = class {}", "new Blob(['a']).size"),
    "a patched global": ("globalThis.fetch = () => {}", "fetch.name"),
    "a patched clock": ("Date.now = () => 0", "Date.now() > 0"),
    "a patched prototype": ("Array.prototype.last = function () {}", "typeof [].last"),
    "a replaced method": ("String.prototype.trim = () => 'x'", "' a '.trim()"),
    "patched JSON": ("JSON.stringify = () => '{}'", "JSON.stringify([1])"),
    "a patched module of Node": ("fs.readFileSync = () => 'x'", "fs.readFileSync('/dev/null', 'utf8')"),
    "standard output": ("process.stdout.write = () => true", "Object.hasOwn(process.stdout, 'write')"),
    "the console": ("console.log = () => {}", "console.log.toString().includes('native')"),
    "a closed stream": ("fs.closeSync(0)", "fs.fstatSync(0).isCharacterDevice()"),
    "patched timers": ("globalThis.setTimeout = (done) => done()", "setTimeout.name"),
    "the stack of errors": ("Error.stackTraceLimit = 1", "Error.stackTraceLimit"),
}
"""What a call does to its process, and what the next one sees of it."""


@pytest.mark.parametrize("change", CHANGES)
async def test_what_a_call_changes_in_its_process_does_not_reach_the_next(bench: Bench, change: str) -> None:
    done, seen = CHANGES[change]
    bench.write("changes.mjs", f"import fs from 'node:fs';\nexport default () => {{ {done}; return {{}}; }};\n")
    bench.write("sees.mjs", f"import fs from 'node:fs';\nexport default () => ({{ edge_output: {seen} }});\n")

    before = (await bench.call("sees.mjs")).output.edge_output
    await bench.call("changes.mjs")
    after = (await bench.call("sees.mjs")).output.edge_output
    await bench.kind.close()

    assert after == before


async def test_what_a_module_changes_when_it_is_loaded_stays_with_its_node_and_reaches_no_other(bench: Bench) -> None:
    dotenv = bench.write("dotenv.mjs", "process.env.GREETING ??= 'from a file';\nsetInterval(() => {}, 1000);\n")
    sees = "export default () => ({ edge_output: [process.pid, process.env.GREETING ?? null] });\n"
    tool = bench.write("a.mjs", f"import './dotenv.mjs';\n{sees}")
    bench.write("b.mjs", sees)
    digests = {file: hash_bytes(file.read_bytes()) for file in (tool, dotenv)}
    node = replace(tool_work("a.mjs", {}), digests=digests)

    first, second = [(await bench.kind.execute(node, bench.watcher)).output.edge_output for _ in range(2)]
    other = (await bench.call("b.mjs")).output.edge_output
    again = (await bench.kind.execute(node, bench.watcher)).output.edge_output
    await bench.kind.close()

    assert first == second, "one process serves the node, which has its variable each time"
    assert isinstance(first, list)
    assert isinstance(other, list)
    assert isinstance(again, list)
    assert [first[1], other[1], again[1]] == ["from a file", None, "from a file"]


LEFT = {
    "setTimeout(() => { throw new Error('late'); }, 20)": "a timer",
    "setTimeout(() => Promise.reject(new Error('late')), 20)": "a timer",
    "setInterval(() => { throw new Error('late'); }, 20)": "a timer",
    "net.connect(Number(port), '127.0.0.1')": "a connection",
    "net.createServer().listen(0)": "a server",
    "spawn('sleep', ['60'])": "a child process",
    "fs.watch('.')": "a file watcher",
    "new Worker('setTimeout(() => {}, 60_000)', { eval: true })": "a worker thread",
}


@pytest.mark.parametrize("left", LEFT)
async def test_what_a_call_leaves_running_ends_with_its_process_and_is_named_once(bench: Bench, left: str) -> None:
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bench.write(
        "leaves.mjs",
        "import net from 'node:net'; import fs from 'node:fs'; import { spawn } from 'node:child_process';\n"
        "import { Worker } from 'node:worker_threads';\n"
        f"export default ({{ port }}) => {{ {left}; return {{ edge_output: process.pid }}; }};\n",
    )
    bench.write("pid.mjs", "export default () => ({ edge_output: process.pid });\n")

    pids = [(await bench.call(impl, port=port)).output.edge_output for impl in ("leaves.mjs", "leaves.mjs", "pid.mjs")]
    await bench.kind.close()
    server.close()

    assert len(set(pids)) == 3
    assert [is_running(pid) for pid in pids] == [False] * 3
    assert len(bench.watcher.warnings) == 1
    assert f"leaves.mjs returned while {LEFT[left]}" in bench.watcher.warnings[0]


async def test_what_was_begun_to_be_written_is_written_before_the_process_ends(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "import { createWriteStream } from 'node:fs';\n"
        "export default () => {\n"
        "  const file = createWriteStream('log.txt');\n"
        "  for (let i = 0; i < 200; i++) file.write('x'.repeat(100_000));\n"
        "  file.end();\n"
        "  setTimeout(() => {}, 60_000);\n"
        "  return {};\n"
        "};\n",
    )

    await bench.call("a.mjs")
    await bench.kind.close()

    assert (bench.directory / "log.txt").stat().st_size == 20_000_000


AT_ONCE = [
    "Promise.reject(new TypeError('nobody waits'))",
    "(async () => { await null; throw new TypeError('nobody waits'); })()",
    "setImmediate(() => { throw new TypeError('nobody waits'); })",
    "process.nextTick(() => { throw new TypeError('nobody waits'); })",
    "queueMicrotask(() => { throw new TypeError('nobody waits'); })",
    "process.nextTick(() => new EventEmitter().emit('error', new TypeError('nobody waits')))",
]


@pytest.mark.parametrize("left", AT_ONCE)
async def test_an_error_that_nobody_awaits_fails_its_own_node(bench: Bench, left: str) -> None:
    bench.write(
        "a.mjs",
        f"import {{ EventEmitter }} from 'node:events';\nexport default () => {{ {left}; return {{}}; }};\n",
    )
    bench.write("pid.mjs", "export default () => ({ edge_output: process.pid });\n")
    await bench.call("pid.mjs")

    with pytest.raises(NodeError) as raised:
        await bench.call("a.mjs")
    await bench.call("pid.mjs")
    await bench.kind.close()

    assert raised.value.info.type == "TypeError"
    assert "TypeError: nobody waits" in raised.value.info.message
    assert raised.value.info.location is not None
    assert (raised.value.info.location.file, raised.value.info.location.line) == ("a.mjs", 2)


async def test_an_error_outside_the_call_fails_its_own_node_at_once(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "export default () => {\n  setTimeout(() => {\n    none();\n  }, 5);\n  return new Promise(() => {});\n};\n",
    )

    with pytest.raises(NodeError) as raised:
        await bench.call("a.mjs")
    await bench.kind.close()

    assert raised.value.info.message == (
        "ReferenceError: none is not defined, in something that the tool started and did not await (a.mjs:3)"
    )


async def test_a_tool_that_handles_rejections_itself_is_left_to_it(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "export default async () => {\n"
        "  const heard = new Promise((done) => process.on('unhandledRejection', (e) => done(e.message)));\n"
        "  Promise.reject(new Error('heard'));\n"
        "  return { edge_output: await heard };\n"
        "};\n",
    )

    assert (await bench.call("a.mjs")).output.edge_output == "heard"
    await bench.kind.close()


UNSEEN = {
    "an error in a timer that keeps nothing awake": "throw new Error('late')",
    "a rejection": "Promise.reject(new Error('late'))",
    "an exit": "process.exit(3)",
}
"""What a timer does that Node does not count, since it keeps no process awake."""


@pytest.mark.parametrize("what", UNSEEN)
async def test_a_late_error_of_one_call_repeats_another_in_a_new_process(bench: Bench, what: str) -> None:
    bench.write(
        "leaves.mjs",
        "import fs from 'node:fs';\n"
        "export default () => {\n"
        "  const look = setInterval(() => {\n"
        f"    if (fs.existsSync('working')) {{ clearInterval(look); {UNSEEN[what]}; }}\n"
        "  }, 1).unref();\n"
        "  return { edge_output: process.pid };\n"
        "};\n",
    )
    bench.write(
        "works.mjs",
        "import fs from 'node:fs';\n"
        "export default async ({ first }) => {\n"
        "  fs.appendFileSync('pids', `${process.pid} `);\n"
        "  if (process.pid !== first) return { edge_output: process.pid };\n"
        "  fs.writeFileSync('working', '');\n"
        "  await new Promise(() => setTimeout(() => {}, 60_000));\n"
        "};\n",
    )

    first = (await bench.call("leaves.mjs")).output.edge_output
    second = (await bench.call("works.mjs", first=first)).output.edge_output
    await bench.kind.close()

    assert (bench.directory / "pids").read_text() == f"{first} {second} "


async def test_a_call_that_leaves_a_rejection_fails_no_other_call(bench: Bench) -> None:
    bench.write(
        "a.mjs",
        "export default async ({ n }) => {\n"
        "  if (n === 0) setTimeout(() => Promise.reject(new Error('telemetry is down')), 30);\n"
        "  await new Promise((done) => setTimeout(done, 20));\n"
        "  return { edge_output: n };\n"
        "};\n",
    )

    answers = await asyncio.gather(*(bench.call("a.mjs", n=n) for n in range(6)))
    await bench.kind.close()

    assert [answer.output.edge_output for answer in answers] == list(range(6))
