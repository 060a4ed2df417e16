"""A pool of workers: which one runs a request, and how many run at once. Knows nothing of what a request means."""

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

    One folder per worker, so that tools in different folders can each import their own `helpers`.
    """

    command: tuple[str, ...]
    folder: Path


class WorkerPool:
    """At most `size` workers at a time (default: the number of cores), started when first needed."""

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
        """True while requests come one by one, so that a worker may stay awake without taking a core from others."""
        return self._has_cores_to_spare and self._was_alone and not self._asked

    async def ask(self, program: Program, message: bytes, sink: Sink) -> Reply:
        """Sends `message`, one line, to a worker of `program` once one is free; returns its reply.

        A worker that replies `stale` has not called the tool: a new one is asked instead. One that replies `retire` is
        ended. What the worker prints until it replies goes to `sink`, which gets nothing after this has returned.
        Raises WorkerGone if the worker ends before it replies, OSError if none can be started. On cancellation, stops
        the worker and every process that it started before it returns.
        """
        self._was_alone = not self._asked
        self._asked += 1
        try:
            async with self._slots:
                reply = await self._ask(await self._take(program), program, message, sink)
                if reply.get("stale"):
                    reply = await self._ask(await self._start(program), program, message, sink)
                if reply.get("stale"):
                    raise RuntimeError("a new worker replied stale")
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
        """Ends it in the background."""
        retiring = asyncio.create_task(worker.end())
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    async def start_ahead(self, program: Program) -> None:
        """Starts a worker of `program` without waiting until it is ready. Raises OSError."""
        async with self._slots:
            self._idle.append((program, await self._start(program)))

    async def close(self) -> None:
        """Ends every worker: lets idle ones exit, kills busy ones."""
        idle, self._idle = self._idle, []
        await asyncio.gather(
            *(worker.end() for _, worker in idle),
            *(worker.kill() for worker in self._busy),
            *self._retiring,
        )

    async def _take(self, program: Program) -> Worker:
        """Takes the idle worker of `program` that was used last, or starts one in place of the one idle longest."""
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
