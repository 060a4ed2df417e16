"""What killed processes leave behind goes with the next prune, and nothing that a living one needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.cache.keys.file_stamps import Stamp
from engine.cache.keys.fingerprint_store import keep
from engine.cache.keys.fingerprints import Fingerprint, Known
from engine.log.prune.prune import plan_removal, remove
from engine.log.reading.index import read_summaries
from engine.log.storage.disk import Disk, FileKind
from engine.log.storage.lock import RunLock, is_held
from engine.log.storage.run_store import RunStore
from engine.state.tables import make_database
from tests.support.written_logs import STARTED, SUCCESS, write_log

ID = "00000000-0000-4000-8000-000000000001"
LONG_AGO = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def prune(store: RunStore) -> tuple[Path, ...]:
    """Remove no run; the leftovers that went."""
    removal = plan_removal(store, [])
    remove(store, removal)
    return removal.leftovers


def begun(store: RunStore, run_id: str) -> list[Path]:
    """What a run leaves that was killed before its log had its first line."""
    store.prepare()
    files = [store.lock(run_id), store.cancel(run_id), store.pin(run_id), store.runs / f"{run_id}.jsonl.new"]
    for file in files:
        file.write_text("{}")
    return files


def test_what_a_killed_start_left_goes(store: RunStore) -> None:
    there = write_log(store, STARTED, SUCCESS)
    killed = begun(store, ID)

    assert len(prune(store)) == 4
    assert not any(file.exists() for file in killed)
    assert store.log(there).exists()


def test_what_is_starting_stays(store: RunStore) -> None:
    files = begun(store, ID)
    lock = RunLock(store.lock(ID), "now")

    prune(store)

    assert all(file.exists() for file in files)
    lock.release()


def test_what_may_be_starting_on_another_host_stays(store: RunStore) -> None:
    files = begun(store, ID)
    store.lock(ID).write_text('{"pid": 1, "host": "another-host", "startedAt": "now"}')

    prune(store)

    assert all(file.exists() for file in files)


@pytest.mark.parametrize(
    "name", ["fingerprints.json.k3x.tmp", "runs.index.0a.tmp", "state.sqlite.0a.tmp", "state.sqlite.0a.tmp-wal"]
)
def test_temporary_files_go_once_nobody_can_be_writing_them(store: RunStore, name: str) -> None:
    store.prepare()
    young, old = store.data / name, store.data / f"0.{name}"
    for file in (young, old):
        file.write_text("half")
    os.utime(old, LONG_AGO)

    prune(store)

    assert young.exists()
    assert not old.exists()


def test_the_names_of_temporary_files_are_those_that_are_made(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes one dies at the last moment."""
    big = store.directory / "big"
    big.write_bytes(b"x")
    store.prepare()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for method in ("replace", "hardlink_to", "unlink"):
        monkeypatch.setattr(Path, method, die)
    for write in (
        lambda: keep(store.data, {str(big): Known(Stamp(1, 1, 1, 1, 1), Fingerprint("0", "0", False), settled=True)}),
        lambda: read_summaries(store, [write_log(store, STARTED, SUCCESS)]),
        lambda: make_database(store.data / "state.sqlite"),
    ):
        with pytest.raises(KeyboardInterrupt):
            write()
    monkeypatch.undo()
    left = [path for path in store.data.iterdir() if path.is_file() and path.name != ".gitignore"]
    for path in left:
        os.utime(path, LONG_AGO)

    assert len(left) >= 3
    assert set(prune(store)) == set(left)


def test_a_lock_file_that_goes_before_it_is_locked_is_made_again(store: RunStore) -> None:
    begun(store, ID)

    class PrunesFirst(Disk):
        pruned = False

        def lock(self, kind: FileKind, descriptor: int) -> bool:
            if not self.pruned:
                self.pruned = True
                prune(store)
            return super().lock(kind, descriptor)

    lock = RunLock(store.lock(ID), "now", PrunesFirst())

    assert is_held(store.lock(ID))
    lock.release()
