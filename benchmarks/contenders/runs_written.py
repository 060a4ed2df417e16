"""Writes logs of runs, to be listed: `python runs_written.py FOLDER RUNS BYTES`, each of about so many bytes."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from engine.log.events.codec import encode
from engine.log.events.events import (
    Counts,
    Event,
    ExperienceRef,
    Record,
    RunFinished,
    RunStarted,
    RunStatus,
    RunWarning,
)
from engine.log.storage.run_store import RunStore


def main() -> None:
    """Write them and print how many bytes they are."""
    _, folder, runs, size = sys.argv
    store = RunStore(Path(folder))
    store.prepare()
    started = RunStarted(experience=ExperienceRef("bench", "1.0.0", "/bench/experience.yaml"), nodes=("a",))
    padding = [RunWarning(message="x" * 1_000)] * (int(size) // 1_000)
    finished = RunFinished(status=RunStatus.SUCCESS, counts=Counts(completed=1), duration_ms=1_234.5)
    for _ in range(int(runs)):
        run_id = str(uuid.uuid4())
        store.log(run_id).write_bytes(_log(run_id, [started, *padding, finished]))
    print(sum(path.stat().st_size for path in store.runs.iterdir()))


def _log(run_id: str, events: Sequence[Event]) -> bytes:
    moment = "2026-03-01T12:00:00.000Z"
    return b"".join(encode(Record(seq=seq, ts=moment, run_id=run_id, event=event)) for seq, event in enumerate(events))


if __name__ == "__main__":
    main()
