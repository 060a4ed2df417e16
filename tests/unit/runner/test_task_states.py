"""The states of a run's tasks: which transitions there are, and what stopping leaves to report."""

from __future__ import annotations

from itertools import count

import pytest

from engine.cache.decisions.decision import Answer, Decision
from engine.runner.task_states import NEXT_STATES, TaskState, TaskTable
from engine.scheduler.slots import Limits, Slots
from engine.scheduler.tasks import Lane, Task
from tests.unit.scheduler.test_slots import task as slot_task

WILL_RUN = Decision(Answer.WILL_RUN)


@pytest.fixture
def table() -> TaskTable:
    return TaskTable(Slots(Limits(1)))


def wanted(table: TaskTable, *names: str) -> list[Task]:
    tasks = [slot_task(name, Lane((place,))) for place, name in enumerate(names)]
    for task in tasks:
        table.want(task)
    return tasks


def started(table: TaskTable) -> list[str]:
    ids = count()
    return [record.task.node.id for record in table.start(lambda: str(next(ids)))]


def test_every_state_leads_to_the_end() -> None:
    leading = {TaskState.ENDED}
    while more := {state for state, after in NEXT_STATES.items() if after & leading} - leading:
        leading |= more

    assert leading == set(TaskState)


def test_a_task_that_ended_frees_its_slot(table: TaskTable) -> None:
    first, second = wanted(table, "first", "second")
    table.wait(first, WILL_RUN)
    table.wait(second, WILL_RUN)

    assert started(table) == ["first"]
    assert started(table) == []
    table.end(first)
    assert started(table) == ["second"]
    assert table.state(first) is TaskState.ENDED


def test_a_task_that_waits_does_not_end_without_being_stopped(table: TaskTable) -> None:
    (task,) = wanted(table, "task")
    table.wait(task, WILL_RUN)

    with pytest.raises(ValueError, match="task is waiting, so it cannot become ended"):
        table.end(task)


def test_stopping_returns_once_what_nothing_else_will_end(table: TaskTable) -> None:
    running, waiting, doubted, undecided = wanted(table, "running", "waiting", "doubted", "undecided")
    table.wait(running, WILL_RUN)
    started(table)
    table.wait(waiting, WILL_RUN)
    table.doubt(doubted, WILL_RUN)

    idle = [record.task for record in table.stop(lambda _: True, "enough")]

    assert idle == [undecided, waiting, doubted]
    assert table.state(running) is TaskState.STOPPING
    assert table.stop(lambda _: True, "again") == []
    assert {record.stop_reason for record in table.records(TaskState.STOPPING)} == {"enough"}
