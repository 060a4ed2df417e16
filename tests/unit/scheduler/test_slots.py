"""Slots: the limits on concurrency, and whose turn it is (docs/format.md, Concurrency)."""

from __future__ import annotations

from engine.experience.model import AgentSpec, Experience, Kind, Node, ToolSpec
from engine.scheduler.composition import compose
from engine.scheduler.slots import LLM_LIMIT, Limits, Slots, usual_limits
from engine.scheduler.state.inputs import Inside
from engine.scheduler.state.results import Results
from engine.scheduler.state.visible_state import VisibleState
from engine.scheduler.tasks import Lane, Task

NOTHING = VisibleState(Results(compose(Experience("none", "1.0.0", (), (), ())), {}, {}), "none")


def task(name: str, lane: Lane, kind: Kind = Kind.TOOL) -> Task:
    spec = ToolSpec("a.py") if kind is Kind.TOOL else AgentSpec("hello")
    return Task(Node(name, kind, spec, source={}), NOTHING, Inside(), lane, {}, {}, {}, {})


def names(tasks: list[Task]) -> list[str]:
    return [taken.node.id for taken in tasks]


def test_tasks_take_turns_in_the_order_of_their_lanes_however_deep_those_lie() -> None:
    slots = Slots(Limits(9))
    for name, order in (("later", (2,)), ("inner", (1, 0)), ("deeper", (1, 0, 5)), ("first", (0,))):
        slots.add(task(name, Lane(order)))

    assert names(slots.take()) == ["first", "inner", "deeper", "later"]


def test_a_lane_lets_its_tasks_run_in_the_order_in_which_they_came_and_no_more_than_its_limit() -> None:
    slots, lane = Slots(Limits(9)), Lane((0,), 2)
    items = [task(f"item{index}", lane) for index in range(3)]
    for item in items:
        slots.add(item)

    assert names(slots.take()) == ["item0", "item1"]
    assert slots.take() == []
    slots.release(items[0])
    assert names(slots.take()) == ["item2"]


def test_lanes_of_the_same_order_are_two_queues() -> None:
    slots = Slots(Limits(9))
    one, other = Lane((1,), 1), Lane((1,), 1)
    for name, lane in (("a", one), ("b", one), ("c", other)):
        slots.add(task(name, lane))

    assert names(slots.take()) == ["a", "c"]


def test_the_total_counts_the_work_of_all_lanes() -> None:
    slots = Slots(Limits(2))
    tasks = [task(str(index), Lane((index,))) for index in range(3)]
    for each in tasks:
        slots.add(each)

    assert names(slots.take()) == ["0", "1"]
    slots.release(tasks[1])
    assert names(slots.take()) == ["2"]


def test_a_kind_that_is_full_does_not_hold_up_another_kind() -> None:
    slots = Slots(usual_limits(total=8, cores=2))
    for index in range(6):
        slots.add(task(f"agent{index}", Lane((index,)), Kind.AGENT))
    slots.add(task("tool", Lane((9,))))

    assert names(slots.take()) == [*(f"agent{index}" for index in range(LLM_LIMIT)), "tool"]


def test_what_is_drained_does_not_run_and_the_rest_of_its_lane_does() -> None:
    slots, lane = Slots(Limits(1)), Lane((0,))
    keep, drop = task("keep", lane), task("drop", lane)
    slots.add(drop)
    slots.add(keep)

    assert slots.drain(lambda each: each is drop) == [drop]
    assert slots.take() == [keep]
    slots.release(keep)
    assert slots.take() == []


def test_a_task_that_the_limit_of_its_kind_holds_back_is_reported_once() -> None:
    slots, lane = Slots(usual_limits(total=16, cores=2)), Lane((0,))
    for number in range(LLM_LIMIT + 2):
        slots.add(task(f"item{number}", lane, Kind.AGENT))

    assert slots.held_back() == []
    slots.take()
    held = slots.held_back()

    assert [(each.task.node.id, each.limit) for each in held] == [(f"item{LLM_LIMIT}", LLM_LIMIT)]
    assert slots.held_back() == []


def test_a_task_that_the_total_or_its_lane_holds_back_is_not_reported() -> None:
    for slots, lane in ((Slots(usual_limits(total=4, cores=2)), Lane((0,))), (Slots(Limits(9)), Lane((0,), 1))):
        for number in range(LLM_LIMIT + 2):
            slots.add(task(f"item{number}", lane, Kind.AGENT))

        slots.take()

        assert slots.held_back() == []
