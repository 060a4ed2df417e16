"""Records the golden logs anew: `python -m tests.golden.record`. For a new log version, into a folder of its own:
those of a version that was released stay as they are.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path

from engine.experience.load import load
from engine.log.storage.run_store import RunStore
from engine.runner.prepare import prepare_run
from engine.runner.session import carry_out
from tests.golden.golden import BLOBS, EXECUTED, GOLDEN, LOG, RUN_ID, Golden

_ARGS = {"chain": {"city": "Oslo"}}
_ANYWHERE = {"pid": 1, "host": "golden"}


def record(golden: Golden) -> None:
    """Run the experience elsewhere, and keep its log, without what tells of the machine."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / golden.name
        shutil.copytree(golden.folder, folder, ignore=shutil.ignore_patterns(LOG, BLOBS, "made.txt"))
        asyncio.run(carry_out(prepare_run(load(folder), _ARGS.get(golden.name, {})), RUN_ID, lambda _: None))
        store = RunStore(folder)
        lines = [json.loads(line) for line in store.log(RUN_ID).read_text(encoding="utf-8").splitlines()]
        lines[0] |= _ANYWHERE
        lines[0]["experience"]["path"] = "experience.yaml"
        if golden.name == "interrupted":
            lines = lines[: 1 + max(at for at, line in enumerate(lines) if line["type"] == "node.started")]
        texts = [json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines]
        (golden.folder / LOG).write_text("".join(texts), encoding="utf-8")
        shutil.rmtree(golden.folder / BLOBS, ignore_errors=True)
        if (store.data / BLOBS).exists():
            shutil.copytree(store.data / BLOBS, golden.folder / BLOBS)
        for made in ("made.txt",):
            if (folder / made).exists():
                shutil.copy(folder / made, golden.folder / made)
        (golden.folder / EXECUTED).unlink(missing_ok=True)


if __name__ == "__main__":
    for each in GOLDEN:
        record(each)
