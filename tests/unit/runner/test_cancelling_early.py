"""Cancellation at any moment, even before an execution has run its first line."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from engine.experience.load import load
from engine.log.events.events import Event, NodeStarted, Record, RunStatus
from engine.log.writing.writer import LogWriteError, LogWriter
from engine.nodes.tool import ToolKind
from engine.runner.prepare import prepare_run
from engine.runner.run import Run
from engine.runner.session import carry_out, new_run_id
from tests.support.worlds import HANGS, World


@pytest.fixture
def waiting(world: World) -> World:
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: b.py}", "[{from: a, to: b}]")
    world.tool("a", HANGS)
    return world


async def test_a_node_that_is_cancelled_as_it_starts_ends_the_run_at_once(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[Run] = []
    drive = Run.drive
    monkeypatch.setattr(Run, "drive", lambda run: (runs.append(run), drive(run))[1])

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted):
            runs[0].cancel("enough")

    began = time.monotonic()
    ended = await carry_out(prepare_run(load(waiting.folder), {}), new_run_id(), observe)

    assert time.monotonic() - began < 5
    assert ended.finished.status is RunStatus.CANCELLED
    assert waiting.types(ended.run_id, of="a") == ["node.started", "node.cancelled"]
    assert waiting.types(ended.run_id, of="b") == ["node.cancelled"]


async def test_a_log_that_cannot_be_written_any_more_ends_the_run_with_the_error(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.tool("a", "return {'state_delta': {}}")
    asked: list[str] = []
    append = LogWriter.append

    def fills_up(log: LogWriter, event: Event) -> Record:
        asked.append(event.type)
        if event.type == "node.completed":
            raise LogWriteError("No space left on device")
        return append(log, event)

    monkeypatch.setattr(LogWriter, "append", fills_up)

    with pytest.raises(LogWriteError, match="No space left"):
        await waiting.run()

    assert asked == ["run.started", "node.started", "node.completed"]


async def test_who_asks_twice_before_the_engine_looks_means_at_once(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    abandoned: list[str] = []
    abandon = Run.abandon
    monkeypatch.setattr(Run, "abandon", lambda run, reason: (abandoned.append(reason), abandon(run, reason))[1])
    run_id = new_run_id()

    def observe(record: Record) -> None:
        if isinstance(record.event, NodeStarted):
            waiting.store.cancel(run_id).write_text("xx")

    ended = await carry_out(prepare_run(load(waiting.folder), {}), run_id, observe)

    assert abandoned == ["cancelled by `oe cancel`"]
    assert ended.finished.status is RunStatus.CANCELLED
    assert waiting.types(run_id, of="a") == ["node.started", "node.cancelled"]


async def test_a_node_that_ended_just_before_the_run_was_abandoned_ends_once(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.tool("a", "return {}")
    executed = Run._executed

    def ended_then_abandoned(run: Run, *of_task: Any) -> None:
        executed(run, *of_task)
        run.abandon("enough")

    monkeypatch.setattr(Run, "_executed", ended_then_abandoned)

    ended = await waiting.run()

    assert waiting.types(ended.run_id, of="a") == ["node.started", "node.completed"]
    assert ended.finished.status is RunStatus.CANCELLED


async def test_an_execution_that_breaks_off_unasked_is_a_failure(
    waiting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that cancels the task that it runs in: nobody wanted the run to end."""

    async def breaks_off(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(ToolKind, "execute", breaks_off)

    ended = await waiting.run()

    assert waiting.types(ended.run_id, of="a") == ["node.started", "node.failed"]
    assert waiting.types(ended.run_id, of="b") == ["node.skipped"]
    assert ended.finished.status is RunStatus.FAILURE
