"""Whatever a stranger wrote, reading it takes work and memory in proportion to its length (longer ones: tests/long)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experience.analyse import analyse
from tests.hostile.bounds import calls_of, grows_evenly, memory_of
from tests.hostile.fuzz import read_whole
from tests.hostile.growing import LOGS, TEXTS

pytestmark = pytest.mark.long

SIZES = (220, 440, 880)
"""Beyond the limits of depth, from which on nothing new comes."""

LARGE = 400
MOST_BYTES_PER_BYTE = 700
MOST_BYTES_AT_ALL = 4_000_000
"""Chunks, and what is built once."""


@pytest.mark.parametrize("name", TEXTS)
def test_the_work_of_reading_a_text_grows_as_the_text_does(name: str) -> None:
    analyse(TEXTS[name](SIZES[0] - 1))  # what is built once is
    texts = [TEXTS[name](size) for size in SIZES]

    assert grows_evenly([calls_of(lambda text=text: analyse(text)) for text in texts])


@pytest.mark.parametrize("name", LOGS)
def test_the_work_of_reading_a_log_grows_as_the_log_does(tmp_path: Path, name: str) -> None:
    logs = [tmp_path / f"{size}.jsonl" for size in (SIZES[0] - 1, *SIZES)]
    for log in logs:
        log.write_bytes(LOGS[name](int(log.stem)))
    read_whole(logs.pop(0))

    assert grows_evenly([calls_of(lambda log=log: read_whole(log)) for log in logs])


@pytest.mark.parametrize("name", TEXTS)
def test_the_memory_that_a_text_takes_is_in_proportion_to_it(name: str) -> None:
    text = TEXTS[name](LARGE)

    assert memory_of(lambda: analyse(text)) <= len(text) * MOST_BYTES_PER_BYTE + MOST_BYTES_AT_ALL


@pytest.mark.parametrize("name", LOGS)
def test_the_memory_that_a_log_takes_is_in_proportion_to_it(tmp_path: Path, name: str) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(LOGS[name](LARGE))

    assert memory_of(lambda: read_whole(log)) <= log.stat().st_size * MOST_BYTES_PER_BYTE + MOST_BYTES_AT_ALL
