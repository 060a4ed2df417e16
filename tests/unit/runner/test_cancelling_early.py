"""A cancellation may come at any moment, also before an execution has run its first line."""

from __future__ import annotations

import time

import pytest

from engine.log.events import NodeStarted, Record, RunStatus
from engine.runner.preparation import prepare_run
from engine.runner.run import Run
from engine.runner.session import carry_out, new_run_id
from engine.spec.load import load
from tests.support.worlds import World


@pytest.fixture
def waiting(world: World) -> World:
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: b.py}", "[{from: a, to: b}]")
    world.tool("a", "import time\ntime.sleep(60)")
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
    written: list[int] = []

    def observe(record: Record) -> None:
        written.append(record.seq)
        if record.event.type == "node.completed":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await carry_out(prepare_run(load(waiting.folder), {}), new_run_id(), observe)

    assert written == [0, 1, 2]
