"""The law of the state: whatever order runs are merged in, and by whichever process, it is as if they had been merged
one after the other as they ended; and that is what a rebuild gives.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.experience.model import Merge
from engine.expressions import MISSING, Json
from engine.state.contribution import Contribution, FieldContribution
from engine.state.store import Change, FieldValue, StateStore
from tests.support.examples import examples

TIMES = [f"2026-01-02T03:04:{second:02}.000Z" for second in range(60)]
NAMES = ("log", "once", "total")

fields = st.dictionaries(
    st.sampled_from(NAMES),
    st.builds(
        FieldContribution,
        value=st.lists(st.integers(0, 9), max_size=2),
        node_id=st.sampled_from("ab"),
        merge=st.sampled_from(Merge),
        carried=st.booleans(),
        start=st.just(MISSING) | st.lists(st.integers(0, 9), max_size=1),
    ),
)


@dataclass(frozen=True)
class Reset:
    field: str | None
    order: int


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Contribution], list[Contribution | Reset]]:
    """Runs, some of them resumes of others, some ending in the same millisecond; and an order in which they are merged,
    some of them twice, with resets in between. The clock goes forth and back; runs of an older oe have no order.
    """
    drawn = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), fields), max_size=6))
    places = draw(st.lists(st.integers(1, 20), min_size=len(drawn), max_size=len(drawn), unique=True))
    old = draw(st.integers(0, len(drawn)))
    runs = [
        Contribution(f"r{number}", f"root{root}", TIMES[second], of, ended_order=0 if number < old else place)
        for number, ((root, second, of), place) in enumerate(zip(drawn, places, strict=True))
    ]
    again = draw(st.lists(st.sampled_from(runs), max_size=2)) if runs else []
    resets = draw(st.lists(st.builds(Reset, st.none() | st.sampled_from(NAMES), st.integers(1, 20)), max_size=2))
    return runs, draw(st.permutations([*runs, *again, *resets]))


def everything(store: StateStore) -> tuple[dict[str, FieldValue], list[Change]]:
    return store.values(), store.history()


@examples(1 / 2)
@given(histories())
def test_any_order_of_merging_and_a_rebuild_give_what_merging_as_runs_ended_gives(
    drawn: tuple[list[Contribution], list[Contribution | Reset]],
) -> None:
    runs, order = drawn
    resets = [step for step in order if isinstance(step, Reset)]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as other:
        store, in_order = StateStore(Path(folder)), StateStore(Path(other))
        in_order.merge(Contribution("first", "first", "", {"x": FieldContribution(0, "n", Merge.LAST_WINS, False)}))
        store.merge(Contribution("first", "first", "", {"x": FieldContribution(0, "n", Merge.LAST_WINS, False)}))
        for step in order:
            store.reset(step.field, TIMES[0], step.order) if isinstance(step, Reset) else store.merge(step)
        for reset in resets:
            in_order.reset(reset.field, TIMES[0], reset.order)
        for run in sorted(runs, key=_place):
            in_order.merge(run)

        merged = everything(store)
        assert merged == everything(in_order)
        assert {name: of.value for name, of in merged[0].items() if name != "x"} == _by_definition(runs, resets)

        store.rebuild(reversed(runs))
        assert everything(store) == merged


def _place(run: Contribution) -> tuple[int, str, str]:
    return run.ended_order, run.ended_at, run.run_id


def _by_definition(runs: list[Contribution], resets: list[Reset]) -> dict[str, Json]:
    """The last run of each lineage, merged one after the other, without what was reset."""
    ordered = sorted(runs, key=_place)
    last_of = {run.root_run_id: run.run_id for run in ordered}
    state: dict[str, Json] = {}
    for run in ordered:
        for field, wrote in run.fields.items() if last_of[run.root_run_id] == run.run_id else ():
            forgotten = any(reset.field in (None, field) and run.ended_order < reset.order for reset in resets)
            value = MISSING if forgotten else wrote.after(state.get(field, MISSING))
            if value is not MISSING:
                state[field] = value
    return state


MERGE_ALL = """
import json, sys
from pathlib import Path
from engine.expressions import MISSING
from engine.experience.model import Merge
from engine.state.contribution import Contribution, FieldContribution
from engine.state.store import StateStore

store = StateStore(Path(sys.argv[1]))
runs = json.load(sys.stdin)
for run_id, root, ended_at, fields in runs:
    store.merge(Contribution(run_id, root, ended_at, {
        name: FieldContribution(value, node, Merge(merge), carried, MISSING if start is None else start)
        for name, (value, node, merge, carried, start) in fields.items()
    }))
    store.values()
"""


@examples(1 / 20)
@given(st.lists(st.tuples(st.integers(0, 5), fields.filter(bool)), min_size=24, max_size=36), st.randoms())
def test_processes_that_merge_side_by_side_leave_what_a_rebuild_gives(
    drawn: list[tuple[int, dict[str, FieldContribution]]], chance: object
) -> None:
    runs = [Contribution(f"r{number:02}", f"root{root}", TIMES[number], of) for number, (root, of) in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as folder:
        shares = [runs[share::3] for share in range(3)]
        for share in shares:
            chance.shuffle(share)  # type: ignore[attr-defined]
        processes = [_merging(Path(folder), share) for share in shares]
        codes = [process.wait(timeout=60) for process in processes]

        assert codes == [0, 0, 0]
        store = StateStore(Path(folder))
        merged = everything(store)
        assert {name: of.value for name, of in merged[0].items()} == _by_definition(runs, [])
        store.rebuild(runs)
        assert everything(store) == merged


def _merging(folder: Path, runs: list[Contribution]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", MERGE_ALL, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps([_as_json(run) for run in runs]).encode())
    process.stdin.close()
    return process


def _as_json(run: Contribution) -> list[object]:
    fields = {
        name: [of.value, of.node_id, of.merge.value, of.carried, None if of.start is MISSING else of.start]
        for name, of in run.fields.items()
    }
    return [run.run_id, run.root_run_id, run.ended_at, fields]
