"""The same as in tests/unit/runner/test_concurrent_processes.py, with more processes and for a minute or so."""

from __future__ import annotations

from pathlib import Path

from tests.support.crowd import crowd


def test_processes_that_do_everything_at_once_in_one_folder_lose_nothing(tmp_path: Path) -> None:
    done = crowd(tmp_path, processes=4, rounds=140)

    assert min(done[what] for what in ("run", "resume", "list", "read", "prune")) > 40
