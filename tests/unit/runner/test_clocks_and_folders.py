"""Runs whose clock is set back, or whose folder is renamed or removed, meanwhile."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.log.events.events import NodeCompleted, NodeFailed, RunFinished, RunStarted, RunStatus, RunWarning
from engine.log.writing.run_order import FILE
from engine.state.rebuild import rebuild
from engine.state.store import StateStore
from tests.support.commands import OE, call
from tests.support.worlds import World

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
HOURS = (0, 2, 0, 0)


@pytest.fixture
def counting(tmp_path: Path) -> World:
    """Each run adds one to a field that persists."""
    world = World(tmp_path)
    world.graph(
        "- {id: add, kind: tool, impl: add.py, reads: [n], writes: [n]}",
        state="n: {type: number, default: 0, persist: true}",
    )
    world.tool("add", "return {'state_delta': {'n': state['n'] + 1}}")
    return world


async def test_runs_are_merged_as_they_ended_though_the_clock_was_set_back(counting: World) -> None:
    states = [(await counting.run(clock=lambda at=hour: NOW + timedelta(hours=at))).final_state["n"] for hour in HOURS]

    assert states == [1, 2, 3, 4]
    assert StateStore(counting.store.data).values()["n"].value == 4
    rebuild(counting.store)
    assert StateStore(counting.store.data).values()["n"].value == 4


async def test_latest_is_the_run_that_began_last_though_another_is_dated_in_the_future(counting: World) -> None:
    runs = [await counting.run(clock=lambda at=hour: NOW + timedelta(hours=at)) for hour in HOURS]

    assert counting.store.run_ids() == [ended.run_id for ended in reversed(runs)]
    assert counting.prepared("latest").logs[0].records[0].run_id == runs[-1].run_id


async def test_only_the_first_run_after_it_says_that_the_clock_was_set_back(counting: World) -> None:
    runs = [await counting.run(clock=lambda at=hour: NOW + timedelta(hours=at)) for hour in HOURS]

    said = [
        [record.event.message for record in counting.records(ended.run_id) if isinstance(record.event, RunWarning)]
        for ended in runs
    ]
    assert [len(messages) for messages in said] == [0, 0, 1, 0]
    assert "set back" in said[2][0]


async def test_a_log_says_where_its_run_began_and_ended_among_others(counting: World) -> None:
    runs = [await counting.run() for _ in range(2)]

    places = [
        record.event.order
        for ended in runs
        for record in counting.records(ended.run_id)
        if isinstance(record.event, (RunStarted, RunFinished))
    ]
    assert places == [1, 2, 3, 4]


def slow_chain(folder: Path, meanwhile: str) -> World:
    """a → b → c; `meanwhile` is done to the folder while b runs."""
    folder.mkdir()
    world = World(folder)
    world.graph(
        """
        - {id: a, kind: tool, impl: a.py, writes: [x]}
        - {id: b, kind: tool, impl: b.py, writes: [y]}
        - {id: c, kind: tool, impl: c.py}
        """,
        "[{from: a, to: b}, {from: b, to: c}]",
        "x: {type: number, persist: true}\ny: {type: number}",
    )
    world.tool("a", "return {'state_delta': {'x': 1}}")
    world.tool("b", f"import os, shutil\n{meanwhile}\nreturn {{'state_delta': {{'y': 2}}}}")
    world.tool("c", "return {}")
    return world


def renaming(folder: Path) -> str:
    """`before` becomes `after`, once."""
    before, after = str(folder / "before"), str(folder / "after")
    return f"if os.path.exists({before!r}): os.rename({before!r}, {after!r})"


def test_a_folder_that_is_renamed_during_a_run_is_named_as_the_cause(tmp_path: Path) -> None:
    world = slow_chain(tmp_path / "before", renaming(tmp_path))

    run = call([*OE, "run", str(world.folder)], tmp_path)

    moved = World(tmp_path / "after")
    records = moved.records(moved.store.run_ids()[0])
    completed = {record.event.node_id: record.event for record in records if isinstance(record.event, NodeCompleted)}
    (failed,) = [record.event for record in records if isinstance(record.event, NodeFailed)]
    assert completed["a"].restorable
    assert completed["b"].restorable_reason == f"the folder {world.folder} was renamed or removed while the run went on"
    assert (failed.node_id, failed.error.type) == ("c", "FolderGone")
    assert "Traceback" not in run.err + run.out
    assert "--experience after" in run.out


def test_what_a_renamed_run_wrote_is_merged_where_the_folder_is(tmp_path: Path) -> None:
    world = slow_chain(tmp_path / "before", renaming(tmp_path))

    call([*OE, "run", str(world.folder)], tmp_path)

    moved = World(tmp_path / "after")
    assert StateStore(moved.store.data).values()["x"].value == 1
    assert (moved.store.data / FILE).read_text(encoding="ascii").startswith("2 ")
    assert call([*OE, "resume", "latest"], moved.folder).code == 0


def test_a_folder_that_is_removed_during_a_run_ends_it_in_words(tmp_path: Path) -> None:
    world = slow_chain(tmp_path / "before", f"shutil.rmtree({str(tmp_path / 'before')!r})")

    run = call([*OE, "run", str(world.folder)], tmp_path)

    assert run.code == 1
    assert "Traceback" not in run.err + run.out
    assert "was deleted during the run" in run.err
    shutil.rmtree(tmp_path / "before", ignore_errors=True)


async def test_a_file_that_is_gone_when_its_node_ends_is_not_said_to_have_changed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py, uses: [data.txt]}")
    world.write("data.txt", "x")
    world.tool("a", "import os\nos.remove('data.txt')\nreturn {}")

    ended = await world.run()

    (done,) = [r.event for r in world.records(ended.run_id) if isinstance(r.event, NodeCompleted)]
    assert ended.finished.status is RunStatus.SUCCESS
    assert done.restorable_reason == "uses data.txt was removed while it ran"
