"""The two ends of a log tell what the whole of it tells (engine/log/reading/head_tail.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.events.events import Wrote
from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import UnreadableLogError, read_log
from engine.log.storage.run_store import RunStore
from tests.support.written_logs import COMPLETED, STARTED, SUCCESS, padding, write_log


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


@pytest.mark.parametrize("between", [0, 3_000, 100_000])
def test_the_ends_are_the_first_and_the_last_record_of_the_whole(store: RunStore, between: int) -> None:
    log = store.log(write_log(store, STARTED, *padding(between), SUCCESS))

    whole = read_log(log).records
    assert read_ends(log).records == (whole[0], whole[-1])


@pytest.mark.parametrize("size", [10, 2_040, 2_050, 4_096, 50_000])
def test_lines_of_any_length_are_found(store: RunStore, size: int) -> None:
    started = replace(STARTED, args={"text": "x" * size})
    finished = replace(SUCCESS, wrote={"text": Wrote("y" * size, "a", "last_wins")})
    log = store.log(write_log(store, started, *padding(1_000), finished))

    ends = read_ends(log)

    assert [record.event for record in ends.records] == [started, finished]


def test_a_log_without_its_end_has_one_end(store: RunStore) -> None:
    log = store.log(write_log(store, STARTED, COMPLETED))

    assert read_ends(log).finished is None


def test_a_torn_line_after_the_end_does_not_hide_it(store: RunStore) -> None:
    log = store.log(write_log(store, STARTED, SUCCESS))
    log.write_bytes(log.read_bytes() + b'{"type":"node.comp')

    finished = read_ends(log).finished
    assert finished is not None
    assert finished.event == SUCCESS


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}\n", b"rubbish", b'{"type":"run.started"}\n', b"[" * 5_000 + b"\n"]
)
def test_a_log_that_begins_with_no_run_started_cannot_be_read(store: RunStore, content: bytes) -> None:
    store.prepare()
    log = store.log("00000000-0000-4000-8000-000000000000")
    log.write_bytes(content)

    with pytest.raises(UnreadableLogError, match=r"run\.started"):
        read_ends(log)
