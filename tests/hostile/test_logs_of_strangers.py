"""A log that comes with somebody else's folder is shown, resumed and drawn, or refused in words; it does no harm."""

from __future__ import annotations

import html.parser
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cache.decisions.recorded_outcomes import read_outcomes
from engine.cli.main import _oe
from engine.cli.output.run_page import page_of
from engine.log.events.codec import to_json
from engine.log.reading.head_tail import read_ends
from engine.log.reading.reader import MAX_LINE_BYTES, UnreadableLogError, read_log
from engine.log.reading.summary import summarise
from engine.log.reading.view import fold
from engine.log.storage.lock import is_held
from engine.log.storage.run_store import RunStore
from engine.state.rebuild import rebuild
from tests.hostile.stranger import ESCAPES, MARKUP, OTHER_ID, RUN_ID, TS, finished, hostile_logs, lines_of, started
from tests.hostile.stranger import written as folder_with
from tests.support.commands import OE, call
from tests.support.worlds import World

LOGS = hostile_logs()
TELLING = [name for name in LOGS if not name.startswith(("run.", "node."))]
FIELDS = sorted({name.split()[0] for name in LOGS.keys() - set(TELLING)})
COMMANDS = (
    ("runs",),
    ("runs", "--json"),
    ("inspect", "latest"),
    ("inspect", "latest", "--json"),
    ("inspect", "latest", "--follow"),
    ("diff", RUN_ID, RUN_ID),
    ("diff", RUN_ID, RUN_ID, "--json"),
    ("state",),
    ("state", "rebuild"),
    ("resume", RUN_ID, "--plan"),
    ("resume", RUN_ID, "--plan", "--json"),
)


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its elements and their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


def oe(folder: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(_oe, arguments, standalone_mode=False, env={"COLUMNS": "120"})
    assert folder.is_dir()
    return result


@pytest.mark.parametrize("name", TELLING)
def test_a_log_is_read_and_everything_made_of_it_or_refused(tmp_path: Path, name: str) -> None:
    read_and_made(folder_with(tmp_path, LOGS[name]))


@pytest.mark.parametrize("field", FIELDS)
def test_a_log_with_a_wrong_field_is_read_and_everything_made_of_it_or_refused(tmp_path: Path, field: str) -> None:
    for number, name in enumerate(name for name in LOGS if name.startswith(f"{field} ")):
        print(name)  # the last one is that which failed
        (folder := tmp_path / str(number)).mkdir()
        read_and_made(folder_with(folder, LOGS[name]))


def read_and_made(store: RunStore) -> None:
    """Read the log of the store, and make of it what commands make of logs."""
    try:
        log = read_log(store.log(RUN_ID))
    except UnreadableLogError as error:
        assert str(store.log(RUN_ID)) in str(error)
        return
    view = fold(log.records)
    summary = summarise(view, alive=False)
    assert summary is not None
    page = Page(page_of(log, summary))
    assert page.tags.count("script") == 1
    assert "onerror" not in page.attributes
    json.dumps([to_json(record) for record in log.records], allow_nan=False).encode()
    read_outcomes(log)
    rebuild(store)


@pytest.mark.parametrize("name", TELLING)
def test_every_command_answers_in_words_about_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    folder_with(tmp_path, LOGS[name])
    monkeypatch.chdir(tmp_path)

    for arguments in COMMANDS:
        result = oe(tmp_path, *arguments)

        assert result.exception is None or hasattr(result.exception, "exit_code"), (arguments, result.exc_info)
        assert not set("\x1b\x07\x7f\x9b\u202e") & set(result.output), arguments


def test_what_a_log_says_moves_no_cursor_of_a_terminal(tmp_path: Path) -> None:
    folder_with(tmp_path, LOGS["escapes"])

    for arguments in (("inspect", "latest"), ("inspect", "latest", "--follow"), ("inspect", "latest", "--json")):
        done = call([*OE, *arguments], tmp_path)
        assert "gnp.exe" in done.out
        assert not set("\x1b\x07\x7f\x9b\u202e\r") & set(done.out + done.err)


def test_json_means_what_the_log_says_however_it_is_escaped(tmp_path: Path) -> None:
    folder_with(tmp_path, LOGS["escapes"])

    events = json.loads(call([*OE, "inspect", "latest", "--json"], tmp_path).out)

    assert events[0]["experience"]["name"] == ESCAPES + MARKUP


def test_a_line_that_is_too_long_costs_itself_and_little_memory(tmp_path: Path) -> None:
    store = folder_with(tmp_path, lines_of(started()))
    with store.log(RUN_ID).open("ab") as log:
        log.write(b'{"type":"run.warning","message":"')
        log.seek(4 * MAX_LINE_BYTES, os.SEEK_CUR)
        log.write(b'"}\n' + lines_of(finished(2)))

    read = read_log(store.log(RUN_ID))

    assert [problem.line for problem in read.problems] == [2]
    assert [record.event.type for record in read.records] == ["run.started", "run.finished"]
    assert read_ends(store.log(RUN_ID)).finished is not None


def test_a_log_without_end_is_refused(tmp_path: Path) -> None:
    store = folder_with(tmp_path, lines_of(started()))
    os.truncate(store.log(RUN_ID), 2**40)
    began = time.process_time()

    with pytest.raises(UnreadableLogError, match="1 GiB"):
        read_log(store.log(RUN_ID))

    assert time.process_time() - began < 60  # 1 TiB would take minutes


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop"])
def test_what_is_no_file_is_waited_for_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    store = folder_with(tmp_path, lines_of(started(), finished(1)))
    blob = {"$blob": "sha256:" + "0" * 64, "bytes": 1}
    store.log(OTHER_ID).write_bytes(lines_of(started(runId=OTHER_ID, args={"a": blob}, state={"x": blob})))
    store.blobs.folder.mkdir()
    taken = [store.log(RUN_ID), store.lock(RUN_ID), store.lock(OTHER_ID), store.blobs.folder / ("0" * 64)]
    for path in (*taken, store.data / "fingerprints.json"):
        path.unlink(missing_ok=True)
        make(kind, path)
    monkeypatch.chdir(tmp_path)

    for arguments in (*COMMANDS, ("resume", OTHER_ID[:-1] + "2", "--plan")):
        result = oe(tmp_path, *arguments)
        assert result.exception is None or hasattr(result.exception, "exit_code"), (arguments, result.exc_info)

    assert not is_held(store.lock(RUN_ID))


def make(kind: str, path: Path) -> None:
    """Put at `path` what is no regular file."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.name)


@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
async def test_a_resume_restores_what_it_can_beside_it(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path)
    world.graph("- {id: a, kind: tool, impl: a.py, writes: [x]}", state="x: {}")
    world.tool("a", "return {'state_delta': {'x': 'y' * 100_000}}")
    done = await world.run()
    (blob,) = [path for path in world.store.blobs.folder.iterdir() if path.stat().st_size > 65_536]
    blob.unlink()
    make(kind, blob)
    world.executed()

    resumed = await world.resume(done.run_id)

    assert world.executed() == ["a"]
    assert resumed.final_state == {"x": "y" * 100_000}


def test_the_time_of_a_log_is_shown_whatever_it_is(tmp_path: Path) -> None:
    store = folder_with(tmp_path, lines_of(started(ts=TS), finished(1, ts="9999-12-31T23:59:59Z")))

    log = read_log(store.log(RUN_ID))
    summary = summarise(fold(log.records), alive=False)

    assert summary is not None
    assert "<svg" in page_of(log, summary)
