"""`oe validate` and the editor give the same problems for the same file: over valid, generated and broken files."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.cli.commands.validate import command
from engine.experience.load import read_text
from oe_lsp.ide.diagnostics import diagnostics
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.transport.uris import uri_of
from tests.support.generated import generate

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("experience.yaml"))
SECONDS = 30
_BREAKS = ("", "- ", "{{ x }}", ": ", "\t", "rwos", "$.nothing", "kind: tol", "[", "'", "impl: ./no.py")


class Editor:
    """Opens one document after another, as the server does."""

    def __init__(self) -> None:
        self._snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.documents = Documents()
        self.documents.subscribe(self._snapshots.put)

    async def problems(self, file: Path) -> list[dict[str, Any]]:
        uri = uri_of(file)
        self.documents.update(uri, 1, read_text(file))
        snapshot = await asyncio.wait_for(self._snapshots.get(), SECONDS)
        self.documents.close(uri)
        lines = snapshot.analysis.lines
        return [
            {
                "code": each.code,
                "severity": each.severity.value,
                "message": each.message,
                "line": lines.position(each.span.start).line + 1,
                "column": lines.position(each.span.start).column + 1,
                "endLine": lines.position(each.span.end).line + 1,
                "endColumn": lines.position(each.span.end).column + 1,
            }
            for each in diagnostics(snapshot.analysis.problems)
        ]


@pytest.fixture
async def editor() -> AsyncIterator[Editor]:
    editor = Editor()
    yield editor
    editor.documents.close_all()


def validated(file: Path) -> list[dict[str, Any]]:
    result = CliRunner().invoke(command, [str(file), "--format", "json"])
    problems: list[dict[str, Any]] = json.loads(result.stdout)
    return problems


def broken(file: Path, seed: int) -> Path:
    """The same file with one line replaced, or cut short, by something that does not belong there."""
    chance = random.Random(seed)
    lines = file.read_text(encoding="utf-8").splitlines()
    at = chance.randrange(len(lines))
    lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)] + chance.choice(_BREAKS)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("file", EXAMPLES, ids=[path.parent.name for path in EXAMPLES])
async def test_an_example_has_the_same_problems_everywhere(editor: Editor, file: Path) -> None:
    assert await editor.problems(file) == validated(file)


@pytest.mark.parametrize("seed", [0, 25, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(50, 500, 25))])
async def test_generated_and_broken_experiences_have_the_same_problems_everywhere(
    editor: Editor, seed: int, tmp_path: Path
) -> None:
    for each in range(seed, seed + 25):
        (folder := tmp_path / str(each)).mkdir()
        file = generate(each).write(folder)
        assert await editor.problems(file) == validated(file)
        assert await editor.problems(broken(file, each)) == validated(file)
