"""That no limit is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

LIMITS = 26


def test_each_limit_has_a_test_that_shows_it_gone() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    shown = {int(number) for number in re.findall(r"def test_limit_(\d\d)_", texts)}

    assert shown == set(range(1, LIMITS + 1))
