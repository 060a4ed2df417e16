"""A log may be cut off anywhere: each prefix of it can be resumed, and nothing in it runs again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experience.load import load
from engine.runner.prepare import RunRefusedError, prepare_resume
from tests.laws.prefixes import CUT, Beginnings
from tests.support.commands import OE, call


@pytest.fixture
def beginnings(tmp_path: Path) -> Beginnings:
    return Beginnings(tmp_path)


async def test_what_is_cut_off_around_the_end_of_a_line_resumes_to_the_same_end(beginnings: Beginnings) -> None:
    whole = await beginnings.run()
    log = beginnings.store.log(whole.run_id).read_bytes()
    assert b'{"$blob":' in log
    ends = [at + 1 for at, byte in enumerate(log) if byte == ord("\n")]
    near = {cut for end in ends for cut in range(end - 2, end + 3) if ends[0] <= cut <= len(log)}

    await beginnings.check(whole, sorted(near))


@pytest.mark.long
async def test_every_beginning_of_a_log_resumes_to_the_same_end(beginnings: Beginnings) -> None:
    whole = await beginnings.run()
    log = beginnings.store.log(whole.run_id).read_bytes()

    await beginnings.check(whole, range(log.index(b"\n") + 1, len(log) + 1))


async def test_before_the_end_of_its_first_line_a_log_is_refused(beginnings: Beginnings) -> None:
    whole = await beginnings.run()
    log = beginnings.store.log(whole.run_id).read_bytes()
    loaded = load(beginnings.folder)
    for cut in range(log.index(b"\n") + 1):
        beginnings.store.log(CUT).write_bytes(log[:cut])
        with pytest.raises(RunRefusedError, match=r"run\.started"):
            prepare_resume(loaded, CUT)

    refused = call([*OE, "resume", CUT], beginnings.folder)

    assert (refused.code, sorted(beginnings.store.run_ids())) == (1, sorted({CUT, whole.run_id}))
