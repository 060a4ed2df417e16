"""A run that succeeded though some items failed says so wherever its end is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.log.storage.run_store import RunStore
from tests.support.commands import OE, call
from tests.support.worlds import World

SAID = "2 of 5 items failed"


@pytest.fixture
def tolerant(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.graph(
        "- {id: each, kind: tool, impl: each.py, for_each: {source: $.items, on_item_error: continue}}",
        state="items: {type: array, default: [1, 2, 3, 4, 5]}",
    )
    world.tool("each", "assert item % 2, 'even'\nreturn {}")
    return world


def test_the_last_line_counts_failed_items(tolerant: World) -> None:
    ran = call([*OE, "run"], tolerant.folder)
    resumed = call([*OE, "resume", "latest"], tolerant.folder)

    for ended in (ran, resumed):
        assert ended.code == 0
        assert f"✓ succeeded, {SAID} · " in ended.out.strip().splitlines()[-1]


def test_the_last_json_line_counts_failed_items(tolerant: World) -> None:
    ran = call([*OE, "--log-format", "json", "run"], tolerant.folder)

    last = json.loads(ran.out.splitlines()[-1])

    assert last["msg"] == "run complete"
    assert (last["status"], last["failedItems"]) == ("success", {"failed": 2, "total": 5})


def test_a_run_without_failures_keeps_its_usual_last_line(tolerant: World) -> None:
    tolerant.tool("each", "return {}")

    last = json.loads(call([*OE, "--log-format", "json", "run"], tolerant.folder).out.splitlines()[-1])

    assert last.keys() == {"level", "runId", "status", "finalState", "msg"}


@pytest.mark.parametrize("is_old", [False, True], ids=["a log of today", "a log of before"])
def test_lists_tables_and_pages_count_failed_items(tolerant: World, is_old: bool) -> None:
    call([*OE, "run"], tolerant.folder)
    if is_old:
        store = RunStore(tolerant.folder)
        (run_id,) = store.run_ids()
        log = store.log(run_id)
        log.write_text(log.read_text().replace('"failedItems":{"failed":2,"total":5},', ""))

    first, again = call([*OE, "runs"], tolerant.folder), call([*OE, "runs"], tolerant.folder)
    listed = json.loads(call([*OE, "runs", "--json"], tolerant.folder).out)
    inspected = call([*OE, "inspect", "latest"], tolerant.folder)
    call([*OE, "inspect", "latest", "--html", "run.html"], tolerant.folder)

    assert f"success, {SAID}" in first.out
    assert first.out == again.out
    assert listed[0]["failedItems"] == {"failed": 2, "total": 5}
    assert f"· success, {SAID}" in inspected.out.splitlines()[0]
    assert f">success, {SAID}<" in (tolerant.folder / "run.html").read_text()
