"""Symbolic links in a stranger's `.openexpertise`: nothing behind them is read, written, moved or removed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from pygls.exceptions import JsonRpcException

from engine.cli.main import _oe
from engine.log.reading.index import read_summaries
from engine.log.storage.lock import RunLock
from engine.log.values.large_values import MAX_INLINE_BYTES
from engine.log.writing.writer import LogWriteError
from engine.runner.prepare import RunRefusedError
from tests.lsp.editor import Editor
from tests.support.commands import OE, call
from tests.support.worlds import World

THEIRS = "from_outside"
PLACES = (
    "",
    "runs",
    "blobs",
    "output",
    "state.sqlite",
    "runs.index",
    "fingerprints.json",
    "runs/{run}.jsonl",
    "runs/{run}.lock",
    "runs/{run}.cancel",
)


def experience(folder: Path, says: str) -> World:
    """A tool whose value is in a blob, and in the state; it prints, too."""
    folder.mkdir()
    world = World(folder)
    world.graph(f"- {{id: {says}, kind: tool, impl: a.py, writes: [x]}}", state="x: {persist: true}")
    world.tool("a", f"print({says!r})\nreturn {{'state_delta': {{'x': {says!r} * {MAX_INLINE_BYTES}}}}}")
    return world


def linked(folder: Path, data: Path, place: str) -> tuple[World, Path]:
    """An experience in whose data folder a place is a link to the same place in `data`; and the link."""
    world = experience(folder / "ours", "ours")
    link = world.store.data / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(data / place)
    return world, link


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What lies elsewhere: a whole data folder, as a run leaves it, and the run's id."""
    world = experience(tmp_path_factory.mktemp("outside") / "theirs", THEIRS)
    run_id = asyncio.run(world.run()).run_id
    read_summaries(world.store, [run_id])
    (world.store.data / "fingerprints.json").write_text('{"v":1,"files":{}}')
    world.store.cancel(run_id).write_text("x")
    return world.store.data, run_id


@pytest.fixture
def held(outside: tuple[Path, str]) -> Iterator[None]:
    """The run elsewhere looks as if it went on."""
    data, run_id = outside
    lock = RunLock(data / f"runs/{run_id}.lock", "now")
    yield
    lock.release()


def files(folder: Path) -> Mapping[Path, tuple[bytes, int]]:
    """All files there, with what they hold and when they were written."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("place", PLACES)
def test_no_command_reads_or_changes_what_is_behind_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: tuple[Path, str], place: str
) -> None:
    data, run_id = outside
    world, _ = linked(tmp_path, data, place.format(run=run_id))
    before = files(data)
    monkeypatch.chdir(world.folder)

    for arguments in (
        ("runs",),
        ("runs", "--json"),
        ("inspect", run_id),
        ("resume", run_id, "--plan"),
        ("state", "--json"),
        ("state", "rebuild"),
        ("cancel", run_id),
        ("runs", "prune", "--keep", "0"),
        ("state", "reset"),
    ):
        result = CliRunner().invoke(_oe, arguments, standalone_mode=False)
        assert THEIRS not in result.output, arguments
        assert '"runId"' not in result.output, arguments
        assert result.exception is None or isinstance(result.exception, OSError) or hasattr(result.exception, "show")
        assert files(data) == before, arguments


@pytest.mark.parametrize("place", PLACES)
async def test_no_run_writes_through_one(tmp_path: Path, outside: tuple[Path, str], place: str) -> None:
    data, run_id = outside
    world, link = linked(tmp_path, data, place.format(run=run_id))
    before = files(data)

    try:
        await world.run()
    except (RunRefusedError, LogWriteError, OSError) as error:
        assert f"the symbolic link '{link.name}' is not followed: remove it" in str(error)
        assert place in ("", "runs", "state.sqlite", "blobs")

    assert files(data) == before


def test_the_error_names_the_link_and_what_to_do(tmp_path: Path, outside: tuple[Path, str]) -> None:
    world = experience(tmp_path / "ours", "ours")
    world.store.data.symlink_to(outside[0])

    for arguments in (("runs",), ("run",), ("resume", "latest"), ("inspect", "latest"), ("state",)):
        done = call([*OE, *arguments], world.folder)
        assert done.code == 1
        assert "the symbolic link '.openexpertise' is not followed: remove it" in done.err


async def test_an_experience_may_itself_be_reached_through_a_link(tmp_path: Path) -> None:
    experience(tmp_path / "elsewhere", "ours")
    (tmp_path / "here").symlink_to(tmp_path / "elsewhere")

    world = World(tmp_path / "here")
    ended = await world.run()

    assert [run.run_id for run in read_summaries(world.store, world.store.run_ids())] == [ended.run_id]


async def test_the_editor_shows_no_runs_of_such_a_folder_and_says_why(
    tmp_path: Path, outside: tuple[Path, str]
) -> None:
    world = experience(tmp_path / "ours", "ours")
    world.store.data.symlink_to(outside[0])

    async with Editor(world.folder) as editor:
        uri = editor.open()
        run = await editor.lens(uri, "▶ Run")
        with pytest.raises(JsonRpcException, match="the symbolic link"):
            await editor.ask("oe/runs", uri=uri)
        with pytest.raises(JsonRpcException, match="the symbolic link"):
            await editor.ask("oe/runState", uri=uri, runId=outside[1])
        with pytest.raises(JsonRpcException, match="the symbolic link"):
            await editor.click(run)
