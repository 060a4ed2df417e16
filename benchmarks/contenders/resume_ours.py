"""This project's engine: `oe resume` as a call (its log read, planned against, written) and as a whole command."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from measured import Resumed, command_line, say

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.experience.load import load
from engine.log.events.events import NodeCompleted, RunStatus
from engine.log.reading.reader import read_log
from engine.log.storage.run_store import RunStore
from engine.runner.prepare import prepare_resume, prepare_run
from engine.runner.session import carry_out, new_run_id

STEP = """
def run(input):
    return {"state_delta": {"count": input["_state"]["count"] + 1}}
"""

LAST = """
from pathlib import Path

def run(input):
    assert not Path(__file__).with_name("broken").exists()
    return {"state_delta": {"count": input["_state"]["count"] + 1}}
"""

EACH = """
from pathlib import Path

LAST = {last}

def run(input):
    assert input["$item"] < LAST or not Path(__file__).with_name("broken").exists()
    return {{"edge_output": input["$item"] + 1}}
"""


def chain(n: int) -> str:
    """N tools, each after the one before; the last one is broken."""
    impls = ["step.py"] * (n - 1) + ["last.py"]
    nodes = "".join(
        f"    - {{id: s{index}, kind: tool, impl: {impl}, reads: [count], writes: [count]}}\n"
        for index, impl in enumerate(impls)
    )
    edges = "".join(f"    - {{from: s{index}, to: s{index + 1}}}\n" for index in range(n - 1))
    return (
        "name: chain\nversion: 1.0.0\nstate:\n  schema:\n    count: {type: number, default: 0}\n"
        f"graph:\n  nodes:\n{nodes}  edges:\n{edges}\n"
    )


def fanout(n: int) -> str:
    """One tool for each of N numbers; that for the last is broken."""
    return (
        f"name: fanout\nversion: 1.0.0\nstate:\n  schema:\n    numbers: {{type: array, default: {list(range(n))}}}\n"
        "graph:\n  nodes:\n"
        "    - {id: each, kind: tool, impl: each.py, for_each: {source: $.numbers, concurrency: 8}}\n  edges: []\n"
    )


def main() -> None:
    """Run, mend, and time the resume. The shape `command-…` times the process that a user starts."""
    shape, n, folder = command_line()
    as_command, shape = shape.startswith("command-"), shape.removeprefix("command-")
    for name, text in (("step.py", STEP), ("last.py", LAST), ("each.py", EACH.format(last=n - 1)), ("broken", "")):
        (folder / name).write_text(text)
    (folder / "experience.yaml").write_text(chain(n) if shape == "chain" else fanout(n))
    loaded = load(folder)
    failed = asyncio.run(carry_out(prepare_run(loaded, {}), new_run_id(), lambda _: None))
    assert failed.finished.status is RunStatus.FAILURE
    (folder / "broken").unlink()
    began = time.perf_counter()
    if as_command:
        command = [sys.executable, "-m", "engine.cli", "--log-level", "error", "resume", failed.run_id]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    else:
        asyncio.run(carry_out(prepare_resume(loaded, failed.run_id), new_run_id(), lambda _: None))
    seconds = time.perf_counter() - began
    store = RunStore(folder)
    records = read_log(store.log(store.run_ids()[0])).records
    executed = sum(isinstance(each.event, NodeCompleted) and each.event.output is not None for each in records)
    assert records[-1].event.status is RunStatus.SUCCESS
    say(Resumed(seconds, executed))


if __name__ == "__main__":
    main()
