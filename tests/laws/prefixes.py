"""A run with nodes, a fan-out, a branch and a blob; and the expected end of resuming any prefix of its log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import UNSET

from engine.experience.load import load
from engine.expressions import Json
from engine.log.events.events import Output, RunStatus
from engine.log.storage.run_store import RunStore
from engine.nodes.kind import Work
from engine.runner.prepare import prepare_resume, prepare_run
from engine.runner.session import new_run_id
from tests.laws.in_process import Ended, carry_out
from tests.support.experiences import yaml_graph

CUT = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
EXPERIENCE = yaml_graph(
    """
    - {id: list, kind: tool, impl: tool.py, writes: [items]}
    - {id: each, kind: tool, impl: tool.py, writes: [found], for_each: {source: $.items, concurrency: 2}}
    - {id: large, kind: tool, impl: tool.py, reads: [found], writes: [text]}
    - {id: taken, kind: tool, impl: tool.py, writes: [n]}
    - {id: never, kind: tool, impl: tool.py}
    - {id: join, kind: tool, impl: tool.py, join: any, reads: [text, n], writes: [end]}
    """,
    """
    - {from: list, to: each}
    - {from: each, to: large}
    - {from: large, to: taken, when: length($.found) > 3}
    - {from: large, to: never, when: length($.found) > 9}
    - {from: taken, to: join}
    - {from: never, to: join}
    """,
    "items: {type: array}\nfound: {type: array, merge: array_append}\ntext: {type: string}\n"
    "n: {type: number}\nend: {type: string}",
)


@dataclass(slots=True)
class Beginnings:
    """The experience in `folder`, and what its nodes executed since the last look."""

    folder: Path
    executed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        (self.folder / "experience.yaml").write_text(EXPERIENCE)
        (self.folder / "tool.py").write_text("def run(given): ...\n")

    @property
    def store(self) -> RunStore:
        """Where the runs are."""
        return RunStore(self.folder)

    async def run(self) -> Ended:
        """The whole run."""
        return await carry_out(prepare_run(load(self.folder), {}), new_run_id(), self._behave)

    async def check(self, whole: Ended, cuts: Iterable[int]) -> None:
        """Each beginning of the log of `whole` that ends at one of `cuts` resumes to the same end; only what it does
        not hold is executed; and it stays as it was.
        """
        loaded = load(self.folder)
        log = self.store.log(whole.run_id).read_bytes()
        self.store.log(whole.run_id).unlink()
        everything, original = _completed(log), self.store.log(CUT)
        for cut in cuts:
            original.write_bytes(log[:cut])
            before = original.stat()
            self.executed.clear()

            resumed = await carry_out(prepare_resume(loaded, CUT), new_run_id(), self._behave)

            after = original.stat()
            assert resumed.finished.status is RunStatus.SUCCESS, f"cut at byte {cut}"
            assert resumed.final_state == whole.final_state, f"cut at byte {cut}"
            assert self.executed == everything - _completed(log[:cut]), f"cut at byte {cut}"
            assert original.read_bytes() == log[:cut]
            assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
            self.store.log(resumed.run_id).unlink()

    def _behave(self, work: Work) -> Output:
        item = work.item.value if work.item is not None else None
        self.executed[f"{work.node.id}:{item}" if item else work.node.id] += 1
        outputs: dict[str, dict[str, Json]] = {
            "list": {"items": ["a", "b", "a", "c"]},
            "each": {"found": [f"{item}{item}"]},
            "large": {"text": "".join(map(str, work.reads.get("found", []))) * 10_000},  # type: ignore[arg-type]
            "taken": {"n": 1},
            "never": {},
            "join": {"end": f"{len(str(work.reads.get('text')))} {work.reads.get('n')}"},
        }
        return Output(outputs[work.node.id], UNSET if item is None else item)


def _completed(log: bytes) -> Counter[str]:
    """The nodes and items whose outcome is in the whole lines of a log."""
    lines = [json.loads(line) for line in log.split(b"\n")[:-1]]
    ended = [line for line in lines if line["type"] == "node.completed" and "output" in line]
    return Counter(_name(line) for line in ended)


def _name(line: dict[str, Json]) -> str:
    output = line["output"]
    assert isinstance(output, dict)
    item = output.get("edgeOutput")
    return f"{line['nodeId']}:{item}" if item else str(line["nodeId"])
