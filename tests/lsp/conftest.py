"""An experience on disk that real engines run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support.commands import OE, call

EXPERIENCE = """\
name: weather
version: 1.0.0
state:
  schema:
    readings: { type: array }
    warmest: { type: string }
    report: { type: string }
graph:
  nodes:
    - id: measure
      kind: tool
      impl: ./tools.py:measure
      writes: [readings]
    - id: compare
      kind: tool
      impl: ./tools.py:compare
      reads: [readings]
      writes: [warmest]
      uses: [stations.txt]
    - id: report
      kind: tool
      impl: ./tools.py:report
      reads: [warmest]
      writes: [report]
  edges:
    - { from: measure, to: compare }
    - { from: compare, to: report }
"""

TOOLS = '''\
"""Three tools; the second needs stations.txt, and waits for the pipe `gate` if there is one."""

from pathlib import Path

HERE = Path(__file__).parent


def measure(_):
    return {"state_delta": {"readings": [3, 7]}}


def compare(_):
    if (HERE / "gate").exists():
        (HERE / "gate").read_text()
    return {"state_delta": {"warmest": (HERE / "stations.txt").read_text()}}


def report(inputs):
    return {"state_delta": {"report": inputs["_state"]["warmest"].upper()}}
'''


class Weather:
    """An experience of three tools in a folder of its own. Its second node fails until `mend` is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "experience.yaml"
        self.file.write_text(EXPERIENCE)
        (folder / "tools.py").write_text(TOOLS)

    def mend(self) -> Weather:
        (self.folder / "stations.txt").write_text("Bern")
        return self

    def hold(self) -> Weather:
        """From now on the second node waits for `release`."""
        os.mkfifo(self.folder / "gate")
        return self

    def release(self) -> None:
        (self.folder / "gate").write_text("go")

    def log(self, run_id: str) -> Path:
        return self.folder / ".openexpertise" / "runs" / f"{run_id}.jsonl"

    def events(self, run_id: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log(run_id).read_text().splitlines()]

    def oe(self, *arguments: str) -> str:
        """Run `oe` in a terminal, to its end; the id of its run."""
        before = set(self.runs())
        done = call([*OE, *arguments], self.folder)
        made = set(self.runs()) - before
        assert len(made) == 1, done.err
        return made.pop()

    def runs(self) -> list[str]:
        return [log.stem for log in (self.folder / ".openexpertise" / "runs").glob("*.jsonl")]


@pytest.fixture
def weather(tmp_path: Path) -> Weather:
    return Weather(tmp_path)
