"""A run that is killed between its last line and its merge into the state: the next reader merges it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys

import pytest

from engine.log.reading.head_tail import read_ends
from engine.state.rebuild import catch_up
from engine.state.store import StateStore
from tests.support.commands import OE, call
from tests.support.worlds import World


@pytest.fixture
def counting(world: World) -> World:
    """look appends `$args.word` to seen, which persists."""
    world.graph(
        "- {id: look, kind: tool, impl: look.py, args: {word: $args.word}, writes: [seen]}",
        state="seen: {type: array, merge: array_append, persist: true}",
    )
    world.tool("look", "return {'state_delta': {'seen': [input['word']]}}")
    return world


KILLED_BEFORE_THE_MERGE = """
import os, signal
from engine.cli.entrypoint import main
from engine.state.store import StateStore
StateStore.merge = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main()
"""


def kill_before_the_merge(world: World, word: str) -> None:
    """Run, and be killed by the time that the log has its last line and the state has nothing of it."""
    command = [sys.executable, "-c", KILLED_BEFORE_THE_MERGE, "run", "--args", json.dumps({"word": word})]
    done = subprocess.run(command, cwd=world.folder, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert read_ends(world.store.log(world.store.run_ids()[0])).finished is not None


async def test_a_run_goes_on_from_what_the_killed_one_wrote(counting: World) -> None:
    await counting.run({"word": "a"})
    kill_before_the_merge(counting, "b")
    assert StateStore(counting.store.data).values()["seen"].value == ["a"]

    third = await counting.run({"word": "c"})

    assert third.final_state == {"seen": ["a", "b", "c"]}


async def test_oe_state_shows_what_the_killed_run_wrote(counting: World) -> None:
    await counting.run({"word": "a"})
    kill_before_the_merge(counting, "b")

    assert json.loads(call([*OE, "state", "seen"], counting.folder).out) == ["a", "b"]


async def test_what_the_killed_run_wrote_can_be_forgotten(counting: World) -> None:
    await counting.run({"word": "a"})
    kill_before_the_merge(counting, "b")

    assert call([*OE, "state", "reset", "--yes"], counting.folder).out == "reset seen\n"
    assert json.loads(call([*OE, "state", "--json"], counting.folder).out) == {}


async def test_catching_up_passes_over_what_has_not_ended_or_cannot_be_read(counting: World) -> None:
    ended = await counting.run({"word": "a"})
    log = counting.store.log(ended.run_id).read_bytes()
    for number, content in enumerate((b"", b"rubbish\n", log[: log.rindex(b"\n", 0, -1) + 1])):
        counting.store.log(f"00000000-0000-4000-8000-00000000000{number}").write_bytes(content)
    shutil.rmtree(counting.store.blobs.folder, ignore_errors=True)

    assert catch_up(counting.store).run_ids() == {ended.run_id}


async def test_a_lost_state_is_that_of_the_logs(counting: World) -> None:
    await counting.run({"word": "a"})
    (counting.store.data / "state.sqlite").unlink()

    assert (await counting.run({"word": "b"})).final_state == {"seen": ["a", "b"]}
