"""Datasets from HTTP: requests, rows, errors, and where secrets go."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.expressions import Json
from engine.nodes.dataset import DatasetKind, variables_of
from engine.nodes.kind import NodeError
from tests.standins.rows_api import SILENCE, Answer, RowsApi, json_answer, redirect
from tests.unit.nodes.conftest import RecordingWatcher
from tests.unit.nodes.test_dataset_files import dataset, work

TOKEN = "t0p-secret-token"


class Bench:
    """Datasets whose environment holds a token."""

    def __init__(self, folder: Path) -> None:
        self.kind = DatasetKind(folder, {"API_TOKEN": TOKEN, "EMPTY": "", "BROKEN": f"{TOKEN}\nX-Evil: 1"})
        self.watcher = RecordingWatcher()

    async def rows(self, url: str, **source: Any) -> Json:
        done = await self.kind.execute(work({"type": "http", "url": url, **source}), self.watcher)
        return done.output.state_delta["rows"]

    async def refusal(self, url: str, **source: Any) -> str:
        with pytest.raises(NodeError) as raised:
            await self.rows(url, **source)
        return raised.value.info.message


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy stands between a test and its server."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    await bench.kind.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Mapping[str, Answer]], RowsApi]]:
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(RowsApi(answers))


Serve = Callable[[Mapping[str, Answer]], RowsApi]


@pytest.mark.parametrize(
    ("answer", "rows"),
    [([{"id": 1}, 2], [{"id": 1}, 2]), ([], []), ({"id": 1}, [{"id": 1}])],
    ids=["a list is the rows", "an empty list is no rows", "an object is one row"],
)
async def test_rows_come_from_the_response(bench: Bench, serve: Serve, answer: Json, rows: Json) -> None:
    api = serve({"/rows?page=1": json_answer(answer)})

    assert await bench.rows(f"{api.url}/rows?page=1") == rows
    assert api.asked[0].method == "GET"
    assert api.asked[0].headers["accept"] == "application/json"
    assert bench.watcher.activities == [f"GET {api.url}/rows"]


async def test_post_sends_its_body_as_json(bench: Bench, serve: Serve) -> None:
    api = serve({"/search": json_answer([])})

    await bench.rows(f"{api.url}/search", method="POST", body={"query": "æ", "limit": 5})

    assert json.loads(api.asked[0].body) == {"query": "æ", "limit": 5}
    assert api.asked[0].headers["content-type"] == "application/json"


async def test_get_sends_no_body_and_warns_of_one(bench: Bench, serve: Serve) -> None:
    api = serve({"/rows": json_answer([])})

    await bench.rows(f"{api.url}/rows", body={"limit": 5})

    assert "content-length" not in api.asked[0].headers
    assert bench.watcher.warnings == ["GET sends no `source.body`; add `method: POST` to send it"]


async def test_headers_get_their_values_from_the_environment(bench: Bench, serve: Serve) -> None:
    api = serve({"/rows": json_answer([])})

    await bench.rows(f"{api.url}/rows", headers={"Authorization": "Bearer ${API_TOKEN}", "accept": "text/json"})

    assert api.asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert api.asked[0].headers["accept"] == "text/json"


async def test_a_redirect_is_followed_with_its_headers(bench: Bench, serve: Serve) -> None:
    api = serve({"/old": redirect("/new"), "/new": json_answer([1])})

    assert await bench.rows(f"{api.url}/old", headers={"X-Key": "${API_TOKEN}"}) == [1]
    assert [asked.headers.get("x-key") for asked in api.asked] == [TOKEN, TOKEN]


async def test_a_redirect_to_another_server_sends_no_secret(bench: Bench, serve: Serve) -> None:
    there = serve({"/rows": json_answer([1])})
    here = serve({"/rows": redirect(f"{there.url}/rows", 307)})

    headers = {"X-Key": "${API_TOKEN}", "authorization": "Bearer ${API_TOKEN}", "X-Page": "1"}
    await bench.rows(f"{here.url}/rows", headers=headers)

    assert TOKEN not in str(there.asked[0].headers)
    assert there.asked[0].headers["x-page"] == "1"


async def test_cookies_are_not_kept(bench: Bench, serve: Serve) -> None:
    api = serve({"/rows": Answer(200, b"[]", {"set-cookie": "session=1"})})

    await bench.rows(f"{api.url}/rows")
    await bench.rows(f"{api.url}/rows")

    assert "cookie" not in api.asked[1].headers


UNUSABLE: list[tuple[Answer, str]] = [
    (Answer(404, b"no such\n page"), "returned status 404 Not Found. The answer begins: no such page"),
    (Answer(401), "returned status 401 Unauthorized; check `source.headers`"),
    (
        Answer(500, f"token {TOKEN} is bad".encode()),
        "status 500 Internal Server Error. The answer begins: token *** is",
    ),
    (Answer(500, b"x" * 190 + TOKEN.encode()), "x" * 190 + "***"),
    (
        Answer(200, b"<html>"),
        "did not return JSON: line 1 is not JSON at column 1: Expecting value. The an",
    ),
    (Answer(200, b""), "did not return JSON: line 1 is not JSON at column 1"),
    (Answer(200, b"[NaN]"), "did not return JSON: NaN is not JSON; write null"),
    (json_answer("three"), "must return a list of rows or one object, not the text 'three'"),
    (redirect("/rows"), "was redirected 10 times; check `source.url`"),
    (redirect("file:///etc/passwd"), "failed: "),
    (Answer(200, b"[]", {"content-encoding": "gzip"}), "failed: "),
]


@pytest.mark.parametrize(("answer", "said"), UNUSABLE)
async def test_a_response_without_rows_fails_the_node_and_is_quoted(
    bench: Bench, serve: Serve, answer: Answer, said: str
) -> None:
    api = serve({"/rows": answer})

    message = await bench.refusal(f"{api.url}/rows", headers={"X-Key": "${API_TOKEN}"})

    assert message.startswith(f"GET {api.url}/rows ")
    assert said in message
    assert TOKEN not in message
    assert TOKEN[:6] not in message


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (401, False), (404, True), (429, True), (503, True)])
async def test_a_rejected_request_is_not_retried(bench: Bench, serve: Serve, status: int, retryable: bool) -> None:
    api = serve({"/rows": Answer(status)})

    with pytest.raises(NodeError) as refused:
        await bench.rows(f"{api.url}/rows")

    assert refused.value.retryable is retryable


async def test_an_unreachable_address_is_named(bench: Bench, serve: Serve) -> None:
    with RowsApi({}) as gone:
        url = f"{gone.url}/rows"

    assert (await bench.refusal(url)).startswith(f"GET {url} failed: ")


async def test_a_server_without_https_is_not_retried(bench: Bench, serve: Serve) -> None:
    api = serve({})

    with pytest.raises(NodeError, match="does not speak HTTPS; write http:// if it speaks HTTP") as raised:
        await bench.rows(api.url.replace("http", "https"))

    assert not raised.value.retryable


async def test_a_variable_that_makes_requests_impossible_is_named(tmp_path: Path) -> None:
    kind = DatasetKind(tmp_path, {"HTTP_PROXY": "127.0.0.1:x"})

    with pytest.raises(NodeError, match=r"HTTP_PROXY is http://127\.0\.0\.1:x, whose port x is not a number") as raised:
        await kind.execute(work({"type": "http", "url": "http://127.0.0.1:9/"}), RecordingWatcher())

    assert not raised.value.retryable


async def test_neither_password_nor_query_of_an_address_is_shown(bench: Bench, serve: Serve) -> None:
    api = serve({})
    url = api.url.replace("http://", "http://ada:lovelace@") + "/rows?key=k3y"

    message = await bench.refusal(url)

    assert message.startswith(f"GET {api.url}/rows returned status 404")
    assert bench.watcher.activities == [f"GET {api.url}/rows"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"url": "ftp://a/b"}, "`source.url` must be an http:// or https:// address, not the text 'ftp://a/b'"),
    ({"url": "rows.json"}, "`source.url` must be an http:// or https:// address"),
    ({"url": "http://[::1/rows"}, "`source.url` must be an http:// or https:// address"),
    ({"url": "http://a:port/"}, "`source.url` is not a valid address"),
    ({"url": "http://a/?key=${API_TOKEN}"}, "addresses are logged; use `source.headers`"),
    ({"headers": {"X-Key": "${NO_SUCH}"}}, "the header X-Key needs the environment variable NO_SUCH, which is not set"),
    ({"headers": {"X-Key": "${EMPTY}"}}, "the header X-Key needs the environment variable EMPTY, which is not set"),
    (
        {"headers": {"X-Key": "${BROKEN}"}},
        "the header X-Key contains a line break or another character that a header cannot hold",
    ),
    ({"headers": {"X Key": "1"}}, "`source.headers` names the text 'X Key', which is not a valid header name"),
]


@pytest.mark.parametrize(("source", "said"), WRONG)
async def test_a_request_that_cannot_be_made_is_refused_before_anything_is_sent(
    bench: Bench, source: dict[str, Any], said: str
) -> None:
    message = await bench.refusal(**{"url": "http://127.0.0.1:9/", **source})

    assert said in message
    assert TOKEN not in message


async def test_a_silent_server_is_stopped_by_the_timeout_of_its_node(bench: Bench, serve: Serve) -> None:
    api = serve({"/rows": SILENCE})
    asking = asyncio.create_task(bench.rows(f"{api.url}/rows"))
    await asyncio.to_thread(api.arrived.wait)

    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


def test_only_the_request_is_hashed(bench: Bench) -> None:
    node = dataset({"type": "http", "url": "http://a/b"})

    assert bench.kind.files(node, {"type": "http", "url": "http://a/b"}) == {}
    assert bench.kind.settings(node, {"type": "http", "url": "http://a/b"}) == {}


def test_what_headers_take_from_the_environment_is_known() -> None:
    headers = {"Authorization": "Bearer ${API_TOKEN}", "X-Both": "${USER}:${NOT_SET}", "X-Page": "1"}
    nodes = [
        dataset({"type": "http", "url": "http://a", "headers": headers}),
        dataset({"type": "http", "url": "http://a", "headers": "$args.headers"}),
        dataset({"type": "file", "uri": "a.csv"}),
    ]

    assert variables_of(nodes, "") == ["API_TOKEN", "USER", "NOT_SET"]
