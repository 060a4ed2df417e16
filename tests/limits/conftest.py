"""The worlds in which a limit is shown to be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.log.events.events import Event, NodeFailed
from tests.standins.messages_api import MessagesApi
from tests.support.worlds import World

Model = Callable[..., MessagesApi]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty experience folder."""
    return World(tmp_path)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """Starts a local Messages API with these answers, and makes it the model of the runs that follow."""
    with ExitStack() as stack:

        def start(*answers: Any) -> MessagesApi:
            api = stack.enter_context(MessagesApi(*answers))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-key-of-the-test")
            return api

        yield start


def events(world: World, run_id: str, *types: type[Event]) -> list[Any]:
    """The events of these types in a run's log, in order."""
    return [record.event for record in world.records(run_id) if isinstance(record.event, types)]


def failure(world: World, run_id: str) -> str:
    """The message of the first node that failed."""
    message: str = events(world, run_id, NodeFailed)[0].error.message
    return message
