"""`oe runs` answered from the index alone: in the same bytes as by the whole command line, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from engine.cli.known_runs import known_answer
from engine.cli.main import _oe
from engine.log.reading.index import read_summaries
from engine.log.reading.index_file import FILE, HEADER, IndexFile, line_of
from engine.log.reading.summary import RunSummary
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from tests.support.commands import OE, call
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, SUCCESS, write_log
from tests.unit.cli.terminals import Terminal

Folder = Callable[[RunStore], object]

WHOLE = (sys.executable, "-c", "import sys; from engine.cli.main import call; sys.exit(call())")
"""`oe` without the short way."""

OTHER = "99999999-9999-4999-8999-999999999999"
HOSTILE = "\x1b[31mred\n\ttab 世界 e\u0301 \u202egnp " * 3


def ended(store: RunStore) -> None:
    for last in (SUCCESS, FAILURE):
        write_log(store, STARTED, COMPLETED, last)


def resumed(store: RunStore) -> None:
    of_unknown_cost = replace(SUCCESS, spent=replace(SUCCESS.spent, cost_usd=None))
    write_log(store, replace(STARTED, original_run_id=OTHER), COMPLETED, of_unknown_cost)


def killed(store: RunStore) -> None:
    ended(store)
    store.lock(write_log(store, STARTED, COMPLETED)).write_text("{}")


def left_on_another_host(store: RunStore) -> None:
    store.lock(write_log(store, STARTED)).write_text(json.dumps({"host": "elsewhere", "pid": 1}))


def hostile(store: RunStore) -> None:
    write_log(store, STARTED, replace(FAILED, node_id=HOSTILE), replace(FAILURE, failed_at=HOSTILE))


def many(store: RunStore) -> None:
    for _ in range(25):
        write_log(store, STARTED, SUCCESS)


FOLDERS = (ended, resumed, killed, left_on_another_host, hostile, many)
QUESTIONS = ((), ("--json",), ("-n", "2"), ("--limit=3", "--json"), ("--json", "--experience", "."), ("-n", "21"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    monkeypatch.chdir(tmp_path)
    return RunStore(tmp_path)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("folder", FOLDERS)
def test_what_the_index_knows_is_said_in_the_same_bytes(
    store: RunStore, folder: Folder, question: tuple[str, ...]
) -> None:
    folder(store)
    listed(store)

    whole = CliRunner().invoke(_oe, ["runs", *question], standalone_mode=False)

    assert whole.exit_code == 0
    assert known_answer(question) == whole.output


@pytest.mark.parametrize(("folder", "columns"), [(ended, 40), (killed, 80), (hostile, 100)])
def test_a_terminal_shows_the_same_either_way(store: RunStore, folder: Folder, columns: int) -> None:
    folder(store)

    def screen(program: Sequence[str]) -> str:
        with Terminal(store.directory, "runs", columns=columns, program=program) as terminal:
            assert terminal.wait() == 0
            return terminal.screen

    whole, short = screen(WHOLE), screen(OE)
    assert short == whole
    assert not set("\x1b\x07\u202e") & set(short)


def never_listed(store: RunStore) -> None:
    (store.data / FILE).unlink()


def one_more(store: RunStore) -> None:
    write_log(store, STARTED, SUCCESS)


def one_grown(store: RunStore) -> None:
    write_log(store, STARTED, COMPLETED, FAILED, SUCCESS, run_id=store.run_ids()[0])


def one_unreadable(store: RunStore) -> None:
    store.log(OTHER).write_text("no log\n")


def damaged(store: RunStore) -> None:
    index = store.data / FILE
    index.write_bytes(index.read_bytes().replace(b"success", b"failure"))


def of_another_version(store: RunStore) -> None:
    index = store.data / FILE
    index.write_bytes(index.read_bytes().replace(HEADER, b'{"v":1}'))


def forged(store: RunStore) -> None:
    """Each line whole, and with the right checksum, but not what `oe` writes."""
    index = IndexFile(store.data / FILE)
    lines = [HEADER]
    for run_id in store.run_ids():
        entry = index.entry(run_id)
        assert entry is not None
        stamp, shown = entry
        lines.append(run_id.encode() + b"\t" + line_of(run_id, stamp, {**(shown or {}), "failedAt": ["\x1b[31m"]}))
    (store.data / FILE).write_bytes(b"\n".join(lines) + b"\n")


def all_gone(store: RunStore) -> None:
    for run_id in store.run_ids():
        store.log(run_id).unlink()


CHANGES = (never_listed, one_more, one_grown, one_unreadable, damaged, of_another_version, forged, all_gone)


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_index_does_not_know_the_whole_command_tells(store: RunStore, change: Folder) -> None:
    ended(store)
    listed(store)
    change(store)

    assert known_answer(()) is None
    assert call([*OE, "runs"], store.directory) == call([*WHOLE, "runs"], store.directory)


def test_a_run_that_goes_on_is_running_until_it_does_not(store: RunStore) -> None:
    ended(store)
    run_id = write_log(store, STARTED, COMPLETED)
    listed(store)
    lock = RunLock(store.lock(run_id), "now")

    assert known_answer(()) is None
    assert "running" in call([*OE, "runs"], store.directory).out

    lock.release()
    assert "running" not in (known_answer(()) or "running")


@pytest.mark.parametrize(
    "arguments",
    [
        ("prune", "--keep", "1", "--dry-run"),
        ("--help",),
        ("-n", "0"),
        ("-n", "x"),
        ("-n",),
        ("-n=1",),
        ("--json=1",),
        ("--limit", "1", "--nonsense"),
        ("--experience", "nowhere"),
        ("--experience", "experience.yaml"),
        ("--", "--json"),
    ],
    ids=" ".join,
)
def test_what_is_asked_otherwise_is_left_to_the_command_line(store: RunStore, arguments: tuple[str, ...]) -> None:
    ended(store)
    listed(store)
    (store.directory / "experience.yaml").touch()

    assert known_answer(arguments) is None


def test_completion_in_a_shell_is_not_an_answer(store: RunStore) -> None:
    ended(store)
    listed(store)
    asked = {"_OE_COMPLETE": "bash_complete", "COMP_WORDS": "oe runs --j", "COMP_CWORD": "2"}

    assert call([*OE, "runs"], store.directory, asked).out == "plain,--json\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_letters_that_a_terminal_has_not_are_no_error_either_way(store: RunStore, encoding: str) -> None:
    hostile(store)

    cold, warm = (call([*OE, "runs"], store.directory, {"PYTHONIOENCODING": encoding}) for _ in range(2))

    assert cold == warm
    assert cold.code == 0


def test_a_reader_that_has_gone_is_no_error(store: RunStore) -> None:
    ended(store)
    listed(store)
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run([*OE, "runs"], cwd=store.directory, stdout=write, stderr=subprocess.PIPE, check=False)

    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def listed(store: RunStore) -> None:
    """List all runs, so that the index has them."""
    read_all(store)


def read_all(store: RunStore) -> list[RunSummary]:
    return read_summaries(store, store.run_ids())
