"""How many examples or cases a test takes in `make test`, and how many in `make test-long`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings


def examples(share: float) -> settings:
    """For a law whose examples are cheaper or dearer than those of others: so many times the profile's number."""
    return settings(max_examples=max(1, round(settings().max_examples * share)))


def one_in(number: int, cases: Iterable[Any]) -> list[Any]:
    """Of many like cases for `parametrize`, each so manyth; the others are for the long suite."""
    marks = {True: (), False: (pytest.mark.long,)}
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marks[index % number == 0])
        for index, case in enumerate(cases)
    ]
