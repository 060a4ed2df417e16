"""A node that names a pipe, a device or a loop of links fails in words; nothing waits for it or reads it for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experience.analyse import analyse
from engine.experience.files.disk import DiskFiles
from engine.log.events.events import NodeFailed
from tests.hostile.test_logs_of_strangers import make
from tests.support.worlds import World

NODES = {
    "a tool": ("a.py", "{id: a, kind: tool, impl: a.py}"),
    "a prompt": ("a.md", "{id: a, kind: agent, prompt: a.md, writes: [x]}"),
    "a schema": ("a.json", "{id: a, kind: agent, prompt: Say it., schema: a.json, writes: [x]}"),
    "a skill": ("a/SKILL.md", "{id: a, kind: skill, impl: ./a, writes: [x]}"),
    "rows": ("a.csv", "{id: a, kind: dataset, source: {type: file, uri: a.csv}, writes: [x]}"),
}


@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
@pytest.mark.parametrize("what", NODES)
async def test_the_node_fails_and_says_which_file(tmp_path: Path, what: str, kind: str) -> None:
    world = World(tmp_path)
    name, node = NODES[what]
    world.graph(f"- {node}", state="x: {}")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    make(kind, tmp_path / name)

    analyse((tmp_path / "experience.yaml").read_text(), files=DiskFiles(tmp_path))
    ended = await world.run()

    [failed] = [record.event for record in world.records(ended.run_id) if isinstance(record.event, NodeFailed)]
    assert name in failed.error.message
    assert failed.error.type != "internal"
