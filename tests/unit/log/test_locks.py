"""The lock of a run: one writer, freed by death, in nobody's way, and true about what it says."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.log.storage.lock import RunLock, is_held, other_host
from tests.support.commands import OE, call
from tests.support.worlds import World

HERE = Path.cwd()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c.lock"


def python(script: str) -> subprocess.Popen[str]:
    """A process that runs `script`, which may use `Path`, `RunLock` and `is_held`."""
    rooms = "from engine.log.storage.lock import is_held\nfrom engine.log.storage.lock import RunLock\n"
    imports = f"import sys\nfrom pathlib import Path\n{rooms}"
    return subprocess.Popen(
        [sys.executable, "-c", imports + script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_it_says_who_holds_it(path: Path) -> None:
    lock = RunLock(path, "2026-01-02T03:04:05.678Z")

    said = json.loads(path.read_text())

    assert said == {"pid": os.getpid(), "host": socket.gethostname(), "startedAt": "2026-01-02T03:04:05.678Z"}
    lock.release()


def test_a_second_writer_of_the_same_run_is_refused_and_leaves_the_first_alone(path: Path) -> None:
    lock = RunLock(path, "now")

    with pytest.raises(BlockingIOError):
        RunLock(path, "later")

    assert is_held(path)
    assert json.loads(path.read_text())["startedAt"] == "now"
    lock.release()


def test_readers_that_never_stop_looking_are_in_no_writers_way(path: Path) -> None:
    readers = [python(f"print(flush=True)\nwhile True: is_held(Path({str(path)!r}))") for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        reader.stdout.readline()

    for _ in range(300):
        lock = RunLock(path, "now")
        assert is_held(path)
        lock.release()

    for reader in readers:
        end(reader)


def test_a_writer_that_is_stopped_is_running_and_one_that_is_killed_is_not(path: Path) -> None:
    writer = python(f"lock = RunLock(Path({str(path)!r}), 'now')\nprint(flush=True)\nsys.stdin.read()")
    assert writer.stdout is not None
    writer.stdout.readline()

    writer.send_signal(signal.SIGSTOP)
    assert is_held(path)
    end(writer)

    assert path.exists()
    assert not is_held(path)


def test_the_file_of_a_dead_writer_is_no_lock_for_the_next(path: Path) -> None:
    path.write_text('{"pid": 1, "host": "elsewhere", "startedAt": "long ago, and longer than what comes after it"}')

    lock = RunLock(path, "now")

    assert is_held(path)
    assert json.loads(path.read_text())["startedAt"] == "now"
    lock.release()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"host": 1}', "\xff"])
def test_a_lock_file_that_says_nothing_names_no_other_host(path: Path, text: str) -> None:
    path.write_text(text, encoding="latin-1")

    assert other_host(path) is None


def test_a_run_that_another_host_began_is_resumed_with_a_word_about_it(tmp_path: Path) -> None:
    """Not every network disk shows the locks of one host to another."""
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {}")
    assert call([*OE, "run"], tmp_path).code == 0
    (run_id,) = world.store.run_ids()
    log = world.store.log(run_id)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    world.store.lock(run_id).write_text('{"pid": 1, "host": "elsewhere.example", "startedAt": "now"}')

    resumed = call([*OE, "resume", "latest"], tmp_path)

    assert resumed.code == 0
    assert resumed.err == (
        f"oe: run {run_id} was started on elsewhere.example and has not ended. "
        "If it is still running there, nodes run twice.\n"
    )
    assert call([*OE, "resume", "latest"], tmp_path).err == "", "that one was begun here"
