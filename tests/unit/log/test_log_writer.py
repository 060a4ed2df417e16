"""A log whose disk fails: no half line stays, nothing is written after it, and what was written can be read."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from engine.log.events.events import NodeStarted, RunStarted
from engine.log.reading.reader import read_log
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import LogWriteError, LogWriter
from tests.support.disks import FailingDisk, HastyDisk

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path)
    store.prepare()
    return store


def written(store: RunStore) -> list[str]:
    """The types of the events in the log, which must have no flaw."""
    log = read_log(store.log(RUN))
    assert log.problems == ()
    assert store.log(RUN).read_bytes().endswith(b"\n")
    return [record.event.type for record in log.records]


def test_half_a_line_is_taken_back_and_nothing_follows_it(store: RunStore) -> None:
    log = LogWriter(store.log(RUN), RUN, disk=FailingDisk(at=2))
    log.append(RunStarted(args={}))

    for _ in range(2):
        with pytest.raises(LogWriteError, match=r"No space left on device: .* cannot be written"):
            log.append(NodeStarted(node_id="a", attempt_id="1"))
    with pytest.raises(LogWriteError):
        log.sync()
    log.close()

    assert written(store) == ["run.started"]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EFBIG, "raise the limit on file sizes"),
        (errno.EROFS, "make its folder writable"),
        (errno.EIO, "check the disk"),
    ],
)
def test_each_cause_has_its_remedy(store: RunStore, number: int, remedy: str) -> None:
    log = LogWriter(store.log(RUN), RUN, disk=FailingDisk(at=2, number=number))
    log.append(RunStarted(args={}))

    with pytest.raises(LogWriteError) as raised:
        log.append(NodeStarted(node_id="a", attempt_id="1"))

    assert (raised.value.remedy, raised.value.resumable) == (remedy, True)


def test_a_log_without_a_first_line_is_not_left_behind(store: RunStore) -> None:
    log = LogWriter(store.log(RUN), RUN, disk=FailingDisk(at=1))

    with pytest.raises(LogWriteError) as raised:
        log.append(RunStarted(args={}))
    log.close()

    assert not raised.value.resumable
    assert store.run_ids() == []


def test_a_write_of_a_part_of_a_line_is_not_the_end_of_it(store: RunStore) -> None:
    log = LogWriter(store.log(RUN), RUN, disk=HastyDisk())
    log.append(RunStarted(args={}))
    log.close()

    assert written(store) == ["run.started"]


def test_a_sync_that_fails_breaks_the_log(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogWriter(store.log(RUN), RUN)
    log.append(RunStarted(args={}))

    def fails(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fails)
    with pytest.raises(LogWriteError, match="Input/output error"):
        log.sync()
    with pytest.raises(LogWriteError, match="Input/output error"):
        log.append(NodeStarted(node_id="a", attempt_id="1"))
    log.close()


def test_a_deleted_log_is_put_back_and_says_so(store: RunStore) -> None:
    log = LogWriter(store.log(RUN), RUN)
    log.append(RunStarted(args={}))
    log.sync()
    shutil.rmtree(store.data)
    log.append(NodeStarted(node_id="a", attempt_id="1"))

    with pytest.raises(LogWriteError, match="was deleted during the run and has been restored") as raised:
        log.sync()
    log.close()

    assert raised.value.resumable
    assert written(store) == ["run.started", "node.started"]
    assert store.data.stat().st_mode & 0o777 == 0o700


def test_a_deleted_log_is_put_back_where_a_large_value_is_the_first_to_find_out(store: RunStore) -> None:
    log = LogWriter(store.log(RUN), RUN)
    log.append(RunStarted(args={}))
    shutil.rmtree(store.data)

    with pytest.raises(LogWriteError, match="has been restored"):
        log.keep(b"content")
    log.close()

    assert written(store) == ["run.started"]


def test_a_log_whose_experience_was_deleted_too_says_that_it_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "experience"
    folder.mkdir()
    store = RunStore(folder)
    store.prepare()
    log = LogWriter(store.log(RUN), RUN)
    log.append(RunStarted(args={}))
    shutil.rmtree(folder)

    with pytest.raises(LogWriteError, match=r"was deleted .* and could not be restored") as raised:
        log.close()

    assert not raised.value.resumable
