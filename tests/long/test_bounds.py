"""Texts and logs that are made to choke their readers, at a length at which that would be noticed."""

from __future__ import annotations

import gc
import time

import pytest

from engine.experience.analyse import analyse
from tests.hostile.growing import TEXTS

SIZES = (2_000, 8_000)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_four_times_as_long_takes_about_four_times_as_long(name: str) -> None:
    short, long = (TEXTS[name](size) for size in SIZES)
    analyse(short)

    assert seconds_of(long) <= 2.5 * seconds_of(short) * len(long) / len(short) + 0.2


def seconds_of(text: str) -> float:
    """The time that the processor takes, whatever else it does: the best of three."""
    gc.collect()
    gc.disable()
    try:
        return min(_seconds(text) for _ in range(3))
    finally:
        gc.enable()


def _seconds(text: str) -> float:
    began = time.process_time()
    analyse(text)
    return time.process_time() - began
