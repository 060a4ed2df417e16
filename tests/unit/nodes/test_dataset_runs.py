"""Datasets in real runs: what a resume reads again, and that no log holds a secret."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.cache.plan.plan import Entry
from engine.log.events.events import NodeCompleted, NodeFailed
from tests.standins.rows_api import Answer, RowsApi, json_answer
from tests.support.worlds import World

TOKEN = "t0p-secret-token"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[RowsApi]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("ROWS_TOKEN", TOKEN)
    with RowsApi({"/rows": json_answer([1, 2])}) as api:
        yield api


def loads(world: World, source: str, more: str = "") -> None:
    """An experience that loads rows into `rows`, and does nothing else."""
    node = f"- id: load\n  kind: dataset\n  source: {source}\n  writes: [rows]\n{more}"
    world.graph(node, state="rows: {type: array}")


def entry(world: World) -> Entry:
    [only] = world.plan().entries
    return only


async def test_a_file_is_read_again_when_it_changed_and_the_plan_says_so(world: World) -> None:
    world.write("data/a.csv", "n\n1\n")
    loads(world, "{type: file, uri: data/a.csv}")
    await world.run()
    same = await world.resume()

    world.write("data/a.csv", "n\n1\n2\n")
    reasons = entry(world).reasons
    changed = await world.resume()

    assert world.restored(same.run_id) == ["load"]
    assert reasons == ("source data/a.csv changed",)
    assert changed.final_state["rows"] == [{"n": "1"}, {"n": "2"}]


async def test_only_the_rows_of_the_query_count_for_the_input_hash(world: World) -> None:
    def change(statement: str) -> None:
        with closing(sqlite3.connect(world.folder / "shop.db")) as connection, connection:
            connection.execute(statement)

    change("CREATE TABLE orders (id INTEGER)")
    loads(world, "{type: sqlite, uri: shop.db, query: SELECT id FROM orders}")
    await world.run()
    change("CREATE TABLE visits (id INTEGER)")
    beside = await world.resume()

    change("INSERT INTO orders VALUES (7)")
    reasons = entry(world).reasons
    changed = await world.resume()

    assert world.restored(beside.run_id) == ["load"]
    assert reasons == ("rows changed",)
    assert changed.final_state["rows"] == [{"id": 7}]


@pytest.mark.parametrize(("more", "times"), [("", 1), ("  cache: false\n", 2)])
async def test_an_address_is_requested_once_unless_its_node_is_not_cached(
    world: World, api: RowsApi, more: str, times: int
) -> None:
    loads(world, f"{{type: http, url: '{api.url}/rows'}}", more)

    await world.run()
    await world.resume()

    assert len(api.asked) == times


async def test_a_request_that_changed_is_made_again(world: World, api: RowsApi) -> None:
    loads(world, f"{{type: http, url: '{api.url}/rows'}}")
    await world.run()

    loads(world, f"{{type: http, url: '{api.url}/rows', headers: {{X-Page: '2'}}}}")

    assert entry(world).reasons == ("source.headers is new",)


async def test_a_new_value_of_a_variable_does_not_ask_again(
    world: World, api: RowsApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads(world, f"{{type: http, url: '{api.url}/rows', headers: {{X-Key: '${{ROWS_TOKEN}}'}}}}")
    await world.run()

    monkeypatch.setenv("ROWS_TOKEN", "another-token")
    resumed = await world.resume()

    assert world.restored(resumed.run_id) == ["load"]


async def test_a_secret_that_comes_back_in_an_answer_is_masked_in_the_log_and_not_restored(
    world: World, api: RowsApi
) -> None:
    api.answers["/rows"] = json_answer([{"echo": f"you sent {TOKEN}"}])
    loads(world, f"{{type: http, url: '{api.url}/rows', headers: {{X-Key: '${{ROWS_TOKEN}}'}}}}")

    ended = await world.run()

    assert TOKEN not in world.store.log(ended.run_id).read_text()
    [completed] = [event for event in events(world, ended.run_id) if isinstance(event, NodeCompleted)]
    assert not completed.restorable


async def test_a_secret_that_comes_back_in_a_refusal_is_not_in_the_error(world: World, api: RowsApi) -> None:
    api.answers["/rows"] = Answer(403, f"{TOKEN} may not".encode())
    loads(world, f"{{type: http, url: '{api.url}/rows', headers: {{X-Key: 'Bearer ${{ROWS_TOKEN}}'}}}}")

    ended = await world.run()

    assert TOKEN not in world.store.log(ended.run_id).read_text()
    [failed] = [event for event in events(world, ended.run_id) if isinstance(event, NodeFailed)]
    assert failed.error.message.endswith("check `source.headers`. The answer begins: *** may not")


async def test_a_fan_out_loads_a_file_per_item_and_reads_only_the_changed_one_again(world: World) -> None:
    world.write("a.json", "[1]")
    world.write("b.json", "[2]")
    world.tool("list", 'return {"state_delta": {"files": ["a.json", "b.json"]}}')
    world.graph(
        """
        - {id: list, kind: tool, impl: list.py, writes: [files]}
        - id: load
          kind: dataset
          source: {type: file, uri: $item}
          for_each: {source: $.files}
          writes: [rows]
        """,
        state="files: {type: array}\nrows: {type: array, merge: array_append, default: []}",
    )
    first = await world.run()

    world.write("b.json", "[3]")
    second = await world.resume()

    assert first.final_state["rows"] == [1, 2]
    assert second.final_state["rows"] == [1, 3]
    assert world.restored(second.run_id) == ["list", "load"]


async def test_a_source_that_refers_to_nothing_fails_the_node(world: World) -> None:
    loads(world, "{type: file, uri: $args.file}")

    ended = await world.run()

    [failed] = [event for event in events(world, ended.run_id) if isinstance(event, NodeFailed)]
    assert failed.error.message == "`source.uri` is missing: $args.file has no value"


async def test_the_first_event_has_the_files_that_are_known_from_the_start(world: World) -> None:
    world.write("data/a.csv", "n\n")
    loads(world, "{type: file, uri: data/a.csv}")

    ended = await world.run()

    assert list(world.records(ended.run_id)[0].event.files) == ["data/a.csv"]


def events(world: World, run_id: str) -> list[object]:
    return [record.event for record in world.records(run_id)]
