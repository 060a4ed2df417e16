"""Whatever a Python tool does to its process, the next one finds it as a new interpreter would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import indent

import pytest
import pytest_asyncio

from engine.nodes.kind import NodeError
from engine.nodes.tool import ToolKind
from tests.unit.nodes.conftest import Bench

PROBE = """
import os, sys
def run(given):
    names = {}
    exec(given["imports"], names)
    return {"edge_output": [repr(eval(look, names)) for look in given["looks"]] + [os.getpid()]}
"""

LEAVES: dict[str, tuple[str, str, str]] = {  # what a tool does; what the next one imports, and looks at
    "an environment variable": ("import os; os.environ['LEFT'] = 'x'", "import os", "os.environ.get('LEFT')"),
    "a removed variable": ("import os; del os.environ['PATH']", "import os", "os.environ.get('PATH')"),
    "a variable for children": (
        "import os; os.environ['LEFT'] = 'x'",
        "import os",
        "os.popen('echo left:$LEFT').read()",
    ),
    "the time zone": (
        "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset()",
        "import time",
        "time.strftime('%H:%M %Z', time.localtime(0)), time.tzname",
    ),
    "the time zone, without its variable": (
        "import os, time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); del os.environ['TZ']",
        "import time",
        "time.strftime('%H:%M %Z', time.localtime(0)), time.tzname",
    ),
    "the working directory": ("import os; os.chdir('/')", "import os", "os.getcwd()"),
    "the umask": ("import os; os.umask(0o077)", "import os", "oct(os.umask(0o022))"),
    "a search path": ("import sys; sys.path.insert(0, '/left')", "import sys", "'/left' in sys.path"),
    "another search path": ("import sys; sys.path = ['/left']", "import json, sys", "'/left' in sys.path"),
    "arguments": ("import sys; sys.argv.append('left')", "import sys", "'left' in sys.argv"),
    "replaced streams": ("import io, sys; sys.stdout = sys.stderr = io.StringIO()", "import sys", "sys.stdout.name"),
    "closed streams": ("import sys; sys.stdout.close(); sys.stderr.close(); sys.stdin.close()", "", "print(1)"),
    "detached streams": ("import sys; sys.stdout.detach()", "", "print(1)"),
    "closed descriptors": ("import os; os.close(1); os.close(2)", "import os", "os.write(1, b'.')"),
    "redirected descriptors": (
        "import os; os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
        "import os",
        "os.path.samestat(os.fstat(1), os.stat(os.devnull))",
    ),
    "the encoding of a stream": (
        "import sys; sys.stdout.reconfigure(encoding='ascii')",
        "import sys",
        "sys.stdout.encoding",
    ),
    "the decimal context": (
        "import decimal; decimal.getcontext().prec = 4",
        "import decimal",
        "decimal.Decimal(1) / 3",
    ),
    "the decimal contexts to come": (
        "import decimal; decimal.DefaultContext.prec = 4; decimal.setcontext(decimal.DefaultContext)",
        "import decimal",
        "decimal.Decimal(1) / 3, decimal.DefaultContext.prec",
    ),
    "decimal traps": (
        "import decimal; decimal.getcontext().traps[decimal.DivisionByZero] = False",
        "import decimal",
        "decimal.getcontext().traps[decimal.DivisionByZero]",
    ),
    "the locale": (
        "import locale; locale.setlocale(locale.LC_ALL, 'C')",
        "import locale",
        "locale.setlocale(locale.LC_ALL)",
    ),
    "a signal handler": (
        "import signal; signal.signal(signal.SIGUSR1, lambda *_: None)",
        "import signal",
        "signal.getsignal(signal.SIGUSR1)",
    ),
    "an ignored signal": (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "import signal",
        "signal.getsignal(2)",
    ),
    "blocked signals": (
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])",
        "import signal",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [])",
    ),
    "an alarm": ("import signal; signal.alarm(1)", "import time", "time.sleep(1.2)"),
    "a timer": ("import signal; signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3)", "import time", "time.sleep(0.5)"),
    "a thread that ends everything": (
        "import os, threading, time; "
        "threading.Thread(target=lambda: (time.sleep(0.2), os._exit(3)), daemon=True).start()",
        "import time",
        "time.sleep(0.4)",
    ),
    "a child process": (
        "import subprocess; subprocess.Popen(['sleep', '60'])",
        "import os",
        "os.popen('ps -o comm= --ppid %d' % os.getpid()).read().count('sleep')",
    ),
    "warnings filters": ("import warnings; warnings.simplefilter('error')", "import warnings", "warnings.warn('x')"),
    "the recursion limit": ("import sys; sys.setrecursionlimit(120)", "import sys", "sys.getrecursionlimit()"),
    "the garbage collector": (
        "import gc; gc.disable(); gc.set_threshold(1)",
        "import gc",
        "gc.isenabled(), gc.get_threshold()",
    ),
    "a timeout of sockets": (
        "import socket; socket.setdefaulttimeout(1)",
        "import socket",
        "socket.getdefaulttimeout()",
    ),
    "logging": (
        "import logging; logging.basicConfig(level=1); logging.disable(50)",
        "import logging",
        "logging.root.level, logging.root.handlers, logging.root.manager.disable",
    ),
    "a logger": (
        "import logging; logging.getLogger('app').addHandler(logging.StreamHandler())",
        "import logging",
        "logging.getLogger('app').handlers",
    ),
    "an exception hook": ("import sys; sys.excepthook = print", "import sys", "sys.excepthook is sys.__excepthook__"),
    "a trace function": ("import sys; sys.settrace(lambda *_: None)", "import sys", "sys.gettrace()"),
    "a profiler": ("import sys; sys.setprofile(lambda *_: None)", "import sys", "sys.getprofile()"),
    "resource limits": (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (100, 100))",
        "import resource as r",
        "r.getrlimit(r.RLIMIT_NOFILE)",
    ),
    "a priority": ("import os; os.nice(3)", "import os", "os.nice(0)"),
    "the cores it may use": ("import os; os.sched_setaffinity(0, [0])", "import os", "os.sched_getaffinity(0)"),
    "an event loop policy": (
        "import asyncio\nclass P(asyncio.DefaultEventLoopPolicy): pass\nasyncio.set_event_loop_policy(P())",
        "import asyncio",
        "type(asyncio.get_event_loop_policy()).__name__",
    ),
    "a way to start processes": (
        "import multiprocessing as m; m.set_start_method('spawn')",
        "import multiprocessing as m",
        "m.get_start_method()",
    ),
    "a folder for temporary files": (
        "import tempfile; tempfile.tempdir = '/left'",
        "import tempfile",
        "tempfile.gettempdir()",
    ),
    "a limit of csv": ("import csv; csv.field_size_limit(1)", "import csv", "csv.field_size_limit()"),
    "a patched function": ("import json; json.dumps = repr", "import json", "json.dumps([None])"),
    "a stopped clock": ("import time; time.time = lambda: 0", "import time", "time.time() > 0"),
    "a patched builtin": ("import builtins; builtins.open = None", "", "open is not None"),
    "a new builtin": ("import builtins; builtins.left = 1", "import builtins", "hasattr(builtins, 'left')"),
    "a replaced module": ("import sys; sys.modules['json'] = sys", "import json", "json.__name__"),
    "the environment replaced": ("import os; os.environ = {}", "import os", "'PATH' in os.environ"),
}


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Bench]:
    """One worker for all calls."""
    bench = Bench(tmp_path, ToolKind(tmp_path, size=1))
    yield bench
    await bench.kind.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def untouched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """A worker that only looks, for all tests."""
    folder = tmp_path_factory.mktemp("untouched")
    bench = Bench(folder, ToolKind(folder, size=1))
    bench.write("probe.py", PROBE)
    yield bench
    await bench.kind.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("does, imports, look", LEAVES.values(), ids=LEAVES)
async def test_changes_do_not_reach_the_next_tool(untouched: Bench, does: str, imports: str, look: str) -> None:
    used = Bench(untouched.directory, ToolKind(untouched.directory, size=1))
    used.write("does.py", indent(f"{does}\nreturn {{}}\n", "    ").join(("def run(given):\n", "")))

    expected = await untouched.call("probe.py", imports=imports, looks=[look])
    await used.call("does.py")
    found = await used.call("probe.py", imports=imports, looks=[look])
    await used.kind.close()

    assert isinstance(found.output.edge_output, list) and isinstance(expected.output.edge_output, list)
    assert found.output.edge_output[:-1] == expected.output.edge_output[:-1]


async def test_a_tool_that_leaves_nothing_keeps_its_worker(alone: Bench) -> None:
    alone.write(
        "pid.py", "import os, json, random, logging\ndef run(given):\n    return {'edge_output': os.getpid()}\n"
    )
    alone.write("other.py", "import os\ndef run(given):\n    return {'edge_output': os.getpid()}\n")

    pids = {(await alone.call(file)).output.edge_output for file in ("pid.py", "other.py", "pid.py", "other.py")}

    assert len(pids) == 1


async def test_what_the_top_level_of_a_tool_sets_holds_for_each_of_its_calls(alone: Bench) -> None:
    alone.write(
        "set.py",
        "import decimal, os, sys\nos.environ['MINE'] = 'x'\ndecimal.getcontext().prec = 3\n"
        "sys.setrecursionlimit(4321)\n"
        "def run(given):\n    third = str(decimal.Decimal(1) / 3)\n    decimal.getcontext().prec = 9\n"
        "    return {'edge_output': [os.environ.pop('MINE'), third, sys.getrecursionlimit()]}\n",
    )

    seen = [(await alone.call("set.py")).output.edge_output for _ in range(3)]

    assert seen == [["x", "0.333", 4321]] * 3


async def test_numbers_that_a_tool_seeds_are_the_same_in_each_call_and_no_others(alone: Bench) -> None:
    alone.write(
        "seeded.py", "import random\nrandom.seed(1)\ndef run(given):\n    return {'edge_output': random.random()}\n"
    )
    alone.write("random_one.py", "import random\ndef run(given):\n    return {'edge_output': random.random()}\n")

    seeded = {(await alone.call("seeded.py")).output.edge_output for _ in range(2)}
    free = {(await alone.call("random_one.py")).output.edge_output for _ in range(2)}

    assert (len(seeded), len(free)) == (1, 2)


async def test_a_module_that_can_be_loaded_only_once_in_a_process_is_loaded_in_a_new_one(alone: Bench) -> None:
    (alone.directory / "site-packages").mkdir()
    alone.write("site-packages/registry.py", "names = set()\n")
    once = "import sys\nsys.path.append('site-packages')\nimport registry\n"
    once += "assert not registry.names\nregistry.names.add(1)\n"
    for name in ("one.py", "two.py"):
        alone.write(name, once + "def run(given):\n    return {'edge_output': 'fine'}\n")

    seen = [(await alone.call(file)).output.edge_output for file in ("one.py", "two.py")]

    assert seen == ["fine", "fine"]


async def test_a_top_level_that_always_fails_fails(alone: Bench) -> None:
    alone.write("fine.py", "def run(given):\n    return {}\n")
    alone.write("bad.py", "raise KeyError('always')\n")
    await alone.call("fine.py")

    for _ in range(3):
        with pytest.raises(NodeError, match="always"):
            await alone.call("bad.py")


METHODS = ("fork", "spawn", "forkserver")
NAMES = ("tools/first.py", "tools/json.py", "tools/my-tool.v2.py")
SPAWNED = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from helper import Point, twice
def square(x):
    return x * x
class Pair:
    def __init__(self, x):
        self.x = x
def swapped(pair):
    return Pair(pair.x + 1)
def run(given):
    context = multiprocessing.get_context(given["method"])
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        squares = list(pool.map(square, range(4)))
    with context.Pool(2) as pool:
        pairs = [pair.x for pair in pool.map(swapped, [Pair(1), Pair(2)])]
        points = [twice(point).x for point in pool.map(twice, [Point(1), Point(2)])]
    return {"edge_output": [squares, pairs, points]}
"""


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("fork", "tools/first.py"),
        ("spawn", "tools/json.py"),
        ("forkserver", "tools/my-tool.v2.py"),
        *(pytest.param(method, name, marks=pytest.mark.long) for method in METHODS for name in NAMES),
    ],
)
async def test_processes_of_multiprocessing_find_what_the_tool_is_made_of(alone: Bench, method: str, name: str) -> None:
    alone.write(name, SPAWNED)
    alone.write(
        "tools/helper.py",
        "class Point:\n    def __init__(self, x):\n        self.x = x\ndef twice(p):\n    return Point(2 * p.x)\n",
    )

    outcome = await alone.call(name, method=method)

    assert outcome.output.edge_output == [[0, 1, 4, 9], [2, 3], [4, 8]]
    assert not list(alone.directory.rglob("__pycache__"))
