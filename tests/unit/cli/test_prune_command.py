"""`oe runs prune` as people call it: what it says, what it refuses, and that the state outlives the runs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.storage.run_store import RunStore
from engine.state.rebuild import rebuild
from engine.state.store import StateStore
from tests.support.worlds import World
from tests.support.written_logs import FAILURE, STARTED, SUCCESS, write_log
from tests.unit.cli.conftest import Oe

HOUR = 3_600


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def written(store: RunStore, hours_ago: int) -> str:
    run_id = write_log(store, replace(STARTED, order=100 - hours_ago), SUCCESS)
    then = store.log(run_id).stat().st_mtime - hours_ago * HOUR
    os.utime(store.log(run_id), (then, then))
    return run_id


@pytest.mark.parametrize("args", [("--keep", "2"), ("--older-than", "3h"), ("--keep", "2", "--json")])
def test_the_newest_runs_are_kept_and_the_others_removed(oe: Oe, store: RunStore, args: tuple[str, ...]) -> None:
    old = [written(store, hours_ago) for hours_ago in (30, 4)]
    new = [written(store, hours_ago) for hours_ago in (2, 1)]

    ended = oe("runs", "prune", *args)

    assert (ended.code, ended.err) == (0, "")
    assert sorted(store.run_ids()) == sorted(new)
    if "--json" in args:
        document = json.loads(ended.out)
        assert sorted(document["removed"]) == sorted(old)
        assert document["bytes"] > 0
    else:
        assert ended.out.startswith("removed 2 runs: ")


def test_a_dry_run_says_what_would_go_and_removes_nothing(oe: Oe, store: RunStore) -> None:
    old, new = written(store, 2), written(store, 1)

    dry = oe("runs", "prune", "--keep", "1", "--dry-run").out
    assert store.run_ids() == [new, old]
    real = oe("runs", "prune", "--keep", "1").out

    assert dry == real.replace("removed", "would remove") + f"  {old}\n"


def test_prune_says_which_runs_are_kept_and_why(oe: Oe, store: RunStore) -> None:
    original = write_log(store, replace(STARTED, order=1), FAILURE)
    kept = write_log(store, replace(STARTED, order=3, original_run_id=original), FAILURE)

    ended = oe("runs", "prune", "--keep", "1")

    assert ended.out == f"removed 0 runs: 0 bytes\n{original[:8]} kept: a resume of {kept[:8]} may need it\n"
    assert len(store.run_ids()) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "give either --keep N or --older-than SPAN"),
        (("--keep", "3", "--older-than", "3d"), "give either --keep N or --older-than SPAN"),
        (("--keep", "-1"), "-1 is not in the range"),
        (("--keep", "many"), "'many' is not a valid integer"),
        (("--older-than", "30"), "Use a number with h, d or w"),
        (("--older-than", "0d"), "Use a number with h, d or w"),
        (("--older-than", "-3d"), "Use a number with h, d or w"),
        (("--older-than", "3 d"), "Use a number with h, d or w"),
        (("--older-than", "9999999999d"), "Use a number with h, d or w"),
        (("--keep", "0", "latest"), "unexpected extra argument"),
    ],
)
def test_invalid_options_are_refused_and_remove_nothing(
    oe: Oe, store: RunStore, args: tuple[str, ...], said: str
) -> None:
    run_id = written(store, 1)

    ended = oe("runs", "prune", *args)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert store.run_ids() == [run_id]


def test_options_before_the_command_are_refused_rather_than_ignored(oe: Oe, store: RunStore, tmp_path: Path) -> None:
    here = written(store, 1)
    (tmp_path / "other").mkdir()

    ended = oe("runs", "--experience", "other", "prune", "--keep", "0")

    assert ended.code == 2
    assert "put options after the command: oe runs prune" in ended.err
    assert store.run_ids() == [here]


def test_a_folder_without_runs_says_so(oe: Oe) -> None:
    ended = oe("runs", "prune", "--keep", "0")

    assert ended.code == 1
    assert "no runs in " in ended.err


@pytest.fixture
def kept(world: World, oe: Oe) -> World:
    """An experience that ran twice, the second time with what the first had left."""
    world.graph(
        "- {id: look, kind: tool, impl: look.py, args: {word: $args.word}, writes: [found]}",
        state="found: {type: array, merge: array_append, persist: true}",
    )
    world.tool("look", "return {'state_delta': {'found': [input['word'] * 70_000]}}")
    for word in "ab":
        assert oe("run", "--args", json.dumps({"word": word})).code == 0
    return world


def test_the_state_keeps_the_contributions_of_removed_runs(oe: Oe, kept: World) -> None:
    before = oe("state", "--history", "--json").out

    assert oe("runs", "prune", "--keep", "1").code == 0

    assert oe("state", "--history", "--json").out == before
    assert oe("state", "rebuild").out == "merged 1 run\n"
    assert oe("state", "--history", "--json").out == before
    assert oe("runs", "prune", "--keep", "0").code == 0
    assert oe("state", "--history", "--json").out == before
    assert rebuild(kept.store).runs == 0
    assert oe("state", "--history", "--json").out == before


def test_an_unmerged_run_is_merged_before_its_log_is_removed(oe: Oe, kept: World) -> None:
    before = oe("state", "--json").out
    (kept.store.data / "state.sqlite").unlink()

    assert oe("runs", "prune", "--keep", "0").code == 0

    assert kept.store.run_ids() == []
    assert oe("state", "--json").out == before


def test_nothing_is_pruned_while_the_state_is_damaged(oe: Oe, kept: World) -> None:
    StateStore(kept.store.data).path.write_bytes(b"no database " * 500)

    ended = oe("runs", "prune", "--keep", "0")

    assert ended.code == 1
    assert "oe state rebuild" in ended.err
    assert "Nothing was removed" in ended.err
    assert len(kept.store.run_ids()) == 2


def test_a_run_that_stays_can_be_resumed_without_running_anything(oe: Oe, kept: World) -> None:
    kept.executed()
    oe("runs", "prune", "--keep", "1")

    assert oe("resume", "latest").code == 0
    assert kept.executed() == []
