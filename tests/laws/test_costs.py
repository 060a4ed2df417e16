"""The cost of a log and a resume: in bytes, and in time as a multiple of reading the log's lines as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experience.load import load
from engine.log.events.events import Output, RunStatus
from engine.log.storage.run_store import RunStore
from engine.nodes.kind import Work
from engine.nodes.registry import kinds
from engine.runner.prepare import make_plan, prepare_resume, prepare_run
from engine.runner.session import new_run_id
from tests.laws.in_process import Ended, carry_out
from tests.support.experiences import yaml_graph

FEW, MANY = 100, 1_000
ROUNDS = 3

CHAIN_STATE = "count: {type: number, default: 0}\nword: {type: string, default: x}"


def chain(size: int) -> str:
    """Tools in a row, each with two reads."""
    node = "- {{id: s{0}, kind: tool, impl: tool.py, reads: [count, word], writes: [count]}}"
    edges = [f"- {{from: s{index}, to: s{index + 1}}}" for index in range(size - 1)]
    return yaml_graph("\n".join(map(node.format, range(size))), "\n".join(edges) or "[]", CHAIN_STATE)


def fan_out(size: int) -> str:
    """A tool with two reads, for each of so many numbers."""
    node = "- {id: each, kind: tool, impl: tool.py, reads: [count, word], for_each: {source: $.numbers}}"
    return yaml_graph(node, state=f"{CHAIN_STATE}\nnumbers: {{type: array, default: {list(range(size))}}}")


def behave(work: Work) -> Output:
    count = work.reads["count"]
    assert isinstance(count, int)
    return Output({"count": count + 1} if work.item is None else {})


def write(folder: Path, experience: str, edition: int = 0) -> None:
    (folder / "tool.py").write_text(f"# edition {edition}\ndef run(given): ...\n")
    (folder / "experience.yaml").write_text(experience)


async def run(folder: Path) -> Ended:
    return await carry_out(prepare_run(load(folder), {}), new_run_id(), behave)


async def resume(folder: Path, run_id: str) -> Ended:
    return await carry_out(prepare_resume(load(folder), run_id), new_run_id(), behave)


def size(folder: Path, ended: Ended) -> int:
    assert ended.finished.status is RunStatus.SUCCESS
    return RunStore(folder).log(ended.run_id).stat().st_size


async def test_the_log_of_a_small_node_is_under_one_and_a_half_kib_with_the_reason_why_it_ran(tmp_path: Path) -> None:
    sizes = {}
    for nodes in (1, 2):
        write(tmp_path, chain(nodes))
        first = await run(tmp_path)
        write(tmp_path, chain(nodes), edition=1)
        sizes[nodes] = size(tmp_path, await resume(tmp_path, first.run_id))

    assert sizes[2] - sizes[1] < 1536


@pytest.mark.parametrize("build", [chain, fan_out])
async def test_logs_grow_with_the_number_of_nodes_and_no_faster(tmp_path: Path, build: Callable[[int], str]) -> None:
    sizes = {}
    for nodes in (FEW, MANY):
        write(tmp_path, build(nodes))
        first = await run(tmp_path)
        again = await resume(tmp_path, first.run_id)
        sizes[nodes] = (size(tmp_path, first), size(tmp_path, again))

    for few, many in zip(sizes[FEW], sizes[MANY], strict=True):
        assert many / MANY < 1.1 * few / FEW


def fastest(work: Callable[[], object]) -> float:
    """The time on the processor in the best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("build", [chain, fan_out])
async def test_a_log_is_planned_in_a_small_multiple_of_reading_its_lines(
    tmp_path: Path, build: Callable[[int], str]
) -> None:
    """Per node some 0.1 ms on a machine that reads 150 lines of JSON in a millisecond."""
    write(tmp_path, build(MANY))
    run_id = (await run(tmp_path)).run_id
    loaded = load(tmp_path)
    lines = RunStore(tmp_path).log(run_id).read_bytes().splitlines()

    reading = fastest(lambda: [json.loads(line) for line in lines])
    planning = fastest(lambda: make_plan(prepare_resume(loaded, run_id), kinds(tmp_path)))

    assert planning < 20 * reading, f"{planning / MANY * 1000:.3f} ms a node, {reading / len(lines) * 1000:.4f} a line"
