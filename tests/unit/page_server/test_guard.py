"""Only holders of the token reach anything, by a name of this machine (engine/page_server/guard.py)."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.page_readers import PageReader
from tests.support.written_runs import WriteRun
from tests.unit.report.test_page import Page

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


@pytest.mark.parametrize(
    "path",
    ["/", "", "/wrong/", "/wrong/runs/x", "/%00/", "/é/", "//", "/{token}x/", "/{token}/../{token}x/", "/robots.txt"],
)
async def test_without_the_token_nothing_is_there(path: str, local_reader: PageReader) -> None:
    token = local_reader.url.removeprefix(local_reader.origin).strip("/")

    response = await local_reader.client.get(local_reader.origin + path.replace("{token}", token))

    assert response.status_code == 404
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]


ODD_PATHS = (
    "runs/latest",
    "runs/../../../etc/passwd",
    "runs/..%2f..%2fexperience.yaml",
    "runs/4f3a",
    "runs/00000000-0000-4000-8000-000000000000",
    "assets/../page.py",
    "assets/%2e%2e%2fpage.py",
    "assets/",
    "assets/theme.css/x",
    "compare/x/y",
)


async def test_paths_lead_nowhere_but_to_runs_and_listed_assets(reader: PageReader) -> None:
    for path in ODD_PATHS:
        assert (await _raw(reader, path)).startswith(b"HTTP/1.1 404 "), path


async def _raw(reader: PageReader, path: str) -> bytes:
    """The response to a path as it is: a client would resolve its dots."""
    host, port = reader.origin.removeprefix("http://").split(":")
    answers, request = await asyncio.open_connection(host, int(port))
    path = reader.url.removeprefix(reader.origin) + path
    request.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    response = await answers.read()
    request.close()
    return response


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("LOCALHOST:80", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:80@evil.example", 421),
        ("127.0.0.2", 421),
        ("", 421),
    ],
)
async def test_only_names_of_this_machine_are_hosts(host: str, status: int, local_reader: PageReader) -> None:
    response = await local_reader.client.get(f"{local_reader.url}runs/", headers={"Host": host})

    assert response.status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": "{own}", "Content-Type": "text/plain"}, 415),
        ({"Origin": "{own}", "Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_only_the_page_itself_may_change_anything(
    headers: dict[str, str], status: int, write_run: WriteRun, local_reader: PageReader
) -> None:
    run = write_run().begin("a")
    sent = {"Content-Type": "application/json"}
    sent.update({name: value.replace("{own}", local_reader.origin) for name, value in headers.items()})

    response = await local_reader.client.post(
        f"{local_reader.url}runs/{run.run_id}/cancel", content=b"{}", headers=sent
    )

    assert response.status_code == status
    assert not run.store.cancel(run.run_id).exists()


async def test_a_button_needs_a_post(write_run: WriteRun, local_reader: PageReader) -> None:
    run = write_run().begin("a")

    assert (await local_reader.get(f"runs/{run.run_id}/cancel")).status_code == 405
    assert not run.store.cancel(run.run_id).exists()


async def test_every_response_forbids_what_is_not_needed(write_run: WriteRun, local_reader: PageReader) -> None:
    run = write_run().begin("a")

    for path in (f"runs/{run.run_id}", "assets/page.js", "nothing"):
        headers = (await local_reader.get(path)).headers
        assert headers["content-security-policy"].startswith(POLICY)
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert not [name for name in headers if name.startswith("access-control")]
        assert "server" not in headers


async def test_a_page_runs_nothing_inline_and_may_be_framed(write_run: WriteRun, local_reader: PageReader) -> None:
    run = write_run().begin("<img src=x onerror=alert(1)>")

    page = await local_reader.get(f"runs/{run.run_id}")

    assert "<script>" not in page.text and "<style>" not in page.text and " style=" not in page.text
    assert "img" not in Page(page.text).tags
    assert "frame-ancestors" not in page.headers["content-security-policy"]
