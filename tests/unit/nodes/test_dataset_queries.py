"""Queries in real runs: they block nothing else, and rows that change meanwhile are not restored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.experience.load import load
from engine.log.events.events import NodeCompleted, NodeFailed, NodeStarted, Record, RunStatus
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out, new_run_id
from tests.support.worlds import World

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def shop(tmp_path: Path) -> World:
    world = World(tmp_path)
    change(world, "CREATE TABLE orders (id INTEGER)")
    change(world, "INSERT INTO orders VALUES (1)")
    return world


def change(world: World, statement: str) -> None:
    with closing(sqlite3.connect(world.folder / "shop.db")) as connection, connection:
        connection.execute(statement)


def queries(world: World, query: str, more: str = "") -> None:
    """An experience whose node `load` asks `query`, beside a tool, `other`."""
    world.graph(
        f"""
        - id: load
          kind: dataset
          source: {{type: sqlite, uri: shop.db, query: "{query}"}}
          writes: [rows]{more}
        - {{id: other, kind: tool, impl: other.py}}
        """,
        state="rows: {type: array}",
    )
    world.tool("other", "return {}")


async def test_other_nodes_go_on_while_a_query_is_hashed_and_cancelling_ends_it(shop: World) -> None:
    queries(shop, ENDLESS)
    run_id = new_run_id()

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeCompleted):
            shop.store.cancel(run_id).touch()

    ended = await carry_out(prepare_run(load(shop.folder), {}), run_id, observe)

    assert shop.executed() == ["other"]
    assert ended.finished.status is RunStatus.CANCELLED
    assert shop.types(run_id, of="load") == ["node.cancelled"]


async def test_the_timeout_of_a_node_applies_to_its_query(shop: World) -> None:
    queries(shop, ENDLESS, "\n          timeout_ms: 200")

    ended = await shop.run()

    [failed] = [r.event for r in shop.records(ended.run_id) if isinstance(r.event, NodeFailed)]
    assert failed.error.message.startswith("load took longer than its timeout_ms (200)")


async def test_rows_that_change_between_hashing_and_reading_are_read_again_by_a_resume(shop: World) -> None:
    queries(shop, "SELECT * FROM orders")
    run_id = new_run_id()

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted) and record.event.node_id == "load":
            change(shop, "INSERT INTO orders VALUES (2)")

    await carry_out(prepare_run(load(shop.folder), {}), run_id, observe)
    change(shop, "DELETE FROM orders WHERE id = 2")  # so that they are again what was hashed

    resumed = await shop.resume(run_id)

    done = {r.event.node_id: r.event for r in shop.records(run_id) if isinstance(r.event, NodeCompleted)}
    assert done["load"].restorable_reason == "rows changed while it ran"
    assert shop.restored(resumed.run_id) == ["other"]
    assert resumed.final_state["rows"] == [{"id": 1}]
