"""Logs on disk: written, read whole, read as they grow, found by id, locked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.log.events import events as ev
from engine.log.reading.reader import LogTail, UnreadableLogError, read_log
from engine.log.storage.lock import RunLock, is_held
from engine.log.storage.run_store import RunNotFoundError, RunStore
from engine.log.writing.writer import LogWriter

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
OTHER = "4f3a1b2c-1111-4f7a-8b6c-1e2d3f4a5b6c"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path)
    store.prepare()
    return store


def write(store: RunStore, run_id: str = RUN) -> Path:
    writer = LogWriter(store.log(run_id), run_id)
    writer.append(ev.RunStarted(args={"x": 1}, nodes=("a",)))
    writer.append(ev.NodeStarted(node_id="a", attempt_id="1"))
    writer.append(ev.NodeFailed(node_id="a", error=ev.ErrorInfo("E", "no")))
    writer.close()
    return store.log(run_id)


def test_the_data_folder_is_private_and_unseen_by_git(store: RunStore) -> None:
    assert stat.S_IMODE(store.data.stat().st_mode) == 0o700
    assert (store.data / ".gitignore").read_text() == "*\n"


def test_what_was_written_is_read_back_in_order(store: RunStore) -> None:
    log = read_log(write(store))

    assert [record.seq for record in log.records] == [0, 1, 2]
    assert log.started.args == {"x": 1}
    assert log.problems == ()


def test_a_torn_last_line_is_ignored(store: RunStore) -> None:
    path = write(store)
    path.write_bytes(path.read_bytes()[:-5])

    log = read_log(path)

    assert [record.event.type for record in log.records] == ["run.started", "node.started"]
    assert log.problems == ()


def test_a_corrupt_line_in_the_middle_costs_only_itself(store: RunStore) -> None:
    path = write(store)
    first, _, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"{rubbish\n" + last)

    log = read_log(path)

    assert [record.event.type for record in log.records] == ["run.started", "node.failed"]
    assert [problem.line for problem in log.problems] == [2]


@pytest.mark.parametrize("content", [b"", b"{", b"rubbish\n", b'{"type":"run.started"}\n', b"[]\n"], ids=str)
def test_a_first_line_that_says_nothing_makes_the_log_unreadable(store: RunStore, content: bytes) -> None:
    store.log(RUN).write_bytes(content)

    with pytest.raises(UnreadableLogError, match=r"run\.started"):
        read_log(store.log(RUN))


def test_a_log_without_args_has_empty_ones(store: RunStore) -> None:
    store.log(RUN).write_text(
        f'{{"type":"run.started","seq":0,"ts":"2026-01-01T00:00:00.000Z","runId":"{RUN}","v":1}}\n'
    )

    assert read_log(store.log(RUN)).started.args == {}


def test_a_newer_log_says_update_oe(store: RunStore) -> None:
    store.log(RUN).write_text('{"type":"run.started","v":2}\n')

    with pytest.raises(UnreadableLogError, match="update oe"):
        read_log(store.log(RUN))


def test_a_tail_gives_each_line_once_and_only_when_it_is_whole(store: RunStore) -> None:
    whole = write(store).read_bytes()
    grown = store.log(OTHER)
    seen = []
    tail = LogTail(grown)
    for end in range(len(whole) + 1):
        grown.write_bytes(whole[:end])
        seen += [record.seq for record in tail.poll()]

    assert seen == [0, 1, 2]


def test_a_log_is_never_overwritten(store: RunStore) -> None:
    before = write(store).read_bytes()

    with pytest.raises(FileExistsError):
        LogWriter(store.log(RUN), RUN)
    assert store.log(RUN).read_bytes() == before


def test_a_run_is_found_by_an_unambiguous_beginning_of_its_id(store: RunStore) -> None:
    write(store)
    write(store, OTHER)

    assert store.find("4f3a1b2c-0") == RUN
    with pytest.raises(RunNotFoundError, match="2 runs"):
        store.find("4f3a")
    with pytest.raises(RunNotFoundError, match="oe runs"):
        store.find("ffff")


@pytest.mark.parametrize("text", ["../../etc/passwd", "", "*", "4f3a1b2c/..", "A" * 36])
def test_text_that_is_no_run_id_never_becomes_a_path(store: RunStore, text: str) -> None:
    with pytest.raises(RunNotFoundError):
        store.find(text)
    with pytest.raises(ValueError, match="not a run id"):
        store.log(text)


def test_runs_are_listed_newest_first_and_other_files_are_not(store: RunStore) -> None:
    write(store)
    write(store, OTHER)
    os.utime(store.log(RUN), ns=(1, 1))
    (store.runs / "notes.jsonl").touch()

    assert store.run_ids() == [OTHER, RUN]


def test_the_lock_is_held_until_it_is_released(store: RunStore) -> None:
    lock = RunLock(store.lock(RUN), "now")
    assert is_held(store.lock(RUN))

    lock.release()

    assert not is_held(store.lock(RUN))
    assert not store.lock(RUN).exists()


def test_death_frees_the_lock_and_a_child_does_not_keep_it(store: RunStore) -> None:
    script = (
        "import subprocess, sys; from pathlib import Path; from engine.log.storage.lock import RunLock\n"
        f"lock = RunLock(Path({str(store.lock(RUN))!r}), 'now')\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    assert is_held(store.lock(RUN))

    process.kill()
    process.wait()

    assert not is_held(store.lock(RUN))
    os.kill(child, 9)
