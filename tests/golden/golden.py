"""Where the golden logs lie, and how one becomes a run of its experience again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.log.storage.run_store import RunStore

HERE = Path(__file__).parent
VERSION = HERE / "v1"
RUN_ID = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
LOG, BLOBS = "run.jsonl", "blobs"
EXECUTED = "executed.txt"


@dataclass(frozen=True, slots=True)
class Golden:
    """One recorded run: its folder, what a resume has to run once all is `ready`, and the state that it comes to."""

    name: str
    runs: tuple[str, ...]
    final_state: dict[str, object]

    @property
    def folder(self) -> Path:
        """The experience, with its log beside it."""
        return VERSION / self.name

    def copied(self, to: Path) -> Path:
        """A copy of the experience, with its run where runs lie, and everything ready."""
        folder = to / self.name
        shutil.copytree(self.folder, folder)
        store = RunStore(folder)
        store.prepare()
        (folder / LOG).rename(store.log(RUN_ID))
        if (folder / BLOBS).exists():
            shutil.copytree(folder / BLOBS, store.data / BLOBS, dirs_exist_ok=True)
        for home in (folder, folder / "child"):
            if home.exists():
                (home / "ready").touch()
        return folder


GOLDEN = (
    Golden(
        "chain",
        ("third",),
        {
            "city": "Oslo",
            "words": ["Oslo", 1, 2.5, None, True, {"from": "ü"}],
            "large": "0123456789" * 8000,
            "length": 80_006,
        },
    ),
    Golden(
        "fan-out",
        ("each:3", "total"),
        {"items": [{"n": 1}, {"n": 2}, {"n": 2}, {"n": 3}, {"n": 4}], "found": [10, 20, 20, 30, 40], "sum": 120},
    ),
    Golden("pipeline", ("store:2",), {"rows": [1, 2, 3], "found": [2, 4, 6]}),
    Golden("loop", ("grow:2", "grow:3"), {"text": "abbbb"}),
    Golden("nested", ("polish:about y",), {"topics": ["x", "y"], "text": "About Y"}),
    Golden("interrupted", ("stop",), {"x": 1, "y": 2}),
)
