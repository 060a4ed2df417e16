"""Runs within a budget, against a model and a coding agent on this machine (docs/format.md, Budget)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.cli.output.pretty import end_lines
from engine.cli.output.reporter import RunEnd
from engine.experience.load import load
from engine.llm.budget import BudgetLimits
from engine.log.events.events import BudgetReached, Counts, NodeCancelled, RunFinished, RunStatus, RunWarning
from engine.log.reading.view import RunView
from engine.runner.prepare import prepare_resume, prepare_run
from engine.runner.session import Ended, carry_out, new_run_id
from tests.standins.messages_api import MessagesApi, text
from tests.support.coding_agents import CodingAgents
from tests.support.worlds import HANGS, World

Model = Callable[..., MessagesApi]

USED = (600, 100)
"""Tokens of each answer: 0.003 $ with claude-sonnet-4-6, the default model."""

COST = (600 * 3 + 100 * 15) / 1_000_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """Starts a local Messages API with these answers, and makes it the model of the runs that follow."""
    with ExitStack() as stack:

        def start(*answers: Any) -> MessagesApi:
            api = stack.enter_context(MessagesApi(*answers))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-key-of-the-test")
            return api

        yield start


def agents(world: World, count: int, more: str = "", model: str = "claude-sonnet-4-6") -> None:
    """Agents in a row, a0, a1 …, each with a prompt of 1,800 bytes: 600 tokens by our estimate."""
    node = (
        f"- {{{{id: a{{0}}, kind: agent, model: {model}, prompt: '{'x' * 1_800}', max_tokens: 100, writes: [f{{0}}]}}}}"
    )
    edges = [f"- {{from: a{index}, to: a{index + 1}}}" for index in range(count - 1)]
    fields = "\n".join(f"f{index}: {{}}" for index in range(count))
    world.graph("\n".join(map(node.format, range(count))), "\n".join(edges) or "[]", fields)
    with (world.folder / "experience.yaml").open("a") as file:
        file.write(more)


async def run(world: World, budget: BudgetLimits | None = None, **options: Any) -> Ended:
    prepared = prepare_run(load(world.folder), {}, budget=budget or BudgetLimits())
    return await carry_out(prepared, new_run_id(), lambda _: None, **options)


async def resume(world: World, budget: BudgetLimits | None = None, wanted: str = "latest") -> Ended:
    prepared = prepare_resume(load(world.folder), wanted, budget=budget or BudgetLimits())
    return await carry_out(prepared, new_run_id(), lambda _: None)


def events(world: World, ended: Ended, type_: type[Any]) -> list[Any]:
    return [record.event for record in world.records(ended.run_id) if isinstance(record.event, type_)]


async def test_a_run_stops_at_its_budget_and_a_resume_with_a_higher_one_completes_it(
    world: World, model: Model
) -> None:
    api = model(text("fine", tokens=USED))
    agents(world, 4)

    stopped = await run(world, BudgetLimits(max_cost_usd=2.5 * COST))

    assert (stopped.finished.status, stopped.finished.reason) == (RunStatus.CANCELLED, "budget")
    assert stopped.finished.budget == BudgetReached("maxCostUsd", 2.5 * COST, round(2 * COST, 9), round(COST, 9))
    assert [event.node_id for event in events(world, stopped, NodeCancelled)] == ["a2", "a3"]
    assert len(api.requests) == 2

    again = await resume(world)
    assert (again.finished.reason, world.restored(again.run_id), len(api.requests)) == ("budget", ["a0", "a1"], 2)

    whole = await resume(world, BudgetLimits(max_cost_usd=4 * COST))
    assert whole.finished.status is RunStatus.SUCCESS
    assert (world.restored(whole.run_id), len(api.requests)) == (["a0", "a1"], 4)
    assert whole.finished.lineage.cost_usd == pytest.approx(4 * COST)


async def test_what_earlier_runs_spent_counts_although_a_part_of_it_is_unknown(world: World, model: Model) -> None:
    """The total of the log is unknown from the first call of the model without a price."""
    api = model(text("fine", tokens=USED))
    agents(world, 2)
    file = world.folder / "experience.yaml"
    file.write_text(
        file.read_text().replace("a1, kind: agent, model: claude-sonnet-4-6", "a1, kind: agent, model: mine")
    )
    budget = BudgetLimits(max_cost_usd=1.5 * COST)

    first = await run(world, budget)
    warned = [event.message for event in events(world, first, RunWarning)]
    second = await resume(world)
    world.store.log(first.run_id).unlink()
    agents(world, 2)
    third = await resume(world)

    unknown = "the cost of calls to mine is unknown, so they do not count toward the cost limit"
    assert warned == [f"{unknown}; limit tokens or time, too"]
    assert (first.finished.status, first.finished.lineage.cost_usd) == (RunStatus.SUCCESS, None)
    assert second.finished.status is RunStatus.SUCCESS
    assert third.finished.budget == BudgetReached("maxCostUsd", 1.5 * COST, round(COST, 9), round(COST, 9))
    assert len(api.requests) == 2


async def test_concurrent_calls_do_not_exceed_a_budget_together(world: World, model: Model) -> None:
    """Each reserves 700 tokens and uses 350: three may be in flight, and five of ten are made."""
    api = model(text("fine", tokens=(300, 50)))
    node = f"- {{id: a, kind: agent, prompt: '{'x' * 1_800}', max_tokens: 100, writes: [said], FOR}}"
    world.graph(
        node.replace("FOR", "for_each: {source: $.numbers, concurrency: 4}"),
        state="said: {}\nnumbers: {type: array, default: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}",
    )

    ended = await run(world, BudgetLimits(max_tokens=2_100), concurrency=4)

    assert ended.finished.budget == BudgetReached("maxTokens", 2_100, 5 * 350, 700)
    assert len(api.requests) == 5
    assert ended.finished.spent.tokens_in + ended.finished.spent.tokens_out == 5 * 350
    assert world.types(ended.run_id, of="a").count("node.completed") == 5


async def test_the_budget_of_the_experience_holds_and_changes_no_hash(world: World, model: Model) -> None:
    api = model(text("fine", tokens=USED))
    agents(world, 2, "runtime: {budget: {max_tokens: 1000}}\n")

    stopped = await run(world)
    agents(world, 2, "runtime: {budget: {max_tokens: 1400}}\n")
    resumed = await resume(world)

    assert stopped.finished.budget == BudgetReached("maxTokens", 1_000, 700, 700)
    assert (resumed.finished.status, world.restored(resumed.run_id)) == (RunStatus.SUCCESS, ["a0"])
    assert len(api.requests) == 2


async def test_the_budget_covers_nested_experiences_whose_own_is_ignored(world: World, model: Model) -> None:
    api = model(text("fine", tokens=USED))
    agents(world, 2, "runtime: {budget: {max_tokens: 1}}\n")
    child = (world.folder / "experience.yaml").read_text()
    world.write("child/experience.yaml", child)
    world.graph("- {id: inner, kind: experience, impl: child/experience.yaml, writes: [f1]}", state="f1: {}")

    stopped = await run(world, BudgetLimits(max_tokens=1_000))
    world.write("child/experience.yaml", child.replace("max_tokens: 1}", "max_tokens: 2}"))
    whole = await resume(world, BudgetLimits(max_tokens=1_400))

    assert stopped.finished.budget == BudgetReached("maxTokens", 1_000, 700, 700)
    assert (whole.finished.status, world.restored(whole.run_id)) == (RunStatus.SUCCESS, ["a0"])
    assert len(api.requests) == 2


async def test_a_coding_agent_is_within_the_budget(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = CodingAgents(tmp_path / "agents", monkeypatch)
    programs.write(
        "claude",
        "#!/bin/sh\ncat > /dev/null\n"
        """echo '{"type": "result", "subtype": "success", "result": "fine", "total_cost_usd": 0.4}'\n""",
    )
    world.graph(
        "- {id: c, kind: cli-agent, provider: claude-code, prompt: 'Hi {{$item}}', writes: [said], extra_args: "
        "[--output-format, json], for_each: {source: $.numbers, concurrency: 4}}",
        state="said: {}\nnumbers: {type: array, default: [0, 1, 2, 3]}",
    )

    ended = await run(world, BudgetLimits(max_cost_usd=0.7))

    assert ended.finished.budget == BudgetReached("maxCostUsd", 0.7, 0.8)
    assert world.types(ended.run_id, of="c").count("node.completed") == 2


async def test_the_time_limit_ends_what_runs(world: World) -> None:
    world.chain()
    world.tool("a", HANGS)

    stopped = await run(world, BudgetLimits(max_duration_ms=300))

    assert (stopped.finished.status, stopped.finished.reason) == (RunStatus.CANCELLED, "budget")
    assert stopped.finished.budget is not None
    assert (stopped.finished.budget.limit, stopped.finished.budget.allowed) == ("maxDurationMs", 300)


async def test_the_time_of_all_runs_counts_and_restoring_needs_none(world: World) -> None:
    world.chain()
    world.tool("b", "raise ValueError('not yet')")
    await run(world)
    world.tool("b", "return {'state_delta': {'y': 2}}")
    world.executed()

    again = await resume(world, BudgetLimits(max_duration_ms=1))
    assert (again.finished.reason, world.restored(again.run_id), world.executed()) == ("budget", ["a"], [])

    whole = await resume(world, BudgetLimits(max_duration_ms=3_600_000))
    assert (whole.finished.status, world.executed()) == (RunStatus.SUCCESS, ["b", "c"])

    last = await resume(world, BudgetLimits(max_duration_ms=1))
    assert last.finished.status is RunStatus.SUCCESS


async def test_a_loop_ends_after_the_iteration_that_reaches_its_budget(world: World, model: Model) -> None:
    """In a resume, restored iterations count as what they used: the plan, the run and its resume agree."""
    api = model(text("fine", tokens=USED))
    agents(world, 1)
    with (world.folder / "experience.yaml").open("a") as file:
        file.write("  loops: [{id: again, body: a0, max_iters: 5, budget: 1400}]\n")

    ended = await run(world)
    plan = world.plan()
    resumed = await resume(world)

    assert ended.finished.status is RunStatus.SUCCESS
    assert len(api.requests) == 2
    warnings = [record.event.message for record in world.records(ended.run_id) if record.event.type == "node.warning"]
    assert warnings == ["stopped after 2 iterations: they used 1,400 tokens, and the loop's `budget` is 1,400"]
    assert [entry.answer.value for entry in plan.entries] == ["restored"]
    assert (resumed.finished.counts.cached, len(api.requests)) == (1, 2)


def test_the_terminal_says_which_limit_what_was_spent_and_how_to_go_on() -> None:
    def lines(reached: BudgetReached) -> list[str]:
        finished = RunFinished(
            status=RunStatus.CANCELLED, reason="budget", counts=Counts(completed=2), budget=reached, duration_ms=1_200.0
        )
        return [line.plain for line in end_lines(RunEnd("4f3a", finished, Path(), None, {}), RunView())]

    assert lines(BudgetReached("maxCostUsd", 0.5, 0.46, 0.062)) == [
        "■ cancelled: the budget of $0.50 does not cover the next call: $0.46 spent, and it may cost $0.062"
        " · 2 completed · 1.2 s · run 4f3a",
        "Resume with: oe resume 4f3a --max-cost 1.00",
    ]
    assert lines(BudgetReached("maxTokens", 5_000, 4_200, 4_133))[0].startswith(
        "■ cancelled: the budget of 5,000 tokens does not cover the next call: 4,200 tokens used, and it may use 4,133"
    )
    assert lines(BudgetReached("maxDurationMs", 600_000, 600_000)) == [
        "■ cancelled: the budget of 10 min 0 s is used up: the runs took 10 min 0 s · 2 completed · 1.2 s · run 4f3a",
        "Resume with: oe resume 4f3a --max-duration 20m",
    ]
