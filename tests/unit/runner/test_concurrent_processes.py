"""Processes that run, resume, list and prune at once in one folder: no wrong status, lost line or exception."""

from __future__ import annotations

from pathlib import Path

from tests.support.crowd import crowd


def test_two_processes_run_resume_list_read_and_prune_the_same_folder(tmp_path: Path) -> None:
    done = crowd(tmp_path, processes=2, rounds=16)

    assert done.keys() == {"run", "resume", "list", "read", "prune"}
