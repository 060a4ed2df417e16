"""The laws of code: a logged outcome is that of the logged code, and a restored outcome that of the current code."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.cache.decisions.decision import Answer
from engine.experience.load import load
from engine.expressions import Json
from engine.log.events.events import NodeCompleted, Record
from engine.log.reading.reader import read_log
from engine.log.storage.run_store import RunStore
from engine.nodes.registry import kinds
from engine.runner.prepare import Preparation, make_plan, prepare_resume, prepare_run
from engine.runner.session import carry_out, new_run_id
from tests.laws.code_worlds import ALL_FILES, ARCHIVE, Story, digest

IN_PYTHON = """
import importlib.util, json, os, sys
sys.dont_write_bytecode = True
sys.path[:1] = []
sys.path += [os.path.abspath("tools"), os.getcwd()]
spec = importlib.util.spec_from_file_location("tool", sys.argv[1])
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)
print(json.dumps(tool.run({"edits": [], "undo": False})["edge_output"]))
"""
IN_NODE = """
import { pathToFileURL } from 'node:url';
const { default: tool } = await import(pathToFileURL(process.argv[1]));
console.log(JSON.stringify((await tool({ edits: [], undo: false })).edge_output));
"""

Code = Mapping[str, str]
"""Paths from the experience to the texts of the files there."""

_known: dict[tuple[str, frozenset[tuple[str, str]]], Json] = {}


def in_a_new_interpreter(tool: str, code: Code) -> Json:
    """What `tool` returns where there is nothing but `code`; None where it fails."""
    key = tool, frozenset(code.items())
    if key not in _known:
        _known[key] = _executed(tool, code)
    return _known[key]


def _executed(tool: str, code: Code) -> Json:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in code.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        command = [sys.executable, "-c", IN_PYTHON, tool]
        if not tool.endswith(".py"):
            command = ["node", "--input-type=module", "-e", IN_NODE, str(folder / tool)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def tell(story: Story) -> list[str]:
    """Run and resume a story; what breaks the law, in words."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        story.write(folder)
        return asyncio.run(_told(story, folder))


async def _told(story: Story, folder: Path) -> list[str]:
    records = await _carry_out(prepare_run(load(folder), {}), story, folder)
    return [*_not_as_logged(story, records), *_not_of_today(story, records, folder)]


async def _carry_out(preparation: Preparation, story: Story, folder: Path) -> tuple[Record, ...]:
    """Run it, with the edits that somebody makes when the log has so many lines."""
    lines = 0

    def observe(_: Record) -> None:
        nonlocal lines
        lines += 1
        for moment, edit in story.edits:
            if moment == lines:
                edit.make(folder)

    ended = await carry_out(preparation, new_run_id(), observe, concurrency=story.concurrency)
    return read_log(RunStore(folder).log(ended.run_id)).records


def _not_as_logged(story: Story, records: tuple[Record, ...]) -> Iterator[str]:
    for record in records:
        event = record.event
        if isinstance(event, NodeCompleted) and event.restorable and event.output is not None:
            code = _logged_code(event)
            expected = in_a_new_interpreter(story.tool_of(event.node_id), code)
            if event.output.edge_output != expected:
                yield f"{event.node_id}: {event.output.edge_output}, a new interpreter: {expected}, of {_shown(code)}"


def _not_of_today(story: Story, records: tuple[Record, ...], folder: Path) -> Iterator[str]:
    """What a resume would restore now, and a new interpreter does not return."""
    preparation = prepare_resume(load(folder), records[0].run_id)
    plan = make_plan(preparation, kinds(folder))
    restored = {entry.node_id for entry in plan.entries if entry.answer is Answer.RESTORED}
    today = {path: (folder / path).read_text() for path in ALL_FILES if (folder / path).is_file()}
    for record in records:
        event = record.event
        if isinstance(event, NodeCompleted) and event.node_id in restored and event.output is not None:
            expected = in_a_new_interpreter(story.tool_of(event.node_id), today)
            if event.output.edge_output != expected:
                yield f"{event.node_id} would be restored: {event.output.edge_output}, today: {expected}"


def _logged_code(event: NodeCompleted) -> Code:
    """The texts whose digests the log names."""
    named: dict[str, str] = {}
    for part, short in (event.input_parts or {}).items():
        kind, _, path = part.partition(" ")
        if kind in ("impl", "import"):
            named[path.removeprefix("./")] = short
    named.update(getattr(event, "loaded", None) or {})
    return {
        path: text
        for path, short in named.items()
        for (known, found), text in ARCHIVE.items()
        if known == path and found.startswith(short)
    }


def _shown(code: Code) -> dict[str, Any]:
    return {path: digest(text)[:6] for path, text in code.items()}
