"""Kills at thirty random moments; `make test-long` has three hundred (tests/long/test_kills.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.killing import Fork, Killing, make_world


@pytest.mark.long
def test_a_run_that_is_killed_thirty_times_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Killing(make_world(tmp_path, monkeypatch), Fork, seed=30).until(kills=30)

    assert tally.kills >= 30
