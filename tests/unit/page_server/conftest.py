"""A page server on a port of its own, and somebody who reads its pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from engine.page_server.serve import PageServer, Served, application, page_server
from tests.support.page_readers import PageReader


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[PageServer]:
    """Serves the runs in the test's folder."""
    async with page_server(Served(tmp_path)) as running:
        yield running


@pytest.fixture
async def reader(server: PageServer) -> AsyncIterator[PageReader]:
    """Somebody who opened its address."""
    reading = PageReader(server.url)
    yield reading
    await reading.close()


@pytest.fixture
async def local_reader(tmp_path: Path) -> AsyncIterator[PageReader]:
    """Somebody who asks the application itself, without a socket between them: enough for whole responses."""
    async with application(Served(tmp_path), asyncio.Event()) as app:
        reading = PageReader(f"http://127.0.0.1:8000/{app.token}/", httpx2.ASGITransport(app=app.guard))
        yield reading
        await reading.close()
