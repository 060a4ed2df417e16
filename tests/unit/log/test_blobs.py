"""Values too large for a line of a log, and the texts that a run is made of: kept once, under their hash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.canonical import hash_bytes
from engine.expressions import Json
from engine.log.events.events import Counts, Event, NodeCompleted, Output, RunFinished, RunStarted, RunStatus, Wrote
from engine.log.reading.reader import read_log
from engine.log.secrets.masking import Secrets
from engine.log.storage.blobs import BlobLostError, Blobs
from engine.log.storage.run_store import RunStore
from engine.log.values.large_values import MAX_INLINE_BYTES, fetched, fetched_output
from engine.log.writing.writer import LogWriter
from tests.support.log_schema import schema_errors_of

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
LARGE = ["é" * 50_000, 1e21, {"deep": None}]


def completed(output: Output) -> NodeCompleted:
    return NodeCompleted(node_id="a", attempt_id="x", input_hash="0" * 64, input_parts={}, output=output, duration_ms=1)


def write(folder: Path, *events: Event, secrets: Secrets | None = None) -> RunStore:
    store = RunStore(folder)
    store.prepare()
    log = LogWriter(store.log(RUN), RUN, secrets)
    for event in (RunStarted(), *events):
        log.append(event)
    log.close()
    return store


def output_of(store: RunStore) -> Output:
    event = read_log(store.log(RUN)).records[1].event
    assert isinstance(event, NodeCompleted)
    assert event.output is not None
    return event.output


def blob_files(store: RunStore) -> list[Path]:
    return sorted(store.blobs.folder.iterdir())


def test_a_large_value_leaves_a_reference_in_its_line_and_comes_back_as_it_was(tmp_path: Path) -> None:
    store = write(tmp_path, completed(Output({"small": 1, "large": LARGE}, LARGE)))

    logged = output_of(store)
    line = store.log(RUN).read_bytes().splitlines()[1]

    assert len(line) < 1_000
    assert logged.state_delta["small"] == 1
    assert fetched_output(logged, store.blobs.read) == Output({"small": 1, "large": LARGE}, LARGE)
    assert len(blob_files(store)) == 1


def test_a_value_of_just_64_kib_stays_in_its_line(tmp_path: Path) -> None:
    store = write(tmp_path, completed(Output({"text": "x" * (MAX_INLINE_BYTES - 2)})))

    assert output_of(store).state_delta["text"] == "x" * (MAX_INLINE_BYTES - 2)
    assert not store.blobs.folder.exists()


def test_what_the_user_wrote_is_never_taken_for_a_reference(tmp_path: Path) -> None:
    looks_like_one: Json = {"$blob": "sha256:" + "0" * 64, "bytes": 3}

    store = write(tmp_path, completed(Output({"odd": looks_like_one})))

    assert fetched_output(output_of(store), store.blobs.read).state_delta["odd"] == looks_like_one


def test_args_state_and_what_a_run_wrote_may_be_large_too(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.prepare()
    log = LogWriter(store.log(RUN), RUN)
    log.append(RunStarted(args={"big": LARGE}, state={"all": LARGE}))
    wrote = {"all": Wrote(LARGE, "a", "last_wins")}
    log.append(RunFinished(status=RunStatus.SUCCESS, counts=Counts(), wrote=wrote, duration_ms=1))
    log.close()

    started, finished = (record.event for record in read_log(store.log(RUN)).records)

    assert isinstance(started, RunStarted)
    assert isinstance(finished, RunFinished)
    assert fetched(started.args["big"], store.blobs.read) == LARGE
    assert fetched(started.state["all"], store.blobs.read) == LARGE
    assert finished.wrote is not None
    assert fetched(finished.wrote["all"].value, store.blobs.read) == LARGE
    assert store.log(RUN).stat().st_size < 2_000


def test_a_secret_is_masked_in_a_blob(tmp_path: Path) -> None:
    store = write(tmp_path, completed(Output({"text": "hush-hush" + "x" * 70_000})), secrets=Secrets(["hush-hush"]))

    assert fetched_output(output_of(store), store.blobs.read).state_delta["text"] == "***" + "x" * 70_000
    assert all(b"hush" not in file.read_bytes() for file in blob_files(store))


def test_a_text_with_a_secret_is_not_kept(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.prepare()
    log = LogWriter(store.log(RUN), RUN, Secrets(["hush-hush"]))

    log.keep(b"key: hush-hush")
    log.keep(b"harmless")
    log.close()

    assert [file.read_bytes() for file in blob_files(store)] == [b"harmless"]


def test_only_the_user_may_read_blobs(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")

    digest = blobs.keep(b"content")

    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "blobs" / digest).stat().st_mode & 0o777 == 0o600


def test_a_content_is_written_once(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.keep(b"content")
    os.utime(tmp_path / "blobs" / digest, ns=(0, 0))

    assert blobs.keep(b"content") == digest == hash_bytes(b"content")
    assert (tmp_path / "blobs" / digest).stat().st_mtime_ns == 0


def test_a_file_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.keep(b"content")
    (tmp_path / "blobs" / digest).write_bytes(b"con")

    blobs.keep(b"content")

    assert blobs.read(digest) == b"content"


def test_a_file_that_was_damaged_is_written_anew(tmp_path: Path) -> None:
    digest = Blobs(tmp_path / "blobs").keep(b"content")
    (tmp_path / "blobs" / digest).write_bytes(b"CONTENT")

    Blobs(tmp_path / "blobs").keep(b"content")

    assert Blobs(tmp_path / "blobs").read(digest) == b"content"


@pytest.mark.parametrize("name", ["../../secret", "", "0" * 63, "A" * 64])
def test_a_name_out_of_a_log_never_becomes_another_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(BlobLostError, match="is not the name of a blob"):
        Blobs(tmp_path).read(name)


def test_what_is_missing_or_damaged_is_said_to_be(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.keep(b"content")

    (tmp_path / "blobs" / digest).write_bytes(b"CONTENT")
    with pytest.raises(BlobLostError, match="is damaged"):
        blobs.read(digest)
    (tmp_path / "blobs" / digest).unlink()
    with pytest.raises(BlobLostError, match="No such file"):
        blobs.read(digest)


def test_every_line_with_a_blob_is_what_the_schema_says(tmp_path: Path) -> None:
    store = write(tmp_path, completed(Output({"large": LARGE}, LARGE)))

    line = json.loads(store.log(RUN).read_bytes().splitlines()[1])

    assert schema_errors_of(line) == []
