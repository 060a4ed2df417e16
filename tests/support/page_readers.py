"""Reads a served page as a browser does: the page itself, then its events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

SECONDS = 20


@dataclass
class ReadEvents:
    """The events of one page. `elements` are the last HTML by id."""

    lines: AsyncIterator[str]
    elements: dict[str, str] = field(default_factory=dict)
    position: str = ""
    selected: str | None = None

    async def next(self) -> dict[str, str]:
        """The elements of the next patch, or none for an event of another kind."""
        kind = "message"
        async for line in self.lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.position = value
            elif name == "event":
                kind = value
            elif name == "data" and kind == "select":
                self.selected = json.loads(value)
                return {}
            elif name == "data":
                new: dict[str, str] = json.loads(value)["elements"]
                self.elements.update(new)
                return new
        raise EOFError

    async def until(self, text: str, id_: str | None = None) -> str:
        """Read on until an element, the one with this id, contains a text; returns its HTML."""

        async def found() -> str:
            while True:
                for name, html in self.elements.items():
                    if text in html and id_ in (None, name):
                        return html
                await self.next()

        return await asyncio.wait_for(found(), SECONDS)


class PageReader:
    """Somebody who opened the address `url` of a page server."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self.origin = url[: url.index("/", len("http://"))]
        self.client = httpx2.AsyncClient(timeout=SECONDS, transport=transport)

    async def close(self) -> None:
        await self.client.aclose()

    async def get(self, path: str = "") -> httpx2.Response:
        """What is below the address."""
        return await self.client.get(self.url + path, follow_redirects=True)

    async def post(self, path: str, body: Any = None) -> httpx2.Response:
        """What a button of the page does."""
        return await self.client.post(self.url + path, json=body or {}, headers={"Origin": self.origin})

    @contextlib.asynccontextmanager
    async def events(self, page: str, position: str | None = None) -> AsyncIterator[ReadEvents]:
        """The events of a page, given as its HTML; from another `position` than the page's own."""
        found = re.search(r'data-events="([^"]+)"', page)
        assert found
        headers = {} if position is None else {"Last-Event-ID": position}
        async with self.client.stream("GET", self.url + found[1].removeprefix("../"), headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            yield ReadEvents(response.aiter_lines(), position=position or "")
