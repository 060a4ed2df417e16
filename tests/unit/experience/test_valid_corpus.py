"""No false alarm: 200 valid experiences, our own and generated ones, without one error or warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experience.analyse import analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.load import read_text
from engine.experience.problems import Severity
from tests.support.examples import one_in
from tests.support.generated import generate

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("experience.yaml"))
GENERATED = range(200 - len(EXAMPLES))


def alarms(file: Path) -> list[str]:
    analysis = analyse(read_text(file), files=DiskFiles(file.parent))
    loud = (Severity.ERROR, Severity.WARNING)
    return [f"{each.code.value} {each.message}" for each in analysis.problems if each.severity in loud]


@pytest.mark.parametrize("file", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
def test_an_example_has_no_error_and_no_warning(file: Path) -> None:
    assert alarms(file) == []


@pytest.mark.parametrize("seed", one_in(6, GENERATED))
def test_a_generated_experience_has_no_error_and_no_warning(seed: int, tmp_path: Path) -> None:
    assert alarms(generate(seed).write(tmp_path)) == []
