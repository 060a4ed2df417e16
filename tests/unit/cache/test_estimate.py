"""How many calls of models and coding agents a plan leaves to do, and what they may cost (engine/cache/plan)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cache.plan.estimate import Callee, Estimate, estimate
from engine.cache.plan.pending import pending
from engine.experience.load import load
from engine.llm.providers import ANTHROPIC, OPENAI
from engine.runner.prepare import prepare_run
from engine.runner.preview import plan_of_run
from tests.support.worlds import World

TEXT = "kind: agent, prompt: p, model: claude-haiku-4-5, max_tokens: 1000, writes: [said]"
OBJECT = f"{TEXT}, schema: {{type: object, properties: {{said: {{}}}}}}"
RETRIED = f"{OBJECT}, on_error: {{policy: retry, attempts: 3}}"
STATE = "said: {}\nlist: {type: array}\nfour: {type: array, default: [1, 2, 3, 4]}\nmore: {}"
LISTS = "- {id: lists, kind: tool, impl: lists.py, writes: [list]}\n"
OVER_LIST = "for_each: {source: $.list"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.tool("lists", "return {}")
    return made


def estimated(world: World, nodes: str, more: str = "") -> Estimate:
    """The estimate for a fresh run of `nodes`, and `more` keys of the graph."""
    world.graph(nodes, state=STATE)
    file = world.folder / "experience.yaml"
    file.write_text(file.read_text() + "".join(f"  {line}\n" for line in more.splitlines()))
    prepared = prepare_run(load(world.folder), {})
    return estimate(pending(plan_of_run(prepared), prepared.composition), ANTHROPIC)


@pytest.mark.parametrize(
    ("nodes", "most", "open_"),
    [
        (f"- {{id: a, {TEXT}}}", 1, ()),
        (f"- {{id: a, {OBJECT}}}", 2, ()),
        (f"- {{id: a, {RETRIED}}}", 6, ()),
        (f"- {{id: a, {TEXT}, for_each: {{source: $.four}}}}", 4, ()),
        (f"{LISTS}- {{id: a, {TEXT}, {OVER_LIST}}}}}", 1, ("a",)),
        (f"{LISTS}- {{id: a, {TEXT}, {OVER_LIST}, max_items: 7}}}}", 7, ()),
        ("- {id: lists, kind: tool, impl: lists.py, for_each: {source: $.four}}", 0, ()),
    ],
    ids=["a text", "an object may be repaired", "retries", "a list", "an unknown list", "a bounded list", "tools"],
)
def test_the_calls_of_a_node(world: World, nodes: str, most: int, open_: tuple[str, ...]) -> None:
    found = estimated(world, nodes)

    assert (found.most, found.open) == (most, open_)
    assert found.answers_usd == pytest.approx(most * 1000 * 5e-6)  # 5 dollars per million tokens


def test_stages_count_for_each_item_and_a_loop_up_to_its_end(world: World) -> None:
    nodes = f"- {{id: a, {TEXT}}}\n- {{id: b, {OBJECT}}}\n- {{id: c, {TEXT}}}"
    more = (
        "pipelines:\n  - {id: line, items: $.four, stages: [a, b]}\n"
        "loops:\n  - {id: again, body: c, until: $.said == 1, max_iters: 9}"
    )

    assert estimated(world, nodes, more).most == 4 * (1 + 2) + 9


def test_a_nested_experience_counts_with_its_attempts(world: World, tmp_path: Path) -> None:
    inner = World(tmp_path / "inner")
    inner.graph(f"- {{id: a, {TEXT}}}\n- {{id: b, {TEXT}, for_each: {{source: $.four}}}}", state=STATE)
    nodes = "- {id: deep, kind: experience, impl: inner/experience.yaml, on_error: {policy: retry, attempts: 2}}"

    assert estimated(world, nodes).most == 2 * (1 + 4)


def test_coding_agents_and_unpriced_models_are_named_and_have_no_cost(world: World) -> None:
    codex = "kind: cli-agent, provider: codex, prompt: p, writes: [more]"
    found = estimated(world, f"- {{id: a, {codex}}}\n- {{id: b, {TEXT.replace('claude-haiku-4-5', 'owl-1')}}}")

    calls = {(each.callee, each.name, each.most, each.answers_usd) for each in found.calls}
    assert calls == {(Callee.CODING_AGENT, "codex", 1, None), (Callee.MODEL, "owl-1", 1, None)}
    assert (found.answers_usd, set(found.unpriced)) == (0, {"codex", "owl-1"})


def test_prices_hold_for_the_provider_and_not_for_other_servers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.graph("- {id: a, kind: agent, prompt: p, model: gpt-4o, writes: [said]}", state=STATE)
    prepared = prepare_run(load(world.folder), {}, llm="openai")
    executions = list(pending(plan_of_run(prepared), prepared.composition))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    assert estimate(executions, OPENAI).unpriced == ()
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1234/v1")
    assert estimate(executions, OPENAI).unpriced == ("gpt-4o",)
