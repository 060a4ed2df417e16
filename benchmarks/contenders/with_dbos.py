"""DBOS on SQLite: one workflow whose N steps follow each other, or begin together."""

from __future__ import annotations

import asyncio
import time

import sqlalchemy as sa
from dbos import DBOS
from dbos_on_sqlite import launch
from measured import Measured, command_line, say, size_of, sqlite_durability


@DBOS.step()
async def step(count: int) -> int:
    """A step that does as little as ours."""
    return count + 1


@DBOS.workflow()
async def chain(n: int) -> int:
    """N steps, one after the other."""
    count = 0
    for _ in range(n):
        count = await step(count)
    return count


@DBOS.workflow()
async def fanout(n: int) -> int:
    """N steps that begin together."""
    return len(await asyncio.gather(*(step(index) for index in range(n))))


async def main() -> None:
    """Time one run."""
    shape, n, folder = command_line()
    file = folder / "dbos.sqlite"
    launch(file, log_level="ERROR")
    try:
        began = time.perf_counter()
        result = await {"chain": chain, "fanout": fanout}[shape](n)
        seconds = time.perf_counter() - began
        assert result == n
    finally:
        DBOS.destroy()
    with sa.create_engine(f"sqlite:///{file}").connect() as connection:
        journal = connection.execute(sa.text("pragma journal_mode")).scalar_one()
        synchronous = connection.execute(sa.text("pragma synchronous")).scalar_one()
    say(Measured(seconds, size_of(folder, "dbos.sqlite*"), sqlite_durability(journal, synchronous)))


if __name__ == "__main__":
    asyncio.run(main())
