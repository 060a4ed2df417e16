"""`on_error: retry` does not retry errors that would repeat (docs/format.md, Failures)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.events.events import NodeAttempt, NodeFailed
from tests.support.worlds import World

RETRY = "on_error: {policy: retry, attempts: 3, base_ms: 1}"

MISTAKES = {
    "a coding agent that is not installed": (
        "kind: cli-agent, provider: codex, prompt: Hi",
        "codex, which codex needs, is not on PATH",
    ),
    "a JavaScript tool without Node.js": ("kind: tool, impl: there.mjs", "node is not on PATH"),
    "a function that the tool does not have": ("kind: tool, impl: 'there.py:walk'", "has no function walk"),
    "a source that is none": (
        "kind: dataset, source: {type: file, uri: $.five}, writes: [x]",
        "`source.uri` must be",
    ),
    "a variable that is not set": (
        "kind: dataset, source: {type: http, url: 'http://127.0.0.1:9/', headers: {a: '${NOT_SET_ANYWHERE}'}}, "
        "writes: [x]",
        "needs the environment variable NOT_SET_ANYWHERE",
    ),
}


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH: empty."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def ends(world: World, run_id: str) -> list[tuple[str, str]]:
    """What a run logged of tries and failures: type and message."""
    events = [record.event for record in world.records(run_id)]
    return [(event.type, event.error.message) for event in events if isinstance(event, (NodeAttempt, NodeFailed))]


@pytest.mark.parametrize(("keys", "message"), MISTAKES.values(), ids=MISTAKES.keys())
@pytest.mark.usefixtures("bare_path")
async def test_a_mistake_of_the_author_is_final_at_once(world: World, keys: str, message: str) -> None:
    world.graph(f"- {{id: a, {keys}, {RETRY}}}", state="x: {}\nfive: {default: 5}")
    world.write("there.py", "from recorder import *\n\n\ndef run(input):\n    return {}\n")
    world.write("there.mjs", "export default () => ({});\n")
    world.write("rows.csv", "a\n1\n")

    ended = await world.run()

    ((type_, said),) = ends(world, ended.run_id)
    assert type_ == "node.failed"
    assert message in said


async def test_a_program_that_says_that_its_interpreter_is_missing_is_not_asked_again(
    world: World, bare_path: Path
) -> None:
    agent = bare_path / "codex"
    agent.write_text("#!/bin/sh\necho 'env: node: No such file or directory' >&2\nexit 127\n")
    agent.chmod(0o755)
    world.graph(f"- {{id: a, kind: cli-agent, provider: codex, prompt: Hi, {RETRY}}}")

    ended = await world.run()

    ((type_, said),) = ends(world, ended.run_id)
    assert type_ == "node.failed"
    assert said.startswith("codex ended with exit code 127: env: node: No such file or directory")


@pytest.mark.usefixtures("bare_path")
async def test_a_nested_experience_is_not_run_again_for_such_a_mistake_within_it(world: World) -> None:
    child = "name: child\nversion: 1.0.0\nstate: {schema: {n: {type: array, default: [1, 2]}}}\ngraph:\n  nodes:\n"
    each = "for_each: {source: $.n}"
    child += f"    - {{id: ask, kind: cli-agent, provider: codex, prompt: Hi, {each}}}\n  edges: []\n"
    world.write("child.yaml", child)
    world.graph(f"- {{id: inner, kind: experience, impl: child.yaml, {RETRY}}}")

    ended = await world.run()

    said = ends(world, ended.run_id)
    assert [type_ for type_, _ in said] == ["node.failed"] * 4
    assert said[-1][1].startswith("child failed at ask: 2 of 2 items failed; item 0: codex, which codex needs, is not")


async def test_what_may_end_otherwise_is_tried_again(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, on_error: {policy: retry, attempts: 2, base_ms: 0}}")
    world.tool("a", "raise ConnectionError('try later')")

    ended = await world.run()

    assert [type_ for type_, _ in ends(world, ended.run_id)] == ["node.attempt", "node.failed"]
