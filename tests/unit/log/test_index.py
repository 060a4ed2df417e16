"""The index that makes lists of runs quick: it saves reading, tells what the logs tell, and heals itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.log.events.events import Counts, Event, FailedItems, NodeCompleted, NodeStarted, RunFinished
from engine.log.reading.index import read_summaries
from engine.log.reading.reader import read_log
from engine.log.reading.summary import RunState, RunSummary, summarise
from engine.log.reading.view import fold
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, SUCCESS, padding, write_log

MEGABYTE = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def listed(store: RunStore) -> list[RunSummary]:
    return read_summaries(store, store.run_ids())


def from_the_whole_log(store: RunStore, run_id: str) -> RunSummary | None:
    return summarise(fold(read_log(store.log(run_id)).records), alive=False)


def bytes_read(action: Callable[[], object]) -> int:
    """How many bytes this process asks the system for in `action`."""
    before = _asked_for()
    action()
    return _asked_for() - before


def _asked_for() -> int:
    found = re.search(r"rchar: (\d+)", Path("/proc/self/io").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    "events",
    [
        (STARTED, COMPLETED, SUCCESS),
        (STARTED, COMPLETED, FAILED, FAILURE),
        (STARTED, COMPLETED, FAILED, replace(FAILURE, failed_at=None, error=None)),
        (STARTED, COMPLETED, FAILED),
        (replace(STARTED, original_run_id="gone"), COMPLETED),
    ],
)
def test_a_summary_from_the_index_is_that_of_the_whole_log(store: RunStore, events: tuple[RunFinished, ...]) -> None:
    run_id = write_log(store, *events)

    cold, warm = listed(store), listed(store)

    assert cold == warm == [from_the_whole_log(store, run_id)]


TOLERANT = NodeCompleted(node_id="a", counts=Counts(completed=3, failed=2), duration_ms=1.0)


@pytest.mark.parametrize("events", [(), (COMPLETED,), (TOLERANT,), (*padding(MEGABYTE * 2), TOLERANT)])
def test_failed_items_of_older_logs_are_found_in_what_lies_between_their_ends(
    store: RunStore, events: tuple[Event, ...]
) -> None:
    run_id = write_log(store, STARTED, *events, replace(SUCCESS, failed_items=None))

    (summary,) = listed(store)

    assert summary == from_the_whole_log(store, run_id)
    assert summary.failed_items == (FailedItems(2, 5) if TOLERANT in events else FailedItems())


def test_logs_are_read_at_their_ends_and_then_not_at_all(store: RunStore) -> None:
    for _ in range(20):
        write_log(store, STARTED, *padding(MEGABYTE), SUCCESS)
    read_summaries(store, [write_log(store, STARTED, SUCCESS)])  # what must be imported is

    cold, warm = bytes_read(lambda: listed(store)), bytes_read(lambda: listed(store))

    assert cold < 20 * MEGABYTE / 100
    assert warm < 20 * 1_000


def test_an_interrupted_log_is_read_whole_once(store: RunStore) -> None:
    write_log(store, STARTED, *padding(MEGABYTE))

    cold, warm = bytes_read(lambda: listed(store)), bytes_read(lambda: listed(store))

    assert cold >= MEGABYTE
    assert warm < 10_000


def test_the_order_and_the_choice_are_the_callers(store: RunStore) -> None:
    ids = [write_log(store, STARTED, SUCCESS) for _ in range(4)]

    assert [run.run_id for run in read_summaries(store, [ids[2], ids[0]])] == [ids[2], ids[0]]


def test_a_log_that_has_grown_is_read_again(store: RunStore) -> None:
    run_id = write_log(store, STARTED, COMPLETED)
    before = listed(store)[0].state
    write_log(store, STARTED, COMPLETED, SUCCESS, run_id=run_id)

    assert (before, listed(store)[0].state) == (RunState.INTERRUPTED, RunState.SUCCESS)


def test_the_lock_tells_running_from_interrupted_whatever_the_index_says(store: RunStore) -> None:
    run_id = write_log(store, STARTED, COMPLETED)
    states = [listed(store)[0].state]
    lock = RunLock(store.lock(run_id), "now")
    states.append(listed(store)[0].state)
    lock.release()
    states.append(listed(store)[0].state)

    assert states == [RunState.INTERRUPTED, RunState.RUNNING, RunState.INTERRUPTED]


def test_a_run_with_an_end_has_ended_although_its_process_lives(store: RunStore) -> None:
    run_id = write_log(store, STARTED, SUCCESS)
    lock = RunLock(store.lock(run_id), "now")

    assert [listed(store)[0].state for _ in range(2)] == [RunState.SUCCESS] * 2
    lock.release()


def test_a_log_that_cannot_be_read_is_left_out_until_it_can(store: RunStore) -> None:
    good = write_log(store, STARTED, SUCCESS)
    bad = "00000000-0000-4000-8000-000000000000"
    store.log(bad).write_text("rubbish\n")

    assert [[run.run_id for run in listed(store)] for _ in range(2)] == [[good]] * 2

    write_log(store, STARTED, SUCCESS, run_id=bad)
    assert {run.run_id for run in listed(store)} == {good, bad}


def test_the_index_forgets_logs_that_are_gone(store: RunStore) -> None:
    gone, there = (write_log(store, STARTED, SUCCESS) for _ in range(2))
    listed(store)
    store.log(gone).unlink()
    new = write_log(store, STARTED, SUCCESS)

    assert {run.run_id for run in listed(store)} == {there, new}
    index = index_of(store).read_text()
    assert gone not in index
    assert there in index


def test_an_index_that_cannot_be_written_costs_time_alone(store: RunStore) -> None:
    run_id = write_log(store, STARTED, SUCCESS)
    index_of(store).mkdir()

    assert [[run.run_id for run in listed(store)] for _ in range(2)] == [[run_id]] * 2
    assert [path.name for path in store.data.glob("*.tmp")] == []


def test_what_an_index_of_another_version_says_does_not_count(store: RunStore) -> None:
    write_log(store, STARTED, SUCCESS)
    listed(store)
    index_of(store).write_bytes(
        index_of(store).read_bytes().replace(b'{"v":1}', b'{"v":9}').replace(b"success", b"waiting")
    )

    assert listed(store)[0].state is RunState.SUCCESS


@given(at=st.floats(0, 1), junk=st.binary(max_size=8), cut=st.booleans())
def test_whatever_becomes_of_the_index_what_is_shown_is_what_the_logs_tell(
    tmp_path_factory: pytest.TempPathFactory, at: float, junk: bytes, cut: bool
) -> None:
    store = RunStore(tmp_path_factory.mktemp("damaged"))
    for last in (SUCCESS, FAILURE):
        write_log(store, STARTED, COMPLETED, FAILED, last)
    before = listed(store)
    index = index_of(store)
    content = index.read_bytes()
    place = int(at * len(content))
    index.write_bytes(content[:place] + junk + (b"" if cut else content[place + len(junk) :]))

    assert [listed(store), listed(store)] == [before, before]


def test_many_that_list_at_once_all_see_every_run(store: RunStore) -> None:
    ids = {write_log(store, STARTED, NodeStarted(node_id="a"), SUCCESS) for _ in range(30)}
    with ThreadPoolExecutor(8) as pool:
        seen = [{run.run_id for run in runs} for runs in pool.map(lambda _: listed(store), range(40))]

    assert seen == [ids] * 40


def index_of(store: RunStore) -> Path:
    return store.data / "runs.index"


def test_the_index_is_for_the_user_alone(store: RunStore) -> None:
    write_log(store, STARTED, SUCCESS)
    listed(store)

    assert index_of(store).stat().st_mode & 0o077 == 0
