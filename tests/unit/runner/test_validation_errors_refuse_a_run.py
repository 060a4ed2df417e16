"""The law of severities: a run is refused exactly when validation finds an error (docs/format.md, Severities)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cache.keys.fingerprint_store import recall
from engine.cache.keys.input_parts import InputHashers
from engine.cache.keys.sources import new_sources
from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.load import InvalidExperienceError, load
from engine.nodes.registry import kinds
from engine.runner.prepare import RunRefusedError, prepare_run
from engine.scheduler.scheduler import Scheduler

PAGES = sorted((Path(__file__).parents[3] / "docs" / "diagnostics").glob("OE*.md"))
MARKED = sorted((Path(__file__).parents[1] / "experience").glob("test_*.py"))
_BLOCK = re.compile(r"^```yaml\n(name:.*?)^```$", re.MULTILINE | re.DOTALL)
_TEXT = re.compile(r'"""(name: .*?)"""', re.DOTALL)
_MARKER = re.compile(r"^[ #]*\^+ (?:error|warning|information|hint) OE\d{3}.*\n", re.MULTILINE)

FILES = {
    "tools/work.py": "def run(given): ...\n",
    "tools/fetch.py": "def run(given): ...\n",
    "prompts/ask.md": "Say {{title}}.",
    "skills/good/SKILL.md": "Be good.",
    "schemas/answer.json": '{"type": "object"}',
    "rows.csv": "a\n1\n",
    "inner/experience.yaml": "name: inner\nversion: 1.0.0\nstate: {schema: {rows: {type: array}}}\n"
    "graph: {nodes: [{id: a, kind: tool, impl: ../tools/work.py, writes: [rows]}], edges: []}\n",
    "broken/experience.yaml": "name: [",
    "folder/x": "",
}

WHOLE: dict[str, Any] = {
    "name": "whole",
    "version": "1.0.0",
    "description": "All that can be written.",
    "phases": [{"id": "one", "title": "One"}],
    "runtime": {"concurrency": 2, "limits": {"requests_per_minute": 60}},
    "state": {
        "store": "x.sqlite",
        "schema": {
            "rows": {"type": "array", "merge": "array_append", "default": [],
                     "items": {"$ref": "./schemas/answer.json"}},
            "title": {"type": "string", "description": "A title."},
            "score": {"type": "number"},
        },
    },
    "graph": {
        "nodes": [
            {"id": "load", "kind": "dataset", "writes": ["rows"],
             "source": {"type": "file", "uri": "rows.csv", "format": "csv"}},
            {"id": "query", "kind": "dataset", "writes": ["rows"],
             "source": {"type": "sqlite", "uri": "x.db", "query": "SELECT 1"}},
            {"id": "get", "kind": "dataset", "writes": ["rows"],
             "source": {"type": "http", "url": "https://example.org/x", "method": "GET", "headers": {"a": "b"}}},
            {"id": "resource", "kind": "dataset", "writes": ["rows"],
             "source": {"type": "mcp-resource", "server": "s", "uri": "u"}},
            {"id": "work", "kind": "tool", "impl": "./tools/work.py:run", "reads": ["rows"], "writes": ["title"],
             "args": {"n": 1, "all": "$.rows"}, "for_each": {"source": "$.rows", "concurrency": 2, "max_items": 9},
             "on_error": {"policy": "retry", "attempts": 2, "backoff": "linear", "base_ms": 10}, "phase": "one",
             "uses": ["tools"], "produces": ["out"], "env": ["HOME"], "join": "any", "timeout_ms": 1000, "cache": True},
            {"id": "ask", "kind": "agent", "prompt": "./prompts/ask.md", "reads": ["title"], "writes": ["title"],
             "schema": {"type": "object"}, "model": "m", "temperature": 0, "max_tokens": 10, "system": "Be short."},
            {"id": "skilled", "kind": "skill", "impl": "./skills/good", "writes": ["title"], "inputs": {"a": 1}},
            {"id": "code", "kind": "cli-agent", "provider": "codex", "prompt": "Do it.", "writes": ["title"],
             "args": {}, "workdir": "./folder", "output_format": "json", "schema": "./schemas/answer.json",
             "extra_args": ["-v"]},
            {"id": "nested", "kind": "experience", "impl": "./inner", "writes": ["rows"], "args": {"a": 1},
             "state_scope": "isolated", "outputs": {"title": "$.rows"}},
            {"id": "stage", "kind": "tool", "impl": "./tools/fetch.py"},
            {"id": "body", "kind": "tool", "impl": "./tools/fetch.py", "writes": ["score"]},
        ],
        "edges": [{"from": "load", "to": "ask", "when": "length($.rows) > 0"}, {"from": "ask", "to": "code"}],
        "pipelines": [{"id": "lines", "items": "$.rows", "stages": ["stage"], "phase": "one"}],
        "loops": [{"id": "again", "body": "body", "until": "$.score > 3", "max_iters": 3, "budget": 0}],
    },
}  # fmt: skip


def places(value: Any, steps: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield steps
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in members:
        yield from places(member, (*steps, step))


ODD: tuple[Any, ...] = (
    None, "", False, 0, 2.0, 1e400, "5", [], [None], {}, "$.nowhere", "rows", "./nowhere.md", "./broken",
    "./inner", "é",
)  # fmt: skip
PLACES = [steps for steps in places(WHOLE) if steps]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def agrees(folder: Path, text: str) -> Analysis:
    """Check the law for one text: what both say of it, without the args of a run, which are not the text's."""
    (folder / "experience.yaml").write_text(text, encoding="utf-8")
    analysis = analyse(text, files=DiskFiles(folder))
    refused = why_a_run_is_refused(folder)
    assert (refused is None) == (analysis.experience is not None and not analysis.errors), f"{refused}\n{text}"
    return analysis


def why_a_run_is_refused(folder: Path) -> str | None:
    """All that `oe run` does before the first node begins."""
    try:
        preparation = prepare_run(load(folder), {})
    except InvalidExperienceError as error:
        return str(error)
    except RunRefusedError as error:
        assert "run args do not fit" in str(error)
        return None
    hashers = InputHashers(kinds(folder), preparation.composition, new_sources(recall(preparation.store.data)))
    assert hashers.files() is not None
    assert Scheduler(preparation.composition, preparation.args, preparation.start).begin()
    return None


def texts() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for number, text in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8"))):
            yield f"{page.stem}, {number}", text
    for file in MARKED:
        for number, text in enumerate(_TEXT.findall(file.read_text(encoding="utf-8"))):
            yield f"{file.stem}, {number}", _MARKER.sub("", text)


TEXTS = dict(texts())
assert TEXTS.keys() & {f"{file.stem}, 0" for file in MARKED}, "the marked texts are found"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_with_a_mistake_is_refused_where_that_is_an_error_and_starts_where_it_is_not(
    folder: Path, text: str
) -> None:
    agrees(folder, text)


def with_value(steps: tuple[str | int, ...], odd: Any) -> str:
    whole = json.loads(json.dumps(WHOLE))
    inner = whole
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = odd
    return json.dumps(whole, ensure_ascii=False).replace("Infinity", ".inf")


def without(steps: tuple[str | int, ...]) -> str:
    whole = json.loads(json.dumps(WHOLE))
    inner = whole
    for step in steps[:-1]:
        inner = inner[step]
    del inner[steps[-1]]
    return json.dumps(whole)


def test_an_experience_with_all_that_can_be_written_starts(folder: Path) -> None:
    assert agrees(folder, json.dumps(WHOLE)).errors == ()


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=pytest.mark.long if number % 9 else (), id=".".join(map(str, place)))
        for number, place in enumerate(PLACES)
    ],
)
def test_a_run_is_refused_exactly_where_validation_finds_an_error(folder: Path, number: int) -> None:
    agrees(folder, without(PLACES[number]))
    for odd in ODD[number % 4 :: 4]:
        agrees(folder, with_value(PLACES[number], odd))


@pytest.mark.long
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_every_value_in_every_place_is_refused_exactly_where_it_is_an_error(folder: Path, odd: Any) -> None:
    for steps in PLACES:
        agrees(folder, with_value(steps, odd))
