"""One case of benchmarks/page.py: what a served page shows of a run that this program writes, in milliseconds.

`python page_patches.py NODES ITEMS ROUNDS`, with ITEMS of its first node in the log beforehand; prints a JSON object.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx2

from engine.log.events.events import (
    Event,
    ExperienceRef,
    Item,
    NodeCompleted,
    NodeStarted,
    Output,
    RunStarted,
    Scope,
    ScopeKind,
)
from engine.log.storage.lock import RunLock
from engine.log.storage.run_store import RunStore
from engine.log.writing.writer import LogWriter, timestamp, utc_now

_SECONDS = 30
_BURST = 1_000


@dataclass(frozen=True)
class Measured:
    """Milliseconds from the event to the end of its patch; and what a burst of events came to."""

    median_ms: float
    worst_ms: float
    first_page_ms: float
    page_bytes: int
    burst_patches: int
    burst_shown_ms: float


class Run:
    """A run whose engine is this program."""

    def __init__(self, folder: Path, nodes: int) -> None:
        store = RunStore(folder)
        store.prepare()
        self.run_id = str(uuid.uuid4())
        self.lock = RunLock(store.lock(self.run_id), timestamp(utc_now()))
        self.log = LogWriter(store.log(self.run_id), self.run_id)
        experience = ExperienceRef("bench", "1.0.0", str(folder / "experience.yaml"))
        self.log.append(RunStarted(experience=experience, nodes=tuple(f"node_{n}" for n in range(nodes))))

    def start(self, node: str, scope: tuple[Scope, ...] = ()) -> None:
        """Start a node, or an item of it."""
        self.log.append(NodeStarted(node_id=node, attempt_id="a", scope=scope))

    def complete(self, node: str, scope: tuple[Scope, ...] = ()) -> None:
        """End it."""
        self.log.append(_completed(node, scope))

    def close(self) -> None:
        """Die without an end, and leave the log as it is."""
        self.lock.release()
        self.log.close()


def main() -> None:
    """Measure and print."""
    nodes, items, rounds = map(int, sys.argv[1:])
    print(json.dumps(asdict(asyncio.run(measure(nodes, items, rounds=rounds)))))


async def measure(nodes: int, items: int, *, rounds: int) -> Measured:
    """One case, in a folder and with a server of its own."""
    with tempfile.TemporaryDirectory() as name, _server(Path(name)) as url:
        run = Run(Path(name), nodes)
        for index in range(items):
            scope = _scope(index)
            run.log.append(NodeStarted(node_id="node_0", attempt_id="a", scope=scope))
            run.log.append(_completed("node_0", scope))
        try:
            return await _read(run, url, nodes, items, rounds)
        finally:
            run.close()


async def _read(run: Run, url: str, nodes: int, items: int, rounds: int) -> Measured:
    async with httpx2.AsyncClient(timeout=_SECONDS) as client:
        began = time.perf_counter()
        page_url = f"{url}runs/{run.run_id}"
        page = (await client.get(page_url)).text
        first = (time.perf_counter() - began) * 1000
        async with _patches(client, page_url, page) as patches:
            run.start("node_1")
            await anext(patches)
            numbers = [0] * rounds if items else [number % nodes for number in range(rounds)]
            scopes = [_scope(items + number) if items else () for number in range(rounds)]
            delays = [await _delay(run, patches, *each) for each in zip(numbers, scopes, strict=True)]
            began = time.perf_counter()
            for index in range(_BURST):
                run.start("node_2", _scope(index, "node_2"))
            run.complete("node_2")
            count = 0
            async for patch in patches:
                count += 1
                if "completed" in "".join(html for id_, html in patch.items() if id_ in ("node-3", "node-3-head")):
                    break
            burst = (time.perf_counter() - began) * 1000
    return Measured(statistics.median(delays), max(delays), first, len(page.encode()), count, burst)


async def _delay(run: Run, patches: AsyncIterator[dict[str, str]], number: int, scope: tuple[Scope, ...]) -> float:
    """Milliseconds until an event of a node, or of its item, is on the page, when nothing has happened for a while."""
    await asyncio.sleep(0.25)
    began = time.perf_counter()
    run.start(f"node_{number}", scope)
    async for patch in patches:
        if f"timeline-row-{number + 1}" in patch:
            break
    return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def _patches(
    client: httpx2.AsyncClient, page_url: str, page: str
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    found = re.search(r'data-events="([^"]+)"', page)
    assert found
    async with client.stream("GET", urljoin(page_url, found[1])) as response:

        async def read() -> AsyncIterator[dict[str, str]]:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])["elements"]

        yield read()


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """The address of a page server for a folder."""
    command = (sys.executable, "-m", "engine.cli", "inspect", "--serve", "--no-open", "--experience", str(folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _scope(index: int, node: str = "node_0") -> tuple[Scope, ...]:
    return (Scope(ScopeKind.FANOUT, node, Item(index, f"{index:016x}#0")),)


def _completed(node: str, scope: tuple[Scope, ...]) -> Event:
    return NodeCompleted(node_id=node, attempt_id="a", scope=scope, input_hash="h", output=Output({}), duration_ms=1.0)


if __name__ == "__main__":
    main()
