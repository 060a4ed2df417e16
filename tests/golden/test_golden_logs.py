"""Each log that a released version wrote is resumed by this one: what it holds is restored, the rest runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cache.decisions.decision import Answer
from engine.experience.load import load
from engine.log.events.events import RunStatus
from engine.log.reading.reader import read_log
from engine.nodes.registry import kinds
from engine.runner.prepare import make_plan, prepare_resume
from engine.runner.session import carry_out, new_run_id
from tests.golden.golden import EXECUTED, GOLDEN, RUN_ID, VERSION, Golden


def executed(folder: Path) -> list[str]:
    """What the tools noted, in the experience and in those that it nests."""
    return sorted(line for file in folder.rglob(EXECUTED) for line in file.read_text().splitlines())


def test_every_golden_log_is_resumed_here() -> None:
    assert {path.parent.name for path in VERSION.glob("*/run.jsonl")} == {golden.name for golden in GOLDEN}


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
async def test_a_golden_log_is_resumed(golden: Golden, tmp_path: Path) -> None:
    folder = golden.copied(tmp_path)
    preparation = prepare_resume(load(folder), RUN_ID)

    resumed = await carry_out(preparation, new_run_id(), lambda _: None)

    assert resumed.finished.status is RunStatus.SUCCESS
    assert executed(folder) == sorted(golden.runs)
    assert dict(resumed.final_state) == golden.final_state


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
async def test_what_a_golden_log_became_is_restored_whole(golden: Golden, tmp_path: Path) -> None:
    folder = golden.copied(tmp_path)
    resumed = await carry_out(prepare_resume(load(folder), RUN_ID), new_run_id(), lambda _: None)

    plan = make_plan(prepare_resume(load(folder), resumed.run_id), kinds(folder))

    assert {entry.answer for entry in plan.entries} <= {Answer.RESTORED, Answer.SKIPPED}


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_a_golden_log_is_read_without_a_doubt(golden: Golden) -> None:
    assert read_log(golden.folder / "run.jsonl").problems == ()
