"""Fixtures of the unit tests."""

from tests.support.written_runs import write_run

__all__ = ["write_run"]
