"""`on_ambiguous: ask`: a person on a terminal is asked before the resume begins, nobody else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.worlds import World
from tests.unit.cli.conftest import Oe
from tests.unit.cli.terminals import Terminal


@pytest.fixture
async def killed(tmp_path: Path) -> World:
    """A run that was killed while its node paid."""
    world = World(tmp_path)
    world.graph("- {id: pay, kind: tool, impl: pay.py, on_ambiguous: ask}")
    world.tool("pay", "return {}")
    done = await world.run()
    log = world.store.log(done.run_id)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    world.executed()
    return world


@pytest.mark.parametrize(("answer", "code", "runs"), [("y", 0, ["pay"]), ("n", 3, [])])
async def test_the_answer_on_a_terminal_decides(killed: World, answer: str, code: int, runs: list[str]) -> None:
    with Terminal(killed.folder, "resume", "latest", columns=200) as terminal:
        terminal.read_until("its effects may already have happened. Run it again? [y/N]")
        terminal.press(f"{answer}\n")

        assert terminal.wait() == code

    assert killed.executed() == runs


async def test_without_a_terminal_the_run_waits_and_names_what_for(killed: World, oe: Oe) -> None:
    resumed = oe("--log-format", "json", "resume", "latest", cwd=killed.folder)

    assert (resumed.code, resumed.lines[-1]["status"]) == (3, "waiting")
    cancelled = next(line for line in resumed.lines if line["msg"] == "node.cancelled")
    assert cancelled["reason"].endswith(
        "Check whether it did its work; then resume in a terminal and answer, "
        "or let it run again: --rerun pay, or `on_ambiguous: rerun`."
    )


async def test_naming_the_run_counts_as_confirmation(killed: World, oe: Oe) -> None:
    resumed = oe("resume", "latest", "--rerun", "pay", cwd=killed.folder)

    assert resumed.code == 0
    assert killed.executed() == ["pay"]
