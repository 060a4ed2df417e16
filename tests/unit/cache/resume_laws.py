"""The laws of resuming, each for one random graph that was run, edited, and is resumed."""

from __future__ import annotations

import re
from pathlib import Path

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.overrides import Overrides
from engine.cache.decisions.recorded_outcomes import RecordedOutcome, RecordedOutcomes
from engine.cache.keys.input_hash import InputKey
from engine.cache.keys.input_parts import InputHashers
from engine.cache.keys.sources import new_sources
from engine.cache.plan.explanation import Explainer
from engine.cache.plan.plan import plan
from engine.cache.plan.plan_entries import Plan
from engine.log.events.events import Output, ProducedBy, RunStarted, Sums
from engine.nodes.registry import kinds
from engine.runner.deciding import Decider
from engine.scheduler.composition import compose
from engine.scheduler.state.results import Results
from engine.scheduler.tasks import Task
from tests.unit.scheduler.random_graphs import ARGS, World
from tests.unit.scheduler.story import Story, name_of


def a_resume_equals_a_fresh_run(before: World, after: World, width: int, seed: int) -> None:
    """What is restored is what running it would give."""
    fresh = after.run()

    resumed = _resumed(after, _original(before), width, seed)

    assert (resumed.state, resumed.status) == (fresh.state, fresh.status)


def a_resume_does_what_its_plan_says(before: World, after: World, width: int, seed: int) -> None:
    """No vertex does what the plan excluded."""
    original = _original(before)
    planned = _planned(after, original)

    resumed = _resumed(after, original, width, seed)

    for entry in planned.entries:
        ran = _within(entry.node_id, resumed.executed)
        failed = _within(entry.node_id, [*resumed.failed, *(name for name, end in resumed.groups.items() if end.error)])
        skipped = entry.node_id in resumed.skipped
        said = f"{entry}: ran {ran}, failed {failed}, skipped {skipped}"
        if entry.answer is Answer.RESTORED:
            assert not ran and not failed and not skipped, said
        elif entry.answer is Answer.SKIPPED:
            assert skipped, said
        elif entry.answer is Answer.WILL_RUN:
            assert ran or failed, said
        elif entry.answer is Answer.IF_PREDECESSORS_SUCCEED:
            assert ran or failed or skipped, said


def _within(vertex: str, names: list[str]) -> list[str]:
    return [name for name in names if re.match(rf"{vertex}(\W|$)", name)]


def _original(world: World) -> RecordedOutcomes:
    """What the log of a run of `world` would offer."""
    decider = Decider(_hashers(world), None)
    keys: dict[str, InputKey | None] = {}

    def note(task: Task) -> None:
        keys[name_of(task)] = decider.decide(task).key

    story = world.run(restore=note)
    original = RecordedOutcomes("before", RunStarted(), Sums(), Sums())
    for name, output in story.outputs.items():
        task, key = story.tasks[name], keys[name]
        assert key is not None
        recorded = RecordedOutcome(key.hash, key.parts, output, 1, None, ProducedBy("before", 0))
        original.outcomes[path_of(task.node.id, task.scope)] = [recorded]
    return original


def _resumed(world: World, original: RecordedOutcomes, width: int, seed: int) -> Story:
    decider = Decider(_hashers(world), original)

    def restore(task: Task) -> Output | None:
        restored = decider.decide(task).restored
        return restored.output if restored is not None else None

    return world.run(width, seed, restore=restore)


def _planned(world: World, original: RecordedOutcomes) -> Plan:
    results = Results(compose(world.experience, nested=world.nested), ARGS, world.experience.starting_state())
    return plan(results, _hashers(world), original, Overrides(), Explainer(()))


def _hashers(world: World) -> InputHashers:
    return InputHashers(kinds(Path()), compose(world.experience, nested=world.nested), new_sources({}))
