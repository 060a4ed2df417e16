"""Fixtures of the unit tests."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from schemas import event_schema
from tests.support.written_runs import write_run

__all__ = ["event_validator", "write_run"]


@pytest.fixture(scope="session")
def event_validator() -> Draft202012Validator:
    """Checks a line of a log against schemas/event.schema.json."""
    return Draft202012Validator(event_schema())
