"""A state machine of a person at work: edits, failures, crashes, deleted logs. The laws hold at every resume."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from engine.canonical import hash_value
from engine.log.events.events import RunStatus
from tests.laws.drafts import Draft
from tests.laws.edits import BROKEN, drafts, edit
from tests.laws.oracle import Place, Told, foretell
from tests.laws.promises import broken_promises
from tests.laws.world import Done, World


class Resuming(RuleBasedStateMachine):
    """`remembered` is, for each log that is there, the newest last, what those had received whose outcomes it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name))
        self.remembered: list[tuple[str, dict[Place, str]]] = []
        self.draft = Draft(())
        self.broken: frozenset[str] = frozenset()

    @initialize(draft=drafts(), broken=BROKEN)
    def begin(self, draft: Draft, broken: frozenset[str]) -> None:
        self.draft, self.broken = draft, broken
        done = asyncio.run(self.world.run(draft, broken))
        told = foretell(draft, broken, {})
        _require_as_told(done, told)
        self._remember(done, told)

    @rule(data=st.data())
    def work_and_resume(self, data: st.DataObject) -> None:
        """After edits, and whatever else happens, a resume does what it should and what its plan said."""
        for _ in range(data.draw(st.integers(0, 3))):
            self.draft = data.draw(edit(self.draft))
        self.broken = data.draw(BROKEN)
        if data.draw(st.integers(0, 3)) == 0:
            self._crash(data.draw(st.floats(0, 1)))
        if data.draw(st.integers(0, 3)) == 0:
            self._forget_the_older_logs()
        self._resume()

    @rule()
    def resume_once_all_is_mended(self) -> None:
        """It comes to what a fresh run would; and there is nothing left to do."""
        self.broken = frozenset()
        self._resume()
        fresh = asyncio.run(self.world.run(self.draft))
        self.world.store.log(fresh.ended.run_id).unlink()
        _, _, again = asyncio.run(self.world.resume(self.draft))
        told = foretell(self.draft, (), self._memory())
        self._remember(again, told)

        assert (again.ended.final_state, again.status) == (fresh.ended.final_state, fresh.status)
        if again.status is RunStatus.SUCCESS:
            assert [name for name in again.executed if self.draft.step(name[0]).cache] == []

    def teardown(self) -> None:
        self.folder.cleanup()

    def _resume(self) -> None:
        told = foretell(self.draft, self.broken, self._memory())
        planned, original, done = asyncio.run(self.world.resume(self.draft, self.broken))
        _require_as_told(done, told)
        promises = broken_promises(planned, original, done)
        assert not promises, promises
        self._remember(done, told)

    def _crash(self, part: float) -> None:
        """The newest run got only so far."""
        run_id, outcomes = self.remembered[-1]
        log = self.world.store.log(run_id)
        lines = log.read_bytes().splitlines(keepends=True)
        kept = lines[: 1 + round(part * (len(lines) - 1))]
        log.write_bytes(b"".join(kept))
        there = {_found_at(json.loads(line)) for line in kept}
        self.remembered[-1] = run_id, {place: got for place, got in outcomes.items() if _logged_at(place) in there}

    def _forget_the_older_logs(self) -> None:
        for run_id, _ in self.remembered[:-1]:
            self.world.store.log(run_id).unlink()
        del self.remembered[:-1]

    def _memory(self) -> dict[Place, set[str]]:
        memory: dict[Place, set[str]] = {}
        for _, outcomes in self.remembered:
            for place, got in outcomes.items():
                memory.setdefault(place, set()).add(got)
        return memory

    def _remember(self, done: Done, told: Told) -> None:
        self.world.newest = done.ended.run_id
        self.remembered.append((done.ended.run_id, told.outcomes))


def _require_as_told(done: Done, told: Told) -> None:
    status = RunStatus.FAILURE if told.failed else RunStatus.SUCCESS
    did = (done.executed, done.restored, set(done.skips), done.ended.final_state, done.status)
    assert did == (told.executed, told.restored, told.skipped, told.fields, status), f"{did} and not {told}"


def _found_at(line: dict[str, Any]) -> tuple[str, str | None] | None:
    """Where the outcome lies that a line of a log holds."""
    if "output" not in line:
        return None
    scope = line.get("scope")
    return line["nodeId"], scope[-1]["item"]["key"] if scope else None


def _logged_at(place: Place) -> tuple[str, str | None]:
    """The same of a place; the key of an item as docs/design.md, The run log, has it."""
    id_, item, ordinal = place
    return id_, None if item is None else f"{hash_value(item)[:16]}#{ordinal}"
