"""Where PyYAML was built without libyaml, any text still has a tree, and ordinary experiences read the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.syntax import View, parse
from engine.syntax.yaml import pyyaml_events
from engine.syntax.yaml.reader import Anchors, read_events
from tests.unit.syntax.corpus import EXPERIENCE, TEXTS
from tests.unit.syntax.shape import shape_of
from tests.unit.syntax.strategies import near_yaml
from tests.unit.syntax.test_never_fails import read_everything

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("experience.yaml"))


@pytest.fixture(scope="module")
def without_libyaml() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyyaml_events, "CParser", None)
        yield


@pytest.mark.parametrize("text", [EXPERIENCE, *(path.read_text(encoding="utf-8") for path in EXAMPLES)])
def test_an_ordinary_experience_reads_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = shape_in_one_go(text)
    monkeypatch.setattr(pyyaml_events, "CParser", None)

    assert shape_in_one_go(text) == with_it


def shape_in_one_go(text: str) -> Any:
    reading = read_events(text, Anchors(1000))
    assert reading.node is not None
    return shape_of(View(reading.node, reading.start)), reading.problems, reading.failure


@pytest.mark.usefixtures("without_libyaml")
@given(near_yaml | st.sampled_from(TEXTS))
def test_any_text_has_a_tree(text: str) -> None:
    read_everything(text)


@pytest.mark.usefixtures("without_libyaml")
@pytest.mark.parametrize("escape", ["\\ud800", "\\U00110000", "\\UFFFFFFFF", "\\q", "\\x4"])
def test_a_wrong_escape_is_an_ordinary_problem(escape: str) -> None:
    (problem,) = parse(f'a: "{escape}"\nb: 1\n').problems
    assert problem.span.start <= len(f'a: "{escape}"')
