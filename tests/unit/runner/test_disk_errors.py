"""A full disk, or a log that is deleted: the run stops, says so once, and can be resumed."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine.log.reading.reader import read_log
from engine.log.writing.writer import LogWriteError, LogWriter
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, Called, call
from tests.support.disks import FailingDisk, on_tiny_disk, tiny_disks
from tests.support.processes import gone
from tests.support.worlds import World

EVENTS_OF_A_CHAIN = 8
KIB = 1024


@pytest.fixture
def break_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], FailingDisk]:
    """Makes the next log fail at this write."""

    def broken(at: int) -> FailingDisk:
        disk = FailingDisk(at)
        monkeypatch.setattr("engine.runner.session.LogWriter", lambda *args, **_: LogWriter(*args, disk=disk))
        return disk

    return broken


def completed(world: World) -> list[str]:
    """The nodes whose completion is in the log of the only run."""
    (run_id,) = world.store.run_ids()
    return [record.event.node_id for record in world.records(run_id) if record.event.type == "node.completed"]


@pytest.mark.parametrize("at", range(2, EVENTS_OF_A_CHAIN + 1))
async def test_whichever_line_finds_no_room_the_run_stops_and_its_resume_ends_as_if_nothing_had_been(
    chain: World, break_disk: Callable[[int], FailingDisk], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    disk = break_disk(at)

    with pytest.raises(LogWriteError, match="No space left on device"):
        await chain.run()

    assert disk.writes == at, "nothing is written after it"
    kept = completed(chain)
    chain.executed()
    monkeypatch.undo()
    resumed = await chain.resume()
    assert resumed.final_state == {"x": 1, "y": 2, "z": 3}
    assert chain.restored(resumed.run_id) == kept
    assert chain.executed() == [node for node in "abc" if node not in kept]


async def test_what_runs_when_the_room_ends_is_stopped_with_all_that_it_started(
    world: World, break_disk: Callable[[int], FailingDisk]
) -> None:
    world.graph("- {id: slow, kind: tool, impl: slow.py}\n- {id: fast, kind: tool, impl: fast.py}")
    world.tool(
        "slow",
        """
        import subprocess, time
        from recorder import HERE
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        (HERE / "pid.new").write_text(str(child.pid))
        (HERE / "pid.new").rename(HERE / "pid")
        time.sleep(600)
        """,
    )
    world.tool(
        "fast",
        """
        import time
        from recorder import HERE
        until = time.monotonic() + 30
        while not (HERE / "pid").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        return {}
        """,
    )
    break_disk(4)  # run.started, node.started twice, and then the completion of `fast`

    with pytest.raises(LogWriteError):
        await world.run(concurrency=2)

    assert gone(int((world.folder / "pid").read_text()))


async def test_a_line_that_a_node_reports_while_it_runs_is_no_error_of_the_node(
    world: World,
    break_disk: Callable[[int], FailingDisk],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What an agent prints is reported from a callback, whose exceptions nobody catches."""
    world.graph("- {id: a, kind: cli-agent, provider: codex, prompt: Hello, writes: [x]}", state="x: {}")
    agents = CodingAgents(world.folder, monkeypatch)
    agents.write("codex", f"#!/bin/sh\necho $$ > {world.folder}/pid\necho looking >&2\nexec sleep 600\n")
    break_disk(4)  # run.started, node.started, that it spawns, and then what it prints

    with caplog.at_level(logging.ERROR), pytest.raises(LogWriteError):
        await asyncio.wait_for(world.run(), timeout=30)

    assert caplog.messages == []
    assert gone(int((world.folder / "pid").read_text()))


FILLS = """
from recorder import HERE
try:
    with open(HERE / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError:
    pass
return {"state_delta": {"y": "y" * 8000}}
"""


class Terminal:
    """a → b → c, of which `b` may do what it likes to the disk before it returns 8 KB."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.world.graph(
            "- {id: a, kind: tool, impl: a.py, writes: [x]}\n- {id: b, kind: tool, impl: b.py, writes: [y]}\n"
            "- {id: c, kind: tool, impl: c.py, writes: [x]}",
            "[{from: a, to: b}, {from: b, to: c}]",
            "x: {}\ny: {}",
        )
        self.world.tool("a", "return {'state_delta': {'x': 1}}")
        self.world.tool("c", "return {'state_delta': {'x': 3}}")

    def stopped(self, ended: Called) -> str:
        """What a command said on stderr whose run was stopped after `a`; and that a resume restores that alone."""
        (run_id,) = self.world.store.run_ids()
        log = self.world.store.log(run_id)
        assert ended.code == 1
        assert read_log(log).problems == ()
        assert "▶ c" not in ended.out
        self.world.executed()
        self.world.tool("b", "return {'state_delta': {'y': 2}}")
        resumed = call([*OE, "resume", "latest"], self.world.folder)
        assert (resumed.code, self.world.executed()) == (0, ["b", "c"])
        return ended.err.replace(str(log), "LOG").replace(run_id, "ID")


def call_with_small_files(limit: int, folder: Path) -> Called:
    """`oe run` whose files may not grow beyond `limit` bytes, which Python, too, would keep to: half of a module's
    bytecode would stay behind for all that come after.
    """
    prepare = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
    return call([*OE, "run"], folder, {"PYTHONDONTWRITEBYTECODE": "1"}, prepare)


def with_small_files(terminal: Terminal) -> Called:
    """A run whose files may not grow beyond 4 KiB: too little for the line of `b`."""
    return call_with_small_files(4 * KIB, terminal.world.folder)


def with_small_blobs(terminal: Terminal) -> Called:
    """A run whose files may not grow beyond 64 KiB: enough for the log, too little for the value, a file of its own."""
    terminal.world.tool("b", "return {'state_delta': {'y': 'y' * 100_000}}")
    return call_with_small_files(64 * KIB, terminal.world.folder)


def on_a_full_disk(terminal: Terminal) -> Called:
    """A run in a copy of the folder, on a disk of 64 KiB that its node `b` fills; it is copied back in the end."""
    folder = terminal.world.folder
    disk = folder.parent / "disk"
    disk.mkdir()
    script = (
        f'cp -r "{folder}/." "{disk}" && cd "{disk}" && {" ".join(OE)} run; code=$?; rm -f filler; '
        f'cp -r "{disk}/." "{folder}"; exit $code'
    )
    ended = call(on_tiny_disk(["sh", "-c", script], disk, 64), folder)
    return Called(ended.code, ended.out, ended.err.replace(str(disk), str(folder)))


NO_ROOM = [
    (with_small_files, "File too large", "Raise the limit on file sizes"),
    (with_small_blobs, "File too large", "Raise the limit on file sizes"),
]
if tiny_disks():
    NO_ROOM.append((on_a_full_disk, "No space left on device", "Free some space"))


@pytest.mark.parametrize(("run", "cause", "remedy"), NO_ROOM)
def test_no_room_is_one_clear_error(tmp_path: Path, run: Callable[[Terminal], Called], cause: str, remedy: str) -> None:
    terminal = Terminal(tmp_path / "experience")
    terminal.world.tool("b", FILLS)

    ended = run(terminal)

    assert terminal.stopped(ended) == (
        f"oe: {cause}: LOG cannot be written. The run was stopped; what completed is kept. "
        f"{remedy}, then: oe resume ID\n"
    )


def test_no_room_for_the_first_line_starts_nothing_and_leaves_no_log(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.world.tool("b", "return {}")

    ended = call_with_small_files(200, tmp_path)

    assert ended.code == 1
    assert "File too large: " in ended.err
    assert ended.err.endswith("Raise the limit on file sizes, then start it again\n")
    assert terminal.world.store.run_ids() == []
    assert terminal.world.executed() == []


def test_no_room_for_the_state_costs_the_state_alone_and_says_how_to_get_it(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.world.tool("b", "return {'state_delta': {'y': 2}}")

    ended = call_with_small_files(16 * KIB, tmp_path)

    assert ended.code == 0
    assert "state.sqlite does not have what this run wrote: " in ended.err
    assert ended.err.endswith("; its log has: rebuild it with `oe state rebuild`\n")
    assert call([*OE, "state", "rebuild"], tmp_path).code == 0
    assert call([*OE, "state", "y"], tmp_path).out == "2\n"


def test_a_deleted_log_is_put_back_and_the_run_stops(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.world.tool(
        "b", "import shutil\nfrom recorder import HERE\nshutil.rmtree(HERE / '.openexpertise')\nreturn {}"
    )

    ended = call([*OE, "run"], tmp_path)
    (run_id,) = terminal.world.store.run_ids()

    assert ended.code == 1
    assert ended.err == (
        f"oe: {terminal.world.store.log(run_id)} was deleted during the run and has been restored. "
        f"The run was stopped; what completed is kept. Resume with: oe resume {run_id}\n"
    )
    terminal.world.executed()
    assert call([*OE, "resume", "latest"], tmp_path).code == 0
    assert terminal.world.executed() == ["c"]


def without_override() -> None:
    """Make even root obey permissions; for anybody else there is nothing to give up."""
    drop_from_bounding_set, dac_override = 24, 1
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0) == 0


def test_a_folder_that_becomes_read_only_costs_a_run_that_goes_on_nothing(tmp_path: Path) -> None:
    """Its log is open; only its end, and what others are to see of it, need the folder."""
    terminal = Terminal(tmp_path)
    terminal.world.tool("b", "from recorder import HERE\n(HERE / '.openexpertise/runs').chmod(0o500)\nreturn {}")

    ended = call([*OE, "run"], tmp_path, prepare=without_override)
    again = call([*OE, "run"], tmp_path, prepare=without_override)

    terminal.world.store.runs.chmod(0o700)
    assert (ended.code, ended.err) == (0, "")
    assert again.code == 1
    assert again.err == f"oe: the run's log cannot be written in {terminal.world.store.runs}: Permission denied\n"
    assert call([*OE, "runs", "--json"], tmp_path).out.count('"success"') == 1
