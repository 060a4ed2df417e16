"""Workers that are reused: who runs which request, how many at once. What a request means is the node kind's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from engine.nodes.processes.environment import cores
from engine.nodes.processes.process import Sink
from engine.nodes.workers.worker_client import Reply, Worker


class Program(Struct, frozen=True):
    """What a worker runs: the interpreter with the worker's file, and the folder of the tools that it serves.

    A worker serves one folder, so that two tools in different folders can each import their own `helpers`.
    """

    command: tuple[str, ...]
    folder: Path


class WorkerPool:
    """At most `size` workers at a time (default: as many as there are cores), started when first needed."""

    def __init__(self, directory: Path, environment: Mapping[str, str], *, size: int | None = None) -> None:
        self._directory = directory
        self._environment = environment
        self._size = size or cores()
        self._has_cores_to_spare = cores() > 1
        self._slots = asyncio.Semaphore(self._size)
        self._idle: list[tuple[Program, Worker]] = []
        self._busy: set[Worker] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._asked = 0
        self._was_alone = True

    @property
    def one_by_one(self) -> bool:
        """Whether requests come one after the other, so that a worker may stay awake: it takes a core from nobody."""
        return self._has_cores_to_spare and self._was_alone and not self._asked

    async def ask(self, program: Program, message: bytes, sink: Sink) -> Reply:
        """The reply of a worker of `program` to `message`, which is one line; waits until a worker is free.

        A worker that says that it is stale has not called the tool: a new one is asked instead. One that says that it
        retires is ended, and not asked again. What the worker prints until it replies goes to `sink`, to which nothing
        goes once this has returned. Raises WorkerGone when the worker ended before it replied, OSError when none can
        be started. On cancellation the worker is stopped, with every process that it started, before this returns.
        """
        self._was_alone = not self._asked
        self._asked += 1
        try:
            async with self._slots:
                reply = await self._ask(await self._take(program), program, message, sink)
                if reply.get("stale"):
                    reply = await self._ask(await self._start(program), program, message, sink)
                if reply.get("stale"):
                    raise RuntimeError("a new worker called itself stale")
                return reply
        finally:
            self._asked -= 1

    async def _ask(self, worker: Worker, program: Program, message: bytes, sink: Sink) -> Reply:
        self._busy.add(worker)
        try:
            reply = await worker.ask(message, sink)
        except asyncio.CancelledError:
            await worker.kill()
            raise
        finally:
            self._busy.discard(worker)
        if reply.get("retire") or reply.get("stale"):
            self._retire(worker)
        else:
            self._idle.append((program, worker))
        return reply

    def _retire(self, worker: Worker) -> None:
        """Let it end while others go on."""
        retiring = asyncio.create_task(worker.end())
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    async def start_ahead(self, program: Program) -> None:
        """Start a worker of `program`, without waiting until it answers. Raises OSError."""
        async with self._slots:
            self._idle.append((program, await self._start(program)))

    async def close(self) -> None:
        """End every worker: idle ones by themselves, busy ones by force."""
        idle, self._idle = self._idle, []
        await asyncio.gather(
            *(worker.end() for _, worker in idle),
            *(worker.kill() for worker in self._busy),
            *self._retiring,
        )

    async def _take(self, program: Program) -> Worker:
        """The idle worker of `program` that was used last, else a new one in place of the one used longest ago."""
        for index in reversed(range(len(self._idle))):
            candidate, worker = self._idle[index]
            if candidate == program:
                del self._idle[index]
                if worker.alive:
                    return worker
                await worker.kill()
                break
        while self._idle and len(self._idle) + len(self._busy) >= self._size:
            _, oldest = self._idle.pop(0)
            await oldest.end()
        return await self._start(program)

    async def _start(self, program: Program) -> Worker:
        return await Worker.start(program.command, program.folder, self._directory, self._environment)
