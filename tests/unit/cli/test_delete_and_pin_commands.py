"""`oe runs delete`, `pin` and `unpin` as people call them: what goes, what is refused, what a prune keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from engine.log.writing.attempt_outputs import output_folder
from tests.support.written_logs import FAILURE, STARTED, SUCCESS, write_log
from tests.unit.cli.conftest import Oe


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def written(store: RunStore, order: int, *, original: str | None = None) -> str:
    return write_log(store, replace(STARTED, order=order, original_run_id=original), FAILURE if original else SUCCESS)


def test_the_named_runs_go_with_what_only_they_used_and_no_other(oe: Oe, store: RunStore) -> None:
    first, second, third = (written(store, order) for order in (1, 2, 3))
    for run_id in (first, second):
        output_folder(store, run_id).mkdir(parents=True)
        store.cancel(run_id).touch()

    dry = oe("runs", "delete", first, third, "--dry-run")
    assert len(store.run_ids()) == 3
    ended = oe("runs", "delete", first, third, "--json")

    assert dry.out.startswith("would remove 2 runs: ")
    assert json.loads(ended.out)["removed"] == [first, third]
    left = {path.name for path in store.data.rglob("*") if second in path.name or first in path.name}
    assert left == {second, f"{second}.jsonl", f"{second}.cancel"}


def test_a_running_run_is_refused_even_by_force(oe: Oe, store: RunStore) -> None:
    run_id, other = written(store, 1), written(store, 2)
    lock = RunLock(store.lock(run_id), "now")

    ended = oe("runs", "delete", other, run_id, "--force")

    lock.release()
    assert (ended.code, ended.out) == (1, "")
    assert f"Cancel it first: oe cancel {run_id[:8]}\nNothing was removed." in ended.err
    assert len(store.run_ids()) == 2


def test_an_original_that_a_kept_run_needs_goes_only_by_force_which_says_what_that_means(
    oe: Oe, store: RunStore
) -> None:
    original = written(store, 1)
    kept = written(store, 2, original=original)

    refused = oe("runs", "delete", original)
    assert f"is needed to resume {kept[:8]}. Delete both, or use --force" in refused.err
    assert len(store.run_ids()) == 2
    ended = oe("runs", "delete", original, "--force")

    assert ended.out.splitlines()[1:] == [f"a resume of {kept[:8]} executes again what only {original[:8]} completed"]
    assert store.run_ids() == [kept]


def test_both_go_together_without_force(oe: Oe, store: RunStore) -> None:
    original = written(store, 1)
    kept = written(store, 2, original=original)

    assert oe("runs", "delete", original, kept).code == 0
    assert store.run_ids() == []


def test_a_pinned_run_stays_with_what_it_needs_until_it_is_unpinned(oe: Oe, store: RunStore) -> None:
    original = written(store, 1)
    pinned = written(store, 2, original=original)

    assert oe("runs", "pin", pinned[:8]).out == f"pinned run {pinned}\n"
    listed = {run["runId"]: run["pinned"] for run in json.loads(oe("runs", "--json").out)}
    assert listed == {pinned: True, original: False}
    assert "pinned" in oe("runs").out
    kept = oe("runs", "prune", "--keep", "0").out
    assert kept.splitlines()[1:] == [
        f"{pinned[:8]} kept: pinned",
        f"{original[:8]} kept: a resume of {pinned[:8]} may need it",
    ]
    assert f"Unpin it first: oe runs unpin {pinned[:8]}" in oe("runs", "delete", pinned).err

    assert oe("runs", "unpin", "latest").out == f"unpinned run {pinned}\n"
    assert oe("runs", "prune", "--keep", "0").out.startswith("removed 2 runs: ")


def test_a_pin_goes_with_its_run(oe: Oe, store: RunStore) -> None:
    run_id = written(store, 1)
    oe("runs", "pin", run_id)

    oe("runs", "delete", run_id, "--force")

    assert list(store.runs.iterdir()) == []


@pytest.mark.parametrize("command", ["delete", "pin", "unpin"])
def test_an_unknown_run_changes_nothing(oe: Oe, store: RunStore, command: str) -> None:
    run_id = written(store, 1)

    ended = oe("runs", command, run_id, "0123")

    assert ended.code == 1
    assert "run log not found" in ended.err
    assert [path.name for path in store.runs.iterdir()] == [f"{run_id}.jsonl"]
