"""What a prune takes, what it leaves, and that nobody who works beside it loses anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.canonical import hash_bytes
from engine.log.events.events import Counts, Event, Output
from engine.log.prune.prune import Removal, choose, plan_removal, remove
from engine.log.reading.head_tail import read_ends
from engine.log.storage.blobs import BlobLostError
from engine.log.storage.disk import Disk, FileKind, Operation
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from engine.log.writing.attempt_outputs import output_folder
from tests.support.written_logs import COMPLETED, FAILURE, STARTED, SUCCESS, write_log

LONG_AGO = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def prune(store: RunStore, wanted: Iterable[str]) -> Removal:
    removal = plan_removal(store, choose(store, list(wanted)).removed)
    remove(store, removal)
    return removal


def leave(store: RunStore, *contents: bytes, events: tuple[Event, ...] = (STARTED, SUCCESS)) -> str:
    """A run with everything that a run can leave; its log names `contents`, which are kept as blobs."""
    named = [{"$blob": f"sha256:{_kept_long_ago(store, content)}", "bytes": len(content)} for content in contents]
    first, *rest = events
    run_id = write_log(store, first, replace(COMPLETED, output=Output({"x": named})), *rest)
    outputs = output_folder(store, run_id)
    outputs.mkdir(parents=True)
    (outputs / "a-1.log").write_text("printed")
    (outputs / "a-1.exchange.jsonl").write_text("{}\n")
    store.cancel(run_id).write_text("x")
    store.lock(run_id).write_text("{}")
    return run_id


def _kept_long_ago(store: RunStore, content: bytes) -> str:
    store.prepare()
    digest = store.blobs.keep(content)
    os.utime(store.blobs.folder / digest, LONG_AGO)
    return digest


def everything(store: RunStore) -> set[str]:
    return {path.relative_to(store.data).as_posix() for path in store.data.rglob("*") if path.is_file()}


def blobs(store: RunStore) -> set[str]:
    return {path.name for path in store.blobs.folder.iterdir()}


def test_a_run_goes_with_all_that_only_it_used(store: RunStore) -> None:
    gone = leave(store, b"only of the first", b"of both")
    there = leave(store, b"of both")

    removal = prune(store, [gone])

    assert removal.runs == (gone,)
    assert not [name for name in everything(store) if gone in name]
    assert {name for name in everything(store) if there in name} == {
        f"runs/{there}.jsonl",
        f"runs/{there}.lock",
        f"runs/{there}.cancel",
        f"output/{there}/a-1.log",
        f"output/{there}/a-1.exchange.jsonl",
    }
    assert blobs(store) == {hash_bytes(b"of both")}


def test_what_would_go_is_what_is_freed(store: RunStore) -> None:
    leave(store, b"stays")
    gone = leave(store, b"goes" * 1_000)
    before = _bytes(store)
    removal = plan_removal(store, [gone])
    assert _bytes(store) == before

    remove(store, removal)

    assert before - _bytes(store) == removal.size > 4_000


def _bytes(store: RunStore) -> int:
    return sum((store.data / name).stat().st_size for name in everything(store))


def test_a_content_that_a_log_names_by_its_beginning_stays(store: RunStore) -> None:
    content = _kept_long_ago(store, b"a prompt")
    write_log(store, STARTED, replace(COMPLETED, input_parts={"prompt p.md": content[:12]}), SUCCESS)
    gone = leave(store, b"a prompt")

    prune(store, [gone])

    assert blobs(store) == {content}


def test_a_name_counts_wherever_in_a_long_log_it_stands(store: RunStore) -> None:
    contents = [f"content {number}".encode() for number in range(40)]
    events = [replace(COMPLETED, input_hash="h" * 52_000, input_parts={"p": hash_bytes(each)}) for each in contents]
    write_log(store, STARTED, *events, SUCCESS)
    gone = leave(store, *contents, b"another")

    prune(store, [gone])

    assert blobs(store) == {hash_bytes(content) for content in contents}


def test_a_run_that_is_under_way_stays_with_its_blobs(store: RunStore) -> None:
    going_on = leave(store, b"in use", events=(STARTED,))
    lock = RunLock(store.lock(going_on), "now")

    choice = choose(store, [going_on])
    prune(store, [going_on])
    lock.release()

    assert (choice.removed, choice.running) == ((), (going_on,))
    assert store.blobs.read(hash_bytes(b"in use")) == b"in use"
    assert store.log(going_on).exists()


def test_a_run_that_may_go_on_on_another_host_stays(store: RunStore) -> None:
    elsewhere = leave(store, events=(STARTED,))
    store.lock(elsewhere).write_text('{"pid": 1, "host": "another-host", "startedAt": "now"}')

    assert choose(store, [elsewhere]).running == (elsewhere,)


def test_what_a_running_run_keeps_stays_although_no_line_names_it_yet(store: RunStore) -> None:
    gone = leave(store, b"known", b"unknown")
    lock = RunLock(store.lock("00000000-0000-4000-8000-000000000000"), "now")
    store.blobs.keep(b"known")

    prune(store, [gone])
    lock.release()

    assert blobs(store) == {hash_bytes(b"known")}


def test_what_a_run_keeps_that_begins_in_the_middle_of_a_prune_stays(store: RunStore) -> None:
    gone = leave(store, b"known", b"unknown")
    removal = plan_removal(store, [gone])
    store.blobs.keep(b"known")

    remove(store, removal)

    assert store.blobs.read(hash_bytes(b"known")) == b"known"
    with pytest.raises(BlobLostError):
        store.blobs.read(hash_bytes(b"unknown"))


class Interfering(Disk):
    """Keeps a content at the very moment in which it is about to be deleted."""

    def __init__(self, store: RunStore, content: bytes) -> None:
        self._store = store
        self._content = content

    def before(self, kind: FileKind, operation: Operation) -> None:
        if kind is FileKind.BLOB:
            self._store.blobs.keep(self._content)


def test_what_is_kept_while_it_is_being_deleted_is_written_anew(store: RunStore) -> None:
    gone = leave(store, b"known")

    remove(store, plan_removal(store, [gone]), Interfering(store, b"known"))

    assert store.blobs.read(hash_bytes(b"known")) == b"known"
    assert blobs(store) == {hash_bytes(b"known")}


def test_runs_stay_that_a_resume_of_a_kept_run_would_need(store: RunStore) -> None:
    first = leave(store, events=(STARTED, FAILURE))
    second = leave(store, events=(replace(STARTED, original_run_id=first), FAILURE))
    kept = leave(store, events=(replace(STARTED, original_run_id=second),))
    other = leave(store)

    choice = choose(store, [other, second, first])

    assert choice.removed == (other,)
    assert choice.needed == {second: kept, first: kept}


@pytest.mark.parametrize(
    ("last", "is_needed"),
    [
        (SUCCESS, False),
        (FAILURE, True),
        (replace(SUCCESS, counts=Counts(completed=1, skipped=1)), True),
    ],
)
def test_an_original_is_needed_until_everything_was_restored_or_completed(
    store: RunStore, last: Event, is_needed: bool
) -> None:
    original = leave(store, events=(STARTED, FAILURE))
    leave(store, events=(replace(STARTED, original_run_id=original), last))

    assert (original in choose(store, [original]).needed) is is_needed


def test_runs_that_claim_to_resume_each_other_are_no_endless_chain(store: RunStore) -> None:
    ids = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]
    for run_id, other in zip(ids, reversed(ids), strict=True):
        write_log(store, replace(STARTED, original_run_id=other), run_id=run_id)
    kept = leave(store, events=(replace(STARTED, original_run_id=ids[0]),))

    assert choose(store, ids).needed == dict.fromkeys(ids, kept)


def test_outputs_and_beginnings_of_blobs_that_nobody_owns_go_too(store: RunStore) -> None:
    orphan = leave(store)
    there = leave(store, b"kept")
    store.log(orphan).unlink()
    store.lock(orphan).unlink()
    unfinished = store.blobs.folder / f"{hash_bytes(b'kept')}.0123.tmp"
    unfinished.write_bytes(b"ke")
    os.utime(unfinished, LONG_AGO)

    prune(store, [])

    assert [path.name for path in (store.data / "output").iterdir()] == [there]
    assert blobs(store) == {hash_bytes(b"kept")}


def test_a_link_in_the_place_of_an_output_folder_is_not_followed(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    gone = write_log(store, STARTED, SUCCESS)
    (store.data / "output").mkdir()
    output_folder(store, gone).symlink_to(tmp_path / "mine")

    prune(store, [gone])

    assert (tmp_path / "mine" / "diary.txt").read_text() == "dear diary"
    assert not output_folder(store, gone).is_symlink()


class Killed(BaseException):
    """Stands in for the death of the process."""


class DyingDisk(Disk):
    """Dies before it deletes for the time number `at`."""

    def __init__(self, at: int) -> None:
        self._left = at

    def before(self, kind: FileKind, operation: Operation) -> None:
        self._left -= operation is Operation.DELETE
        if self._left < 0:
            raise Killed


@pytest.mark.parametrize("at", range(10))
def test_a_prune_that_is_killed_anywhere_is_ended_by_the_next_one(store: RunStore, at: int) -> None:
    there = leave(store, b"shared", b"kept")
    gone = [leave(store, b"shared", b"first"), leave(store, b"first", b"second")]
    with pytest.raises(Killed):
        remove(store, plan_removal(store, gone), DyingDisk(at))

    for run_id in store.run_ids():  # whatever is listed can be read
        assert read_ends(store.log(run_id)).finished is not None
    assert [store.blobs.read(hash_bytes(content)) for content in (b"shared", b"kept")] == [b"shared", b"kept"]

    prune(store, [run_id for run_id in store.run_ids() if run_id != there])
    prune(store, [])  # a blob that lay aside is put back by one prune and goes with the next

    assert {name.split("/")[-1] for name in everything(store) if there not in name} == {
        ".gitignore",
        hash_bytes(b"shared"),
        hash_bytes(b"kept"),
    }
    assert store.run_ids() == [there]


def test_a_blob_that_a_killed_prune_left_aside_is_put_back(store: RunStore) -> None:
    leave(store, b"in use")
    blob = store.blobs.folder / hash_bytes(b"in use")
    blob.rename(blob.with_name(blob.name + ".going"))

    prune(store, [])

    assert store.blobs.read(hash_bytes(b"in use")) == b"in use"


def test_nothing_goes_while_a_log_that_stays_cannot_be_read(store: RunStore) -> None:
    gone = leave(store, b"whose?")
    unreadable = store.log("00000000-0000-4000-8000-000000000000")
    unreadable.mkdir()

    with pytest.raises(IsADirectoryError):
        prune(store, [gone])

    assert store.log(gone).exists()
    assert blobs(store) == {hash_bytes(b"whose?")}
