"""This project's engine: `oe run` without its start-up, the tools in their worker process."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from measured import Measured, command_line, say, size_of

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.experience.load import load
from engine.log.events.events import RunStatus
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out, new_run_id

STEP = """
def run(input):
    return {"state_delta": {"count": input["_state"]["count"] + 1}}
"""

NO_OP = """
def run(input):
    return {}
"""

OWN_STEP = """
def run(input):
    state, own = input["_state"], input["own"]
    return {"state_delta": {own: 1 + (state[input["after"]] if "after" in input else 0)}}
"""

EACH = """
def run(input):
    return {"edge_output": input["$item"] + 1}
"""


def noop(n: int) -> str:
    """N tools, each after the one before, that do nothing."""
    nodes = "".join(f"    - {{id: s{index}, kind: tool, impl: no_op.py}}\n" for index in range(n))
    edges = "".join(f"    - {{from: s{index}, to: s{index + 1}}}\n" for index in range(n - 1))
    return f"name: noop\nversion: 1.0.0\nstate: {{schema: {{}}}}\ngraph:\n  nodes:\n{nodes}  edges:\n{edges}\n"


def chain(n: int) -> str:
    """N tools, each after the one before; all read and write one number."""
    nodes = "".join(
        f"    - {{id: s{index}, kind: tool, impl: step.py, reads: [count], writes: [count]}}\n" for index in range(n)
    )
    edges = "".join(f"    - {{from: s{index}, to: s{index + 1}}}\n" for index in range(n - 1))
    return (
        "name: chain\nversion: 1.0.0\nstate:\n  schema:\n    count: {type: number, default: 0}\n"
        f"graph:\n  nodes:\n{nodes}  edges:\n{edges or '    []'}\n"
    )


def fields(n: int) -> str:
    """N tools, each after the one before, whose field it reads; each writes a field of its own."""
    nodes = "    - {id: s0, kind: tool, impl: own_step.py, writes: [f0], args: {own: f0}}\n" + "".join(
        f"    - {{id: s{index}, kind: tool, impl: own_step.py, reads: [f{index - 1}], writes: [f{index}], "
        f"args: {{own: f{index}, after: f{index - 1}}}}}\n"
        for index in range(1, n)
    )
    edges = "".join(f"    - {{from: s{index}, to: s{index + 1}}}\n" for index in range(n - 1))
    schema = "".join(f"    f{index}: {{type: number}}\n" for index in range(n))
    return f"name: fields\nversion: 1.0.0\nstate:\n  schema:\n{schema}graph:\n  nodes:\n{nodes}  edges:\n{edges}\n"


def fanout(n: int) -> str:
    """One tool for each of N numbers."""
    return (
        f"name: fanout\nversion: 1.0.0\nstate:\n  schema:\n    numbers: {{type: array, default: {list(range(n))}}}\n"
        "graph:\n  nodes:\n"
        "    - {id: each, kind: tool, impl: each.py, for_each: {source: $.numbers, concurrency: 8}}\n  edges: []\n"
    )


SHAPES = {"noop": noop, "chain": chain, "fields": fields, "fanout": fanout}


def main() -> None:
    """Time one run."""
    shape, n, folder = command_line()
    (folder / "step.py").write_text(STEP)
    (folder / "no_op.py").write_text(NO_OP)
    (folder / "own_step.py").write_text(OWN_STEP)
    (folder / "each.py").write_text(EACH)
    (folder / "experience.yaml").write_text(SHAPES[shape](n))
    preparation = prepare_run(load(folder), {})
    began = time.perf_counter()
    ended = asyncio.run(carry_out(preparation, new_run_id(), lambda _: None))
    seconds = time.perf_counter() - began
    assert ended.finished.status is RunStatus.SUCCESS, ended.finished
    assert shape != "chain" or ended.final_state == {"count": n}
    assert shape != "fields" or ended.final_state[f"f{n - 1}"] == n
    say(Measured(seconds, size_of(folder, "*.jsonl"), "fdatasync per step, before anything that depends on it starts"))


if __name__ == "__main__":
    main()
