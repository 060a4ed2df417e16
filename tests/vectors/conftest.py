"""The world that the vectors run in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty experience folder."""
    return World(tmp_path)
