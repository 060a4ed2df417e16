"""SIGKILL at three hundred random moments of run and resume: nothing that was complete runs again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.killing import Command, Fork, Killing, make_world


@pytest.mark.parametrize("start", [Command, Fork])
def test_a_run_that_is_killed_three_hundred_times_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: type[Command | Fork]
) -> None:
    tally = Killing(make_world(tmp_path, monkeypatch), start, seed=300).until(kills=300)

    print(tally)
    assert tally.kills >= 300
