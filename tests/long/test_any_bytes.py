"""The readers of logs and of YAML, given anything, for minutes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.hostile.fuzz import changed_logs, logs, reads_a_log, reads_a_text, texts


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "00000000-0000-4000-8000-000000000001.jsonl"


@settings(max_examples=20_000, deadline=None)
@given(logs | changed_logs)
def test_any_bytes_are_a_log_or_refused(log: Path, content: bytes) -> None:
    reads_a_log(log, content)


@settings(max_examples=10_000, deadline=None)
@given(texts)
def test_any_text_is_read_and_its_problems_told(text: str) -> None:
    reads_a_text(text)
