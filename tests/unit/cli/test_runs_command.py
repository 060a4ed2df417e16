"""`oe runs` shows what the logs say, whatever the index, the terminal or the reader is like."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.reading.index_file import FILE, HEADER, IndexFile, line_of
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from tests.support.commands import OE, call
from tests.support.written_logs import COMPLETED, FAILED, FAILURE, STARTED, SUCCESS, write_log
from tests.unit.cli.terminals import Terminal

HOSTILE = "\x1b[31mred\n\ttab 世界 e\u0301 \u202egnp " * 3


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path)
    for last in (SUCCESS, FAILURE):
        write_log(store, STARTED, COMPLETED, last)
    return store


def oe_runs(store: RunStore, *args: str, **env: str) -> str:
    called = call([*OE, "runs", *args], store.directory, env)
    assert called.code == 0
    return called.out


def hostile(store: RunStore) -> None:
    write_log(store, STARTED, replace(FAILED, node_id=HOSTILE), replace(FAILURE, failed_at=HOSTILE))


@pytest.mark.parametrize("question", [(), ("--json",), ("-n", "1"), ("--limit=1", "--json")], ids=" ".join)
def test_a_list_from_the_index_equals_one_from_the_logs(store: RunStore, question: tuple[str, ...]) -> None:
    write_log(store, replace(STARTED, original_run_id=store.run_ids()[0]), COMPLETED, SUCCESS)
    hostile(store)

    from_logs, from_index = (oe_runs(store, *question) for _ in range(2))

    assert from_index == from_logs


def damaged(index: Path) -> None:
    index.write_bytes(index.read_bytes().replace(b"success", b"failure"))


def of_another_version(index: Path) -> None:
    index.write_bytes(index.read_bytes().replace(HEADER, b'{"v":1}').replace(b"success", b"failure"))


def forged(index: Path) -> None:
    """Intact lines, with correct checksums, that `oe` does not write."""
    lines = [HEADER]
    for run_id in RunStore(index.parents[1]).run_ids():
        entry = IndexFile(index).entry(run_id)
        assert entry is not None
        stamp, run = entry
        lines.append(run_id.encode() + b"\t" + line_of(run_id, stamp, {**(run or {}), "failedAt": ["\x1b[31m"]}))
    index.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("change", [damaged, of_another_version, forged, Path.unlink])
def test_an_index_that_does_not_match_the_logs_is_ignored(store: RunStore, change: Callable[[Path], None]) -> None:
    from_logs = oe_runs(store)

    change(store.data / FILE)

    assert oe_runs(store) == from_logs


def test_a_run_is_running_until_its_lock_is_released(store: RunStore) -> None:
    run_id = write_log(store, STARTED, COMPLETED)
    assert "interrupted" in oe_runs(store)

    lock = RunLock(store.lock(run_id), "now")
    assert "running" in oe_runs(store)

    lock.release()
    assert "running" not in oe_runs(store)


@pytest.mark.parametrize("columns", [40, 80, 100])
def test_text_from_logs_does_not_control_the_terminal(store: RunStore, columns: int) -> None:
    hostile(store)

    with Terminal(store.directory, "runs", columns=columns) as terminal:
        assert terminal.wait() == 0

    assert not set("\x1b\x07\u202e") & set(terminal.screen)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_characters_that_the_output_encoding_lacks_are_no_error(store: RunStore, encoding: str) -> None:
    hostile(store)

    assert "red" in oe_runs(store, PYTHONIOENCODING=encoding)


def test_a_shell_completes_its_options(store: RunStore) -> None:
    asked = {"_OE_COMPLETE": "bash_complete", "COMP_WORDS": "oe runs --j", "COMP_CWORD": "2"}

    assert oe_runs(store, **asked) == "plain,--json\n"


def test_a_closed_pipe_is_no_error_message(store: RunStore) -> None:
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run([*OE, "runs"], cwd=store.directory, stdout=write, stderr=subprocess.PIPE, check=False)

    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")
