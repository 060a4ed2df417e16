"""`oe state`: show, reset, rebuild; `oe run --keep-state`."""

from __future__ import annotations

import json

import pytest

from engine.cli.options import LLM_NAMES
from engine.llm.providers import PROVIDERS
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe


@pytest.fixture
def kept(world: World, oe: Oe) -> World:
    """An experience that ran twice, the second time with what the first had left."""
    world.graph(
        "- {id: look, kind: tool, impl: look.py, args: {word: $args.word}, writes: [found, total]}",
        state="found: {type: array, merge: array_append}\ntotal: {type: number}",
    )
    world.tool("look", "return {'state_delta': {'found': [input['word']], 'total': len(input['word'])}}")
    assert oe("run", "--args", '{"word": "owl"}').code == 0
    assert oe("run", "--keep-state", "--args", '{"word": "☃"}').code == 0
    return world


def test_the_state_is_a_table_a_document_or_one_value(oe: Oe, kept: World) -> None:
    table = oe("state").out
    assert "found" in table
    assert '["owl", "☃"]' in table
    assert "look" in table

    assert json.loads(oe("state", "--json").out) == {"found": ["owl", "☃"], "total": 1}
    assert json.loads(oe("state", "found").out) == ["owl", "☃"]
    assert oe("state", "show", "found").out == oe("state", "found").out


def test_the_history_says_what_each_run_changed(oe: Oe, kept: World) -> None:
    first, second = json.loads(oe("state", "found", "--history", "--json").out)

    assert (first["new"], "old" in first, first["nodeId"]) == (["owl"], False, "look")
    assert (second["old"], second["new"]) == (["owl"], ["owl", "☃"])
    assert second["runId"][:8] in oe("state", "--history").out


def test_a_field_without_a_value_is_an_error_that_names_the_others(oe: Oe, kept: World) -> None:
    wrong = oe("state", "fond")

    assert (wrong.code, wrong.out) == (1, "")
    assert "no run has written 'fond' (fields with a value: found, total)" in wrong.err


def test_nothing_is_forgotten_without_yes(oe: Oe, kept: World) -> None:
    asked = oe("state", "reset")

    assert asked.code == 1
    assert "would reset found, total. Add --yes" in asked.err
    assert json.loads(oe("state", "--json").out) != {}


def test_one_field_is_forgotten_and_a_rebuild_does_not_bring_it_back(oe: Oe, kept: World) -> None:
    assert oe("state", "reset", "--field", "found", "--yes").out == "reset found\n"
    assert json.loads(oe("state", "--json").out) == {"total": 1}

    assert oe("state", "rebuild").out == "merged 2 runs\n"
    assert json.loads(oe("state", "--json").out) == {"total": 1}


def test_a_lost_state_is_rebuilt(oe: Oe, kept: World) -> None:
    before = oe("state", "--history", "--json").out
    (kept.store.data / "state.sqlite").unlink()

    assert oe("state", "--history", "--json").out == before


def test_a_damaged_state_is_reported_on_stderr_and_the_run_goes_on(oe: Oe, kept: World) -> None:
    (kept.store.data / "state.sqlite").write_bytes(b"no database " * 500)

    ended = oe("run", "--args", '{"word": "owl"}')

    assert ended.code == 0
    assert "oe state rebuild" in ended.err


def test_the_help_names_the_other_forms(oe: Oe, kept: World) -> None:
    shown = oe("state", "--help").out

    assert "[FIELD] | reset | rebuild" in shown
    assert "oe state reset --field findings --yes" in " ".join(shown.split())


def test_the_choices_of_llm_are_the_providers() -> None:
    assert set(LLM_NAMES) == set(PROVIDERS)
