"""The readers of logs and of YAML, given anything (many more: tests/long; what would choke them: test_bounds.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.hostile.fuzz import changed_logs, logs, reads_a_log, reads_a_text, texts


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "00000000-0000-4000-8000-000000000001.jsonl"


@settings(max_examples=100)
@given(logs)
def test_any_bytes_are_a_log_or_refused(log: Path, content: bytes) -> None:
    reads_a_log(log, content)


@settings(max_examples=100)
@given(changed_logs)
def test_a_log_with_one_change_is_a_log_or_refused(log: Path, content: bytes) -> None:
    reads_a_log(log, content)


@settings(max_examples=60)
@given(texts)
def test_any_text_is_read_and_its_problems_told(text: str) -> None:
    reads_a_text(text)
