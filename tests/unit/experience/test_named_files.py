"""Files that an experience names: missing, unusable, outside its folder, or without the function."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.problems import Severity

HEAD = "name: x\nversion: 1.0.0\nstate: {schema: {rows: {type: array}, title: {type: string}}}\n"
TOOL = "def run(given): ...\nif given:\n    other = 1\nelse:\n    from os import path as third\n"
TYPED = (
    "import type { Given } from './given.ts';\ninterface Made { edge_output: string }\n"
    "export default async function run(given: Given): Promise<Made> { return { edge_output: '' }; }\n"
    "export const other = <T,>(given: T): T => given;\n"
)
MODULE = "export default async (given) => ({});\nexport function other() {}\nexport { a as third };\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "tools/a.py": TOOL,
        "tools/a.mjs": MODULE,
        "tools/star.py": "from somewhere import *\n",
        "tools/newer.py": "def run(given) -> int | : match\n",
        "tools/common.js": "module.exports = { anything: 1 };\n",
        "tools/common.cjs": "module.exports = async () => ({});\n",
        "tools/compiled.js": 'Object.defineProperty(exports, "__esModule", { value: true });\nexports.default = run;\n',
        "tools/typed.ts": TYPED,
        "tools/typed.mts": TYPED,
        "tools/typed.cts": "const run = (given: object) => ({});\nexports.default = run;\n",
        "prompts/ask.md": "First line.\nSee {{titel}}.\n",
        "skills/good/SKILL.md": "Do it.\n",
        "skills/empty/README.md": "Nothing.\n",
        "schemas/ok.json": '{"properties": {"titel": {"type": "string"}}, "additionalProperties": false}',
        "schemas/broken.json": "{",
        "schemas/deep.json": "[" * 100_000,
        "data/rows.csv": "a\n1\n",
        "inner/a.py": TOOL,
        "inner/experience.yaml": HEAD + "args: {required: [topic]}\n"
        "graph: {nodes: [{id: a, kind: tool, impl: a.py, writes: [rows]}], edges: []}\n",
    }
    for name, text in files.items():
        (tmp_path / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "home" / name).write_text(text)
    (tmp_path / "elsewhere.py").write_text(TOOL)
    (tmp_path / "home" / "tools" / "link.py").symlink_to(tmp_path / "elsewhere.py")
    return tmp_path / "home"


def look(folder: Path, node: str, more: str = "", edges: str = "") -> Analysis:
    text = f"{HEAD}graph:\n  nodes:\n    - {{id: a, {node}}}\n{more}  edges: [{edges}]\n"
    return analyse(text, files=DiskFiles(folder))


def found(analysis: Analysis) -> list[tuple[str, str, str]]:
    """Code, severity and marked text of each warning and error."""
    loud = [each for each in analysis.problems if each.severity in (Severity.ERROR, Severity.WARNING)]
    text = analysis.text
    return [(each.code.value, each.severity.value, text[each.span.start : each.span.end]) for each in loud]


@pytest.mark.parametrize(
    ("node", "code", "severity", "marked", "words"),
    [
        ("kind: tool, impl: ./tools/b.py", "OE601", "error", "./tools/b.py", "did you mean `tools/a.py`?"),
        ("kind: tool, impl: ./nowhere/b.py", "OE601", "error", "./nowhere/b.py", "create it or correct `impl`"),
        ("kind: tool, impl: ./tools", "OE605", "error", "./tools", "`.py`"),
        ("kind: tool, impl: ./tools/a.py:rnu", "OE602", "error", "./tools/a.py:rnu", "did you mean `run`?"),
        ("kind: tool, impl: ./tools/a.mjs:othr", "OE602", "error", "./tools/a.mjs:othr", "did you mean `other`?"),
        ("kind: tool, impl: ./tools/link.py", "OE603", "warning", "./tools/link.py", "outside"),
        ("kind: tool, impl: ./tools/a.py, uses: ['data/*', ../more/*.csv]", "OE603", "warning", "../more/*.csv",
         "a resume ignores changes there"),
        ("kind: tool, impl: ./tools/a.py, uses: [data/../rows.csv]", "OE603", "warning", "data/../rows.csv", "without"),
        ("kind: tool, impl: ./tools/a.py, produces: [/tmp/out.pdf]", "OE603", "warning", "/tmp/out.pdf",
         "the node runs again in every resume"),
        ("kind: tool, impl: ./tools/a.py, uses: ['data/*', './tools/link.py']", "OE603", "warning", "'./tools/link.py'",
         "a link out of the experience's folder"),
        ("kind: agent, prompt: prompts/aks.md, writes: [title]", "OE601", "error", "prompts/aks.md", "prompts/ask.md"),
        ("kind: agent, prompt: prompts/ask.md, writes: [title]", "OE507", "warning", "prompts/ask.md", "line 2"),
        ("kind: skill, impl: ./skills/none, writes: [title]", "OE601", "error", "./skills/none", "create it"),
        ("kind: skill, impl: ./skills/empty, writes: [title]", "OE601", "error", "./skills/empty", "SKILL.md"),
        ("kind: skill, impl: ./skills/good/SKILL.md, writes: [title]", "OE605", "error", "./skills/good/SKILL.md",
         "`./skills/good`"),
        ("kind: tool, impl: ./tools/typed.mts:othr", "OE602", "error", "./tools/typed.mts:othr",
         "did you mean `other`?"),
        ("kind: tool, impl: ./tools/a.coffee", "OE605", "error", "./tools/a.coffee", "`.mjs`, `.js`, `.cjs`, `.ts`"),
        ("kind: agent, prompt: x, schema: schemas/no.json, writes: [title]", "OE601", "error", "schemas/no.json", ""),
        ("kind: agent, prompt: x, schema: schemas/broken.json, writes: [title]", "OE605", "error",
         "schemas/broken.json", "not JSON"),
        ("kind: agent, prompt: x, schema: schemas/deep.json, writes: [title]", "OE605", "error",
         "schemas/deep.json", "nested too deeply"),
        ("kind: agent, prompt: x, schema: schemas/ok.json, writes: [title]", "OE408", "warning", "title",
         "did you mean `titel`?"),
        ("kind: dataset, source: {type: file, uri: data/row.csv}, writes: [rows]", "OE601", "warning", "data/row.csv",
         "data/rows.csv"),
        ("kind: experience, impl: ./innner/experience.yaml", "OE601", "warning", "./innner/experience.yaml", ""),
        ("kind: experience, impl: ./inner, args: {topic: x}, outputs: {rows: row}, writes: [rows]", "OE408", "warning",
         "row", "did you mean `rows`?"),
        ("kind: experience, impl: ./inner/experience.yaml, writes: [rows]", "OE201", "warning", "impl", "`topic`"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_the_node_needs_is_marked(
    folder: Path, node: str, code: str, severity: str, marked: str, words: str
) -> None:
    analysis = look(folder, node)

    assert found(analysis) == [(code, severity, marked)]
    assert any(each.code.value == code and words in each.message for each in analysis.problems)


@pytest.mark.parametrize(
    "node",
    [
        "kind: tool, impl: ./tools/a.py",
        "kind: tool, impl: ./tools/a.py:other",
        "kind: tool, impl: ./tools/a.py:third",
        "kind: tool, impl: ./tools/a.mjs",
        "kind: tool, impl: ./tools/a.mjs:third",
        "kind: tool, impl: ./tools/star.py:anything",
        "kind: tool, impl: ./tools/newer.py",
        "kind: tool, impl: ./tools/common.js:whatever",
        "kind: tool, impl: ./tools/common.cjs",
        "kind: tool, impl: ./tools/compiled.js",
        "kind: tool, impl: ./tools/typed.ts",
        "kind: tool, impl: ./tools/typed.mts:other",
        "kind: tool, impl: ./tools/typed.cts",
        "kind: tool, impl: ./tools/a.py, uses: [data, './data/*.csv', 'data/a..b', '**'], produces: [out/*.pdf]",
        "kind: skill, impl: ./skills/good, writes: [title]",
        "kind: dataset, source: {type: file, uri: data/rows.csv}, writes: [rows]",
        "kind: dataset, source: {type: file, uri: $args.file}, writes: [rows]",
        "kind: experience, impl: ./inner, args: {topic: x}, writes: [rows]",
        "kind: agent, prompt: 'A prompt, of course', writes: [title]",
    ],
)
def test_usable_files_and_unknowable_ones_are_not_reported(folder: Path, node: str) -> None:
    assert found(look(folder, node)) == []


def test_data_that_an_earlier_node_may_make_is_not_reported(folder: Path) -> None:
    rows = "    - {id: b, kind: dataset, source: {type: file, uri: out/rows.csv}, writes: [rows]}\n"

    assert found(look(folder, "kind: tool, impl: ./tools/a.py", rows, "{from: a, to: b}")) == []


def test_without_a_disk_no_files_are_reported() -> None:
    text = f"{HEAD}graph: {{nodes: [{{id: a, kind: tool, impl: ./nowhere.py}}], edges: []}}\n"

    assert found(analyse(text)) == []


def test_a_new_view_sees_what_changed_and_an_old_one_does_not(folder: Path) -> None:
    node = "kind: tool, impl: ./tools/b.py"
    text = look(folder, node).text
    old = DiskFiles(folder)
    before = analyse(text, files=old)
    (folder / "tools" / "b.py").write_text(TOOL)

    same = analyse(text + "\n", before, old)
    new = analyse(text + "\n", before, old.again())

    assert [each[0] for each in found(same)] == ["OE601"]
    assert found(new) == []


def test_a_shared_state_counts_what_the_nested_experience_reads_and_writes(folder: Path) -> None:
    (folder / "inner" / "experience.yaml").write_text(
        HEAD + "graph: {nodes: [{id: a, kind: tool, impl: a.py, reads: [title], writes: [rows]}], edges: []}\n"
    )
    shared = "kind: experience, impl: ./inner, state_scope: shared"
    reader = "    - {id: b, kind: tool, impl: ./tools/a.py, reads: [rows]}\n"

    analysis = look(folder, shared, reader, "{from: a, to: b}")

    assert [(each.code.value, each.data.get("field")) for each in analysis.problems] == [("OE404", "title")]
