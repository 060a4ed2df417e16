"""state.sqlite: what it says after runs, resumes, resets and rebuilds."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.experience.model import Merge
from engine.expressions import MISSING, Json, Missing
from engine.state.contribution import Contribution, FieldContribution
from engine.state.store import Change, FieldValue, StateDamagedError, StateError, StateStore

TIMES = [f"2026-01-02T03:04:{second:02}.000Z" for second in range(60)]


def append(value: list[Json], node: str = "scan", *, carried: bool = True, start: Json | Missing = MISSING):
    return FieldContribution(value, node, Merge.ARRAY_APPEND, carried, start)


def last(value: Json, node: str = "count", *, carried: bool = False) -> FieldContribution:
    return FieldContribution(value, node, Merge.LAST_WINS, carried)


def run(run_id: str, second: int, *, root: str | None = None, **fields: FieldContribution) -> Contribution:
    return Contribution(run_id, root or run_id, TIMES[second], fields, ended_order=second)


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path)


def values(store: StateStore) -> dict[str, Json]:
    return {field: value.value for field, value in store.values().items()}


def test_before_the_first_write_there_is_neither_a_value_nor_a_file(store: StateStore) -> None:
    store.merge(run("r1", 1))

    assert (store.values(), store.history(), store.reset(None, TIMES[2], 2)) == ({}, [], [])
    assert not store.path.exists()


def test_a_value_says_who_gave_it_and_when(store: StateStore) -> None:
    store.merge(run("r1", 1, total=last({"a": [1, None, "☃"]})))

    assert store.values() == {"total": FieldValue({"a": [1, None, "☃"]}, TIMES[1], "count", "r1")}


def test_runs_are_merged_one_at_a_time(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"]), total=last(1)))
    store.merge(run("r2", 2, log=append(["b"]), total=last(2)))

    assert values(store) == {"log": ["a", "b"], "total": 2}


def test_a_field_that_is_not_carried_is_what_the_last_run_that_wrote_it_made_it(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"], carried=False, start=["-"])))
    store.merge(run("r2", 2, log=append(["b"], carried=False, start=["-"])))
    store.merge(run("r3", 3, total=last(1)))

    assert values(store) == {"log": ["-", "b"], "total": 1}


def test_a_run_that_ended_before_one_that_is_merged_already_takes_its_place(store: StateStore) -> None:
    store.merge(run("r2", 2, log=append(["b"]), total=last(2)))
    store.merge(run("r1", 1, log=append(["a"]), total=last(1)))

    assert values(store) == {"log": ["a", "b"], "total": 2}


def test_merging_a_run_twice_changes_nothing(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"])))
    store.merge(run("r1", 1, log=append(["a"])))

    assert values(store) == {"log": ["a"]}
    assert len(store.history()) == 1


def test_a_resumed_run_replaces_what_the_run_it_resumes_contributed(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"])))
    store.merge(run("other", 2, log=append(["x"])))
    store.merge(run("r2", 3, root="r1", log=append(["a", "b"])))

    assert values(store) == {"log": ["x", "a", "b"]}


def test_of_several_resumes_of_one_run_only_the_last_counts(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"])))
    store.merge(run("r2", 2, root="r1", log=append(["a", "b"])))
    store.merge(run("r3", 3, root="r1", log=append(["a", "c"])))

    assert values(store) == {"log": ["a", "c"]}


def test_a_field_that_a_resume_no_longer_writes_is_gone(store: StateStore) -> None:
    store.merge(run("other", 1, total=last(1)))
    store.merge(run("r1", 2, log=append(["a"]), total=last(2)))
    store.merge(run("r2", 3, root="r1"))

    assert store.values() == {"total": FieldValue(1, TIMES[1], "count", "other")}
    assert store.history("log")[-1] == Change("log", ["a"], None, "", "r2", TIMES[3])


def test_the_history_holds_one_change_for_each_run_and_field(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"]), total=last(1)))
    store.merge(run("r2", 2, log=append(["b"], node="look")))

    assert store.history("log") == [
        Change("log", MISSING, ["a"], "scan", "r1", TIMES[1]),
        Change("log", ["a"], ["a", "b"], "look", "r2", TIMES[2]),
    ]
    assert [change.field for change in store.history()] == ["log", "total", "log"]


def test_a_reset_field_is_forgotten_and_starts_over(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"]), total=last(1)))

    assert store.reset("log", TIMES[2], 2) == ["log"]
    assert values(store) == {"total": 1}
    assert store.history("log") == []

    store.merge(run("r2", 3, log=append(["b"])))
    assert values(store) == {"log": ["b"], "total": 1}


def test_a_reset_of_everything_leaves_nothing(store: StateStore) -> None:
    store.merge(run("r1", 1, log=append(["a"]), total=last(1)))

    assert store.reset(None, TIMES[2], 2) == ["log", "total"]
    assert (store.values(), store.history()) == ({}, [])


def test_a_rebuild_does_not_bring_back_what_was_reset(store: StateStore) -> None:
    runs = [run("r1", 1, log=append(["a"]), total=last(1)), run("r2", 3, log=append(["b"]))]
    store.merge(runs[0])
    store.reset("log", TIMES[2], 2)
    store.merge(runs[1])
    before = (store.values(), store.history())

    store.rebuild(runs)

    assert (store.values(), store.history()) == before


def test_a_run_that_ended_before_a_reset_and_is_merged_after_it_stays_forgotten(store: StateStore) -> None:
    store.merge(run("r1", 1, total=last(1)))
    store.reset("total", TIMES[3], 3)
    store.merge(run("r2", 2, total=last(2), log=append(["b"])))

    assert values(store) == {"log": ["b"]}


def test_a_resume_that_is_merged_before_another_that_ended_sooner_still_counts(store: StateStore) -> None:
    store.merge(run("r3", 3, root="r1", total=last(3)))
    store.merge(run("r2", 2, root="r1", total=last(2)))

    assert values(store) == {"total": 3}
    assert [change.new for change in store.history()] == [2, 3]


def test_a_rebuild_keeps_the_contributions_of_runs_whose_logs_are_gone(store: StateStore) -> None:
    gone, there = run("r1", 1, log=append(["a"])), run("r2", 2, log=append(["b"]))
    store.merge(gone)
    store.merge(there)

    store.rebuild([there])

    assert values(store) == {"log": ["a", "b"]}
    assert store.run_ids() == {"r1", "r2"}


def test_processes_that_merge_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def merge(number: int) -> None:
        barrier.wait()
        StateStore(tmp_path).merge(run(f"r{number}", number, log=append([number])))

    threads = [threading.Thread(target=merge, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert values(StateStore(tmp_path)) == {"log": list(range(8))}


def test_the_tables_of_the_public_format_hold_what_it_says(store: StateStore) -> None:
    store.merge(run("r1", 1, total=last(1)))

    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT * FROM state_snapshot").fetchall() == [
            ("total", "1", TIMES[1], "count", "r1")
        ]
        assert connection.execute("SELECT * FROM state_history").fetchall() == [
            (1, "total", None, "1", "count", "r1", TIMES[1])
        ]


def test_a_state_of_the_public_engine_is_imported(store: StateStore) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute(
            "CREATE TABLE state_snapshot (field TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL, "
            "updated_by_node TEXT NOT NULL, updated_by_run TEXT NOT NULL)"
        )
        connection.execute(f"INSERT INTO state_snapshot VALUES ('log', '[\"old\"]', '{TIMES[0]}', 'n', 'theirs')")

    store.merge(run("r1", 1, log=append(["a"])))

    assert values(store) == {"log": ["old", "a"]}


def test_a_file_that_is_no_database_says_how_to_mend_it(store: StateStore) -> None:
    store.path.write_bytes(b"not a database, " * 100)

    with pytest.raises(StateDamagedError, match="oe state rebuild"):
        store.values()


def test_a_file_that_cannot_be_opened_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").mkdir()

    with pytest.raises(StateError, match="cannot be used"):
        StateStore(tmp_path).values()
