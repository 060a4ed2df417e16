"""Definitions in files that an experience names, and references in its prompt files."""

from __future__ import annotations

import pytest

from engine.experience.files.port import NO_FILES
from oe_lsp.ide.document.tool_functions import function_span
from oe_lsp.ide.document_links import links
from oe_lsp.ide.navigation import definitions, references
from oe_lsp.ide.rename import Refusal, Rename, apply_edits, rename
from tests.unit.ide.marked import FOLDER, Folder, at_cursor, snapshot

TOOLS = "import os\n\n\ndef run(given):\n    return {}\n\n\nasync def fetch(given):\n    return {}\n"


FILES = Folder(
    texts={
        "tools/a.py": TOOLS,
        "prompts/review.md": "Review {{ rows }}, as {{ tone }} as {{$args.topic}}.\n{{ rows }}",
        "schemas/verdict.json": "{}",
        "data/rows.csv": "a,b",
        "skills/triage/SKILL.md": "# Triage",
        "inner/experience.yaml": "name: inner",
    }
)
NODE = "graph:\n  nodes:\n    - id: a\n      kind: {kind}\n      {value}\n"


@pytest.mark.parametrize(
    ("kind", "value", "path", "shown"),
    [
        ("tool", "impl: ./tools/$0a.py", "tools/a.py", "run"),
        ("tool", "impl: ./tools/a.py:fe$0tch", "tools/a.py", "fetch"),
        ("tool", "impl: tools/a.py:ab$0sent", "tools/a.py", ""),
        ("agent", "prompt: ./prompts/re$0view.md", "prompts/review.md", ""),
        ("agent", "schema: 'sch$0emas/verdict.json'", "schemas/verdict.json", ""),
        ("skill", "impl: ./skills/tri$0age", "skills/triage/SKILL.md", ""),
        ("experience", "impl: ./in$0ner", "inner/experience.yaml", ""),
        ("experience", "impl: ./inner/exp$0erience.yaml", "inner/experience.yaml", ""),
        ("dataset", "source: { type: file, uri: ./data/$0rows.csv }", "data/rows.csv", ""),
    ],
)
def test_a_path_leads_to_its_file_and_a_tool_to_its_function(kind: str, value: str, path: str, shown: str) -> None:
    shot, offset = at_cursor(NODE.format(kind=kind, value=value))

    (target,) = definitions(shot, offset, FILES)

    assert target.file is not None
    assert target.file.path == path
    assert target.file.text[target.name.start : target.name.end] == shown


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("args: { to$0pic: x }", "topic: { type: string, description: What it is about. }"),
        ("args: { topic: x, most$0: 3 }", "most: { type: integer, default: 3 }"),
        ("outputs: { rows: fo$0und }", "found: { type: array, description: All that was found. }"),
        ("outputs: { rows: $.fo$0und.length }", "found: { type: array, description: All that was found. }"),
    ],
)
def test_args_and_outputs_of_a_nested_experience_lead_to_its_declarations(value: str, line: str) -> None:
    shot, offset = at_cursor(NODE.format(kind="experience", value=f"impl: ./inner\n      {value}"))

    (target,) = definitions(shot, offset, FOLDER)

    assert target.file is not None
    assert target.file.path == "inner/experience.yaml"
    assert target.file.text[target.name.start :].startswith(line)
    assert target.origin.contains(offset)


@pytest.mark.parametrize("value", ["outputs: { rows: no$0thing }", "outputs: { rows: 3$0 }"])
def test_undeclared_args_and_outputs_of_a_nested_experience_lead_nowhere(value: str) -> None:
    shot, offset = at_cursor(NODE.format(kind="experience", value=f"impl: ./inner\n      {value}"))

    assert definitions(shot, offset, FOLDER) == ()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("tool", "impl: ./tools/absent$0.py"),
        ("agent", "prompt: Rev$0iew this"),
        ("dataset", "source: { type: http, uri: data/ro$0ws.csv }"),
        ("cli-agent", "workdir: ./to$0ols"),
    ],
)
def test_a_missing_file_leads_nowhere(kind: str, value: str) -> None:
    shot, offset = at_cursor(NODE.format(kind=kind, value=value))

    assert definitions(shot, offset, FILES) == ()
    assert list(links(shot, FILES)) == []


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("def other(x):\n    pass\nrun = other\n", None, "run"),
        ("from tools import run\n", None, "run"),
        ("if True:\n    def run(x):\n        pass\n", None, "run"),
        ("def runner(x):\n    pass\n", None, None),
        ("# def run(x)\n", None, None),
    ],
)
def test_the_function_of_a_python_tool_is_where_it_is_defined(text: str, name: str | None, found: str | None) -> None:
    span = function_span(text, name, is_python=True)

    assert (span and text[span.start : span.end]) == found


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("export default async function work(x) {}", None, "work"),
        ("const a = 1\nexport default (x) => x", None, "default"),
        ("module.exports = (x) => x", None, "module.exports"),
        ("export async function go(x) {}\n", "go", "go"),
        ("export const go = (x) => x\n", "go", "go"),
        ("const go = 1\nexport { stop, go }\n", "go", "go"),
        ("exports.go = (x) => x\n", "go", "go"),
        ("export function gone(x) {}\n", "go", None),
    ],
)
def test_the_function_of_a_javascript_tool_is_where_it_is_exported(
    text: str, name: str | None, found: str | None
) -> None:
    span = function_span(text, name, is_python=False)

    assert (span and text[span.start : span.end]) == found


def test_a_link_covers_the_path_and_its_tooltip_says_what_it_opens() -> None:
    text = (
        "graph:\n  nodes:\n"
        '    - { id: a, kind: tool, impl: "./tools/a.py:fetch" }\n'
        "    - { id: b, kind: agent, prompt: prompts/review.md, schema: schemas/verdict.json }\n"
        "    - { id: c, kind: skill, impl: skills/triage }\n"
        "    - { id: d, kind: tool, impl: ./tools/absent.py }\n"
    )

    found = [(text[link.span.start : link.span.end], link.path, link.tooltip) for link in links(snapshot(text), FILES)]

    assert found == [
        ("./tools/a.py", "tools/a.py", "Open tool code"),
        ("prompts/review.md", "prompts/review.md", "Open prompt"),
        ("schemas/verdict.json", "schemas/verdict.json", "Open schema"),
        ("skills/triage", "skills/triage/SKILL.md", "Open skill"),
    ]


def test_there_are_no_links_without_a_disk() -> None:
    shot, offset = at_cursor(NODE.format(kind="tool", value="impl: ./tools/$0a.py"))

    assert list(links(shot, NO_FILES)) == []
    assert definitions(shot, offset, NO_FILES) == ()


PROMPTED = """\
state: { schema: { rows$0: {} } }
graph:
  nodes:
    - { id: a, kind: agent, prompt: ./prompts/review.md, reads: [rows], args: { tone: kind } }
    - { id: b, kind: agent, prompt: ./prompts/review.md, reads: [rows] }
    - { id: c, kind: agent, prompt: ./prompts/review.md }
"""


def test_references_in_prompt_files_are_found_once_each() -> None:
    shot, offset = at_cursor(PROMPTED)

    found = references(shot, offset, FILES, with_declaration=True)

    assert found is not None
    text = FILES.texts["prompts/review.md"]
    places = found.in_prompts["prompts/review.md"]
    assert [each.span.start for each in places] == [text.index("rows"), text.rindex("rows")]
    assert len(found.here) == 3


def test_a_rename_edits_prompt_files() -> None:
    shot, offset = at_cursor(PROMPTED.replace("    - { id: c, kind: agent, prompt: ./prompts/review.md }\n", ""))

    found = rename(shot, offset, "lines", FILES)

    assert isinstance(found, Rename)
    changed = apply_edits(FILES.texts["prompts/review.md"], found.in_prompts["prompts/review.md"])
    assert changed == "Review {{ lines }}, as {{ tone }} as {{$args.topic}}.\n{{ lines }}"


def test_a_rename_that_changes_the_meaning_of_a_prompt_is_refused() -> None:
    shot, offset = at_cursor(PROMPTED)

    found = rename(shot, offset, "tone", FILES)

    assert isinstance(found, Refusal)
    assert found.message.startswith("`tone` cannot be used in every reference")
