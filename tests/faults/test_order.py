"""The order in which a run's files become durable: what a loss of power leaves is what some moment of the run was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.log.events.events import NodeCompleted, Output, RunStarted
from engine.log.storage.disk import Disk, FileKind, Operation
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import LogWriter
from tests.faults.faults import make_world, run_on

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"


class Ordered(Disk):
    """Keeps what was done, in order, each operation with the initials of its kind."""

    def __init__(self) -> None:
        self.operations: list[str] = []

    def before(self, kind: FileKind, operation: Operation) -> None:
        self.operations.append(f"{kind.value} {operation.value}")


@pytest.fixture
def disk() -> Ordered:
    return Ordered()


@pytest.fixture
def log(tmp_path: Path, disk: Ordered) -> LogWriter:
    store = RunStore(tmp_path)
    store.prepare()
    return LogWriter(store.log(RUN), RUN, disk=disk)


def test_a_log_has_its_name_once_its_first_line_is_durable(log: LogWriter, disk: Ordered) -> None:
    log.append(RunStarted(args={}))

    assert disk.operations == ["log create", "log write", "log sync", "log rename", "log sync folder"]


def test_a_value_is_durable_with_its_name_before_the_line_that_names_it(log: LogWriter, disk: Ordered) -> None:
    log.append(RunStarted(args={}))
    disk.operations.clear()

    output = Output({"x": "x" * 70_000})
    log.append(NodeCompleted(node_id="a", attempt_id="1", input_hash="h", output=output, duration_ms=1.0))

    assert disk.operations == [
        "blob folder",
        "blob sync folder",
        "blob create",
        "blob write",
        "blob sync",
        "blob rename",
        "blob sync folder",
        "log write",
    ]


def test_a_value_that_another_run_may_have_kept_a_moment_ago_is_made_durable_too(tmp_path: Path, disk: Ordered) -> None:
    RunStore(tmp_path).prepare()
    RunStore(tmp_path).blobs.keep(b"content")
    log = LogWriter(RunStore(tmp_path).log(RUN), RUN, disk=disk)
    disk.operations.clear()

    log.keep(b"content")
    log.keep(b"content")

    assert disk.operations == ["blob folder", "blob sync folder", "blob sync folder"]


def test_a_folder_is_durable_before_what_lies_in_it(tmp_path: Path, disk: Ordered) -> None:
    RunStore(tmp_path).prepare(disk)

    assert disk.operations[:2] == ["data folder", "data sync folder"]
    assert disk.operations[-2:] == ["data folder", "data sync folder"]


def test_one_sync_makes_a_completion_and_the_start_that_builds_on_it_durable(tmp_path: Path, disk: Ordered) -> None:
    asyncio.run(run_on(disk, make_world(tmp_path)))

    story = "".join(operation[len("log ")] for operation in disk.operations if operation in ("log write", "log sync"))

    begins, first_start, rest = story[:2], story[2:4], story[4:]
    assert (begins, first_start) == ("ws", "ws")
    assert rest == "wws" * 3, "completed and started twice, then completed and finished, each pair synced before more"
