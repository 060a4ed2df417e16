"""Runs are ordered as they began and ended, whatever the clock says (engine/log/writing/run_order.py)."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.storage.run_store import RunStore
from engine.log.writing.run_order import FILE, clock_warnings, take_place
from tests.support.permissions import closed_to_us, shared_folder
from tests.support.written_logs import STARTED, SUCCESS, write_log

NOON, ONE, THREE = (f"2026-03-01T{hour}:00:00.000Z" for hour in (12, 13, 15))


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path)
    store.prepare()
    return store


def test_each_place_is_one_more_than_the_last(store: RunStore) -> None:
    assert [take_place(store, NOON).order for _ in range(3)] == [1, 2, 3]


def _take_many(folder: Path) -> list[int]:
    return [take_place(RunStore(folder), NOON).order for _ in range(50)]


def test_processes_that_take_places_side_by_side_take_different_ones(store: RunStore) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        taken = pool.map(_take_many, [store.directory] * 3)

    assert sorted(order for orders in taken for order in orders) == [*range(1, 151)]


@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"-4 2026-03-01T12:00:00.000Z\n", b"9 yesterday\n"])
def test_a_counter_that_is_gone_or_damaged_goes_on_from_the_logs(store: RunStore, content: bytes | None) -> None:
    write_log(store, replace(STARTED, order=4), replace(SUCCESS, order=7))
    write_log(store, replace(STARTED, order=6))
    if content is not None:
        (store.data / FILE).write_bytes(content)

    assert take_place(store, ONE).order == 8


def test_a_clock_that_was_set_back_is_pointed_out_once(store: RunStore) -> None:
    take_place(store, THREE)

    said = [clock_warnings(take_place(store, ts)) for ts in (NOON, NOON)]

    assert [len(warnings) for warnings in said] == [1, 0]
    assert "2026-03-01T15:00:00.000Z" in said[0][0]


def test_a_clock_that_is_put_right_by_seconds_is_no_news(store: RunStore) -> None:
    take_place(store, "2026-03-01T12:00:30.000Z")

    assert clock_warnings(take_place(store, NOON)) == ()


def test_the_run_that_began_last_is_the_newest_whatever_its_times(store: RunStore) -> None:
    first = write_log(store, replace(STARTED, order=1), replace(SUCCESS, order=6))
    second = write_log(store, replace(STARTED, order=2), replace(SUCCESS, order=3))
    store.log(first).touch()

    assert store.run_ids() == [second, first]


def test_runs_of_an_older_oe_come_before_all_others_in_the_order_of_their_starts(store: RunStore) -> None:
    ordered = write_log(store, replace(STARTED, order=1))
    older = [write_log(store, STARTED, run_id=f"{number}f3a1b2c-1111-4222-8333-444455556666") for number in range(2)]
    text = store.log(older[0]).read_text(encoding="utf-8")
    store.log(older[0]).write_text(text.replace("2026-03-01T12", "2026-03-01T13"), encoding="utf-8")

    assert store.run_ids() == [ordered, *older]


def test_a_folder_that_may_not_be_read_is_not_taken_for_one_without_runs() -> None:
    with shared_folder() as folder:
        store = RunStore(folder)
        write_log(store, STARTED)
        with closed_to_us(store.data), pytest.raises(PermissionError):
            store.run_ids()
