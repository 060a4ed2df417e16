"""What a person waits for while runs live in the text: from a click, an event or a keystroke to what the editor shows.

`make bench`, or `python benchmarks/editor.py [--turns N] [--json]`. Everything is measured as an editor sees it: a
refresh that the server asks for, then the hints that it answers with. Medians, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

from lsp_client import Client
from rounds import HERE, OURS

_WATCHED = HERE / "contenders" / "lsp_ours_timed.py"
_REFRESH = "workspace/inlayHint/refresh"
_NODES = 100
_ITEMS = 1_500
_RUNS = 50
_LARGE_LOG_BYTES = 50 * 1024 * 1024
_LONGEST_HOLD_MS = 20

_TOOLS = """\
import pathlib, time

HERE = pathlib.Path(__file__).parent


def work(given):
    return {}


def fails(given):
    if not (HERE / "mended").exists():
        raise RuntimeError("not mended yet")
    return {}


def slow(given):
    time.sleep(0.4)
    return {}


def item(given):
    time.sleep(0.01)
    return {"state_delta": {"seen": ["x" * given["size"]]}}
"""


@dataclass(frozen=True)
class Bar:
    """A median, and what it may be at most, in milliseconds."""

    name: str
    measured: float
    most: float

    def __str__(self) -> str:
        verdict = "met" if self.measured <= self.most else "MISSED"
        return f"  {self.name:<58}{self.measured:>8.1f} ms, at most {self.most:g}: {verdict}"


class Window:
    """An editor with one experience open."""

    def __init__(
        self, folder: Path, text: str, *, command: tuple[str | Path, ...] = (OURS, "-m", "oe_lsp.server")
    ) -> None:
        self.folder, self.text = folder, text
        self.uri = (folder / "experience.yaml").as_uri()
        self._versions = 0
        self.client = Client(command, folder, {"oe": {}})
        self.client.request("initialize", _introduction(folder))
        self.client.notify("initialized", {})
        self.open(self.uri, text)

    def open(self, uri: str, text: str) -> float:
        """Open a document; when that was."""
        self._versions += 1
        document = {"uri": uri, "languageId": "x", "version": self._versions, "text": text}
        return self.client.notify("textDocument/didOpen", {"textDocument": document})

    def type(self, uri: str, text: str) -> float:
        """Replace the text of a document; when that was."""
        self._versions += 1
        document = {"uri": uri, "version": self._versions}
        changes = [{"text": text}]
        return self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def edit(self) -> float:
        """Type a word into the experience; milliseconds to its diagnostics."""
        self.text = self.text.replace("description: A", "description: A plain", 1)
        told = self.type(self.uri, self.text)
        return (self.client.diagnostics_after(told, self._versions).at - told) * 1000

    def hints(self) -> list[str]:
        """The labels of all inlay hints."""
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 100_000, "character": 0}}
        params = {"textDocument": {"uri": self.uri}, "range": whole}
        return [hint["label"] for hint in self.client.request("textDocument/inlayHint", params).message["result"] or []]

    def when(self, holds: Callable[[list[str]], bool]) -> float:
        """When hints were shown that `holds` is true of: looks now, and after each refresh."""
        while True:
            asked = time.perf_counter()
            if holds(self.hints()):
                return time.perf_counter()
            self.client.asked_after(asked, _REFRESH)

    def execute(self, command: str, *arguments: Any) -> Any:
        """Carry out a command of the server; its result."""
        return self.client.request(
            "workspace/executeCommand", {"command": command, "arguments": list(arguments)}
        ).message["result"]

    def lens(self, title: str) -> Mapping[str, Any]:
        """The command of the first lens whose title begins so."""
        found = self.client.request("textDocument/codeLens", {"textDocument": {"uri": self.uri}}).message["result"]
        command: Mapping[str, Any] = next(
            lens["command"] for lens in found if lens["command"]["title"].startswith(title)
        )
        return command


def _introduction(folder: Path) -> dict[str, Any]:
    workspace = {"inlayHint": {"refreshSupport": True}, "codeLens": {"refreshSupport": True}}
    text = {"publishDiagnostics": {"versionSupport": True}, "inlayHint": {}}
    return {
        "processId": None,
        "workspaceFolders": [{"uri": folder.as_uri(), "name": "measured"}],
        "capabilities": {"workspace": workspace, "textDocument": text},
        "initializationOptions": {"trusted": True, "settings": {}},
    }


def _chain(folder: Path) -> str:
    """A chain of nodes of which the last but one fails; each names a file of its own."""
    nodes = "".join(
        f"    - {{ id: step_{number:03}, kind: tool, impl: './tools.py:{'fails' if number == _NODES - 2 else 'work'}', "
        f"uses: [notes/{number:03}.md] }}\n"
        for number in range(_NODES)
    )
    edges = "".join(f"    - {{ from: step_{n:03}, to: step_{n + 1:03} }}\n" for n in range(_NODES - 1))
    return _experience(folder, f"state:\n  schema: {{}}\ngraph:\n  nodes:\n{nodes}  edges:\n{edges}")


def _fan_out(folder: Path, items: int, size: int) -> str:
    """One node with many items, each of which writes a text of `size`, among others that do not matter."""
    state = "state:\n  schema:\n    seen: { type: array, merge: array_append }\n    list: { type: array, default: "
    text = f"{state}{list(range(items))} }}\n" + (
        "graph:\n  nodes:\n    - id: fan\n      kind: tool\n      impl: ./tools.py:item\n      reads: [list]\n"
        f"      writes: [seen]\n      args: {{ size: {size} }}\n"
        "      for_each: { source: $.list, concurrency: 2 }\n"
    )
    others = "".join(f"    - {{ id: step_{n:03}, kind: tool, impl: './tools.py:work' }}\n" for n in range(_NODES - 1))
    return _experience(folder, f"{text}{others}  edges: []\n")


def _slow_chain(folder: Path, nodes: int) -> str:
    """A chain of nodes that take nearly half a second each, and others that do not matter."""
    slow = "".join(f"    - {{ id: slow_{n:03}, kind: tool, impl: './tools.py:slow' }}\n" for n in range(nodes))
    others = "".join(
        f"    - {{ id: step_{n:03}, kind: tool, impl: './tools.py:work' }}\n" for n in range(_NODES - nodes)
    )
    chain = [f"slow_{n:03}" for n in range(nodes)] + [f"step_{n:03}" for n in range(_NODES - nodes)]
    edges = "".join(f"    - {{ from: {start}, to: {end} }}\n" for start, end in pairwise(chain))
    return _experience(folder, f"state:\n  schema: {{}}\ngraph:\n  nodes:\n{slow}{others}  edges:\n{edges}")


def _experience(folder: Path, rest: str) -> str:
    text = f"name: measured\nversion: 1.0.0\ndescription: A chain.\n{rest}"
    (folder / "experience.yaml").write_text(text, encoding="utf-8")
    (folder / "tools.py").write_text(_TOOLS, encoding="utf-8")
    (folder / "notes").mkdir(exist_ok=True)
    for number in range(_NODES):
        (folder / "notes" / f"{number:03}.md").write_text(f"Note {number}.\n", encoding="utf-8")
    return text


def _run(folder: Path) -> None:
    """Run the experience in a terminal. Raises SystemExit where no run was made."""
    done = subprocess.run((OURS, "-m", "oe_lsp.entry", "run"), cwd=folder, capture_output=True, text=True, check=False)
    if not (folder / ".openexpertise" / "runs").exists():
        raise SystemExit(done.stderr)


def _clicks(window: Window, turns: int) -> Iterator[float]:
    """From the click on the lens to the first restored node."""
    for _ in range(turns):
        window.execute("oe.showRun", window.uri, "latest")
        window.when(lambda hints: any(hint.startswith("✗") for hint in hints))
        lens = window.lens("▶ Resume run")
        clicked = time.perf_counter()
        window.execute(lens["command"], *lens["arguments"][:2])
        yield (
            window.when(lambda hints: any(hint.startswith("↺") for hint in hints) and len(hints) < _NODES) - clicked
        ) * 1000
        window.when(lambda hints: any(hint.startswith("✗") for hint in hints))


def _stale(window: Window, turns: int) -> Iterator[float]:
    """From typing in a file that a restored node names to its hint, and back."""
    note = window.folder / "notes" / "040.md"
    window.open(note.as_uri(), note.read_text(encoding="utf-8"))
    window.when(lambda hints: not any("≋ would" in hint for hint in hints))
    for turn in range(turns):
        is_stale = turn % 2 == 0
        text = f"Typed {turn}.\n" if is_stale else note.read_text(encoding="utf-8")
        typed = window.type(note.as_uri(), text)
        shown = window.when(lambda hints, is_stale=is_stale: any("≋ would" in hint for hint in hints) is is_stale)
        yield (shown - typed) * 1000


def _events(folder: Path, window: Window, turns: int) -> Iterator[float]:
    """From the end of a node to its hint: nodes that end one after another, by the times in the log."""
    run_id = window.execute("oe.runExperience", window.uri)["runId"]
    shown = {}
    for turn in range(turns):
        window.when(lambda hints, turn=turn: sum(hint.startswith("✓") for hint in hints) > turn)
        shown[f"slow_{turn:03}"] = time.time()
    log = folder / ".openexpertise" / "runs" / f"{run_id}.jsonl"
    for event in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
        if event["type"] == "node.completed" and event["nodeId"] in shown:
            written = datetime.fromisoformat(event["ts"].replace("Z", "+00:00")).timestamp()
            yield (shown[event["nodeId"]] - written) * 1000


def _busy_edits(window: Window, turns: int) -> tuple[list[float], list[float]]:
    """Edits to diagnostics while nothing runs, and while a run writes over a hundred events a second."""
    calm = [window.edit() for _ in range(turns)]
    (window.folder / "experience.yaml").write_text(window.text, encoding="utf-8")
    run_id = window.execute("oe.runExperience", window.uri)["runId"]
    window.when(lambda hints: any(hint.startswith("⟳") for hint in hints))
    busy = []
    for _ in range(turns):
        busy.append(window.edit())
        time.sleep(0.1)
    window.execute("oe.cancelRun", window.uri, run_id)
    return calm, busy


def _crowd(folder: Path) -> None:
    """Fifty runs, the newest with a log of 50 MB."""
    _run(folder)
    (log,) = (folder / ".openexpertise" / "runs").glob("*.jsonl")
    content = log.read_text(encoding="utf-8")
    for _ in range(_RUNS - 1):
        other = str(uuid4())
        (log.parent / f"{other}.jsonl").write_text(content.replace(log.stem, other), encoding="utf-8")
    (folder / "experience.yaml").write_text(
        (folder / "experience.yaml").read_text(encoding="utf-8").replace("size: 1 }", "size: 60000 }"), encoding="utf-8"
    )
    _run(folder)


def _crowded(folder: Path) -> tuple[Mapping[str, tuple[float, float]], int]:
    """What held the loop of the server longest with many and long logs, one of which is cut and deleted while shown."""
    _fan_out(folder, 900, 1)
    _crowd(folder)
    text = (folder / "experience.yaml").read_text(encoding="utf-8")
    logs = sorted((folder / ".openexpertise" / "runs").glob("*.jsonl"), key=lambda log: log.stat().st_size)
    window = Window(folder, text, command=(OURS, _WATCHED))
    try:
        window.when(lambda hints: any(hint.startswith(("✓", "↺")) for hint in hints))
        window.edit()
        size = logs[-1].stat().st_size
        with logs[-1].open("r+b") as file:
            file.truncate(size // 2)
        window.edit()
        logs[-1].unlink()
        window.when(lambda hints: any(hint.startswith(("✓", "↺")) for hint in hints))
        window.edit()
        window.client.stop()
        held: Mapping[str, tuple[float, float]] = json.loads(window.client.errors.decode().splitlines()[-1])
    finally:
        window.client.kill()
    return held, size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=20, help="how often each is measured; the median counts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    bars = list(_bars(options.turns))
    with tempfile.TemporaryDirectory() as folder:
        held, size = _crowded(Path(folder))
    longest = max(total for total, _ in held.values())
    bars.append(Bar(f"loop held, {_RUNS} runs and a log of {size / 1024 / 1024:.0f} MB", longest, _LONGEST_HOLD_MS))
    if options.json:
        print(json.dumps({bar.name: round(bar.measured, 1) for bar in bars}))
    else:
        print(f"{_NODES} nodes, medians of {options.turns}\n\n" + "\n".join(map(str, bars)))
        print(
            "\n".join(
                f"    {total:>6.1f} ms, of which own work {own:>6.1f}  {name}" for name, (total, own) in held.items()
            )
        )


def _bars(turns: int) -> Iterator[Bar]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = _chain(folder)
        _run(folder)
        window = Window(folder, text)
        try:
            yield Bar("click on the lens to the first restored node", statistics.median(_clicks(window, turns)), 400)
            yield Bar(
                "edit of a file that a node names to the stale hint", statistics.median(_stale(window, turns)), 300
            )
            window.client.stop()
        finally:
            window.client.kill()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window = Window(folder, _slow_chain(folder, turns))
        try:
            yield Bar("event in the log to the hint", statistics.median(_events(folder, window, turns)), 150)
            window.client.stop()
        finally:
            window.client.kill()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window = Window(folder, _fan_out(folder, _ITEMS, 1))
        try:
            calm, busy = _busy_edits(window, turns)
            name_of = "edit to diagnostics while a run writes 100 events a second"
            yield Bar(f"{name_of} ({statistics.median(calm):.1f} calm)", statistics.median(busy), 25)
            window.client.stop()
        finally:
            window.client.kill()


if __name__ == "__main__":
    sys.exit(main())
