"""Mistakes of YAML, of schemas, of stages and phases, and of the files beside an experience, each marked in its place.

Together with the marked texts of the other files here, every code is marked at least once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.problems import Code

Check = Callable[..., Analysis]

TOOL = "def run(given): ...\n"
FILES = {
    "tools/work.py": TOOL,
    "tools/other.py": "def other(given): ...\n",
    "mcp.json": '{"servers": {"notes": {"command": "notes"}}}',
    "broken/experience.yaml": "name: inner\nversion: 1.0.0\n"
    "graph: {nodes: [{id: a, kind: tool, impl: a.py}], edges: []}\n",
    "round/experience.yaml": "name: r\nversion: 1.0.0\nstate: {schema: {}}\n"
    "graph: {nodes: [{id: a, kind: experience, impl: ../experience.yaml}], edges: []}\n",
    "file.txt": "",
}


@pytest.fixture
def files(tmp_path: Path) -> DiskFiles:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return DiskFiles(tmp_path)


HEAD = """name: x
version: 1.0.0
state:
  schema:
    rows: { type: array, default: [], merge: array_append }
    title: { type: string, default: x }
"""
WORK = "{id: work, kind: tool, impl: ./tools/work.py, reads: [rows, title]}"


def test_what_yaml_takes_otherwise_than_it_looks_is_marked(check_marked: Check) -> None:
    check_marked("""name: x
version: 1.0.0
state: { schema: { title: { type: string, default: x } } }
graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py, reads: [title], args: { tone: {{ title }} } }
                                                                       ^^^^^^^^^^^ error OE107
  edges: []
x-a: *nowhere
     ^^^^^^^^ error OE106
---
^^^ error OE103
name: y
""")


def test_a_list_at_the_top_is_marked(check_marked: Check) -> None:
    check_marked("""- name: x
^^^^^^^^^ error OE105 the top level must be a mapping
""")


def test_more_than_yaml_may_hold_is_marked(check_marked: Check) -> None:
    """Sixty-five lists in one another: the sixty-fourth is one too many, since the top counts, too."""
    deep = f"x-deep: {'[' * 65}{']' * 65}\n{' ' * 71}^ error OE104\n"

    check_marked(f"{HEAD}graph: {{nodes: [{WORK}], edges: []}}\n{deep}")


def test_keys_without_effect_are_marked(check_marked: Check) -> None:
    check_marked(
        HEAD
        + """graph:
  nodes:
    - { id: load, kind: dataset, source: { type: http, url: "https://x.org", body: {} }, writes: [rows] }
                                                                             ^^^^ warning OE206 GET requests have no
    - { id: one, kind: tool, impl: ./a.py, for_each: { source: $.rows } }
                                           ^^^^^^^^ warning OE206 a stage runs once for each item of its pipeline, `p`
    - { id: two, kind: cli-agent, provider: codex, prompt: Do it., writes: [title], schema: { type: object } }
                                                                                    ^^^^^^ warning OE206 output is text
    - { id: three, kind: tool, impl: ./a.py, reads: [title] }
  edges:
    - { from: load, to: p }
    - { from: one, to: two }
    - { from: one, to: three, when: $.title == 'x' }
                              ^^^^ warning OE206 this `when` is ignored
    - { from: three, to: two }
      ^^^^^^^^^^^^^^^^^^^^^^^^ warning OE206 this edge is ignored
  pipelines:
    - { id: p, items: $.rows, stages: [one, two, three] }
"""
    )


def test_a_fan_out_in_a_loop_is_heard(check_marked: Check) -> None:
    check_marked(
        HEAD
        + """graph:
  nodes:
    - { id: one, kind: tool, impl: ./a.py, reads: [title], for_each: { source: $.rows } }
  edges: []
  loops:
    - { id: again, body: one, max_iters: 2 }
"""
    )


def test_what_is_no_json_schema_is_marked(check_marked: Check) -> None:
    check_marked("""name: x
version: 1.0.0
args:
  properties:
    topic: { type: text }
                   ^^^^ warning OE207 JSON Schema has no type `text`
    most: { type: integer, default: many }
                                    ^^^^ warning OE402 the default of the arg `most` must be an integer
    least: { type: [integer, nul] }
                             ^^^ warning OE207 did you mean `null`?
state:
  schema:
    rows: { type: array, items: { type: object, properties: { a: { type: strng } } }, default: [] }
                                                                         ^^^^^ warning OE207 did you mean `string`?
    name: { type: string, pattern: "[", default: null }
                                   ^^^ warning OE207 not a valid regular expression
    code: { type: string, pattern: '^(?!x)a', default: null }
                                   ^^^^^^^^^ warning OE209 `(?!` looks ahead or behind
    parts: { type: object, patternProperties: { '(a)\\1': {} }, default: null }
                                                ^^^^^^^ warning OE209 refers back to a group
graph:
  nodes:
    - id: ask
      kind: agent
      prompt: Say {{rows}} and {{name}}.
      reads: [rows, name]
      writes: [name]
      schema: { properties: { name: { anyOf: [{ type: string }, { type: non }] } } }
                                                                        ^^^ warning OE207
  edges: []
""")


def test_what_json_schema_allows_is_left_alone(check_marked: Check) -> None:
    check_marked("""name: x
version: 1.0.0
args: { properties: { type: { type: [string, "null"], default: null }, pattern: { const: "[" }, any: {} } }
state:
  schema:
    rows: { type: array, items: true, default: [1], examples: [{ type: nothing }] }
graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py, reads: [rows], args: { schema: { type: nothing }, x: $args.type } }
  edges: []
""")


def test_a_phase_that_is_declared_twice_or_not_at_all_is_noted(check_marked: Check) -> None:
    check_marked("""name: x
version: 1.0.0
phases: [{ id: collect }, { id: tell }, { id: tell, title: Say }]
                                              ^^^^ information OE301 the phase `tell` is declared twice
state: { schema: { rows: { type: array, default: [] } } }
graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py, phase: colect, reads: [rows] }
                                                ^^^^^^ information OE308 did you mean `collect`?
    - { id: b, kind: tool, impl: ./a.py, phase: tell }
  edges: []
  loops: [{ id: l, body: b, max_iters: 2, phase: other }]
                                                 ^^^^^ information OE308 there is no phase `other`
""")


@pytest.mark.parametrize("phases", ["[]", "[{ title: without an id }, { id: a }]", "no list", "[*nowhere]"])
def test_where_not_all_phases_are_known_nothing_is_said_of_them(phases: str) -> None:
    node = "{id: a, kind: tool, impl: ./a.py, phase: other}"

    analysis = analyse(f"{HEAD}phases: {phases}\ngraph: {{nodes: [{node}], edges: []}}\n")

    assert Code.UNKNOWN_PHASE not in [each.code for each in analysis.problems]


def test_a_node_in_several_pipelines_and_loops_is_noted_and_an_edge_that_could_mean_either_is_a_warning(
    check_marked: Check,
) -> None:
    check_marked(
        HEAD
        + """graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py, reads: [title] }
    - { id: b, kind: tool, impl: ./a.py }
    - { id: c, kind: tool, impl: ./a.py }
  edges:
    - { from: c, to: b }
  pipelines:
    - { id: p, items: $.rows, stages: [a, b, a] }
    - { id: q, items: $.rows, stages: [b] }
                                       ^ warning OE309 edges that name it refer to `p`, not to `q`
  loops:
    - { id: l, body: a, max_iters: 2 }
                     ^ information OE309 an edge that names it would refer to `p`, not to `l`
"""
    )


def test_fields_that_nothing_reads_are_marked_faintly(check_marked: Check) -> None:
    check_marked("""name: x
version: 1.0.0
state:
  schema:
    rows: { type: array }
    ^^^^ hint OE405 `rows` is never read or written
graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py }
  edges: []
""")


def test_files_that_are_not_what_a_node_needs_are_marked(check_marked: Check, files: DiskFiles) -> None:
    check_marked(
        HEAD
        + """graph:
  nodes:
    - { id: a, kind: tool, impl: ./tools/wrok.py, reads: [title] }
                                 ^^^^^^^^^^^^^^^ error OE601 did you mean `tools/work.py`?
    - { id: b, kind: tool, impl: ./tools/other.py }
                                 ^^^^^^^^^^^^^^^^ error OE602 has no function `run`
    - { id: c, kind: tool, impl: ../work.py }
                                 ^^^^^^^^^^ error OE601 there is no `../work.py`
                                 ^^^^^^^^^^ warning OE603 is outside
    - { id: d, kind: experience, impl: ./broken }
                                       ^^^^^^^^ warning OE606 has 2 errors, the first on line 1
    - { id: e, kind: experience, impl: ./round }
                                       ^^^^^^^ error OE307 experience.yaml → round/experience.yaml → experience.yaml
    - { id: f, kind: cli-agent, provider: codex, prompt: Do it., workdir: ./nowhere, writes: [title] }
                                                                          ^^^^^^^^^ warning OE601 correct `workdir`
    - { id: g, kind: cli-agent, provider: codex, prompt: Do it., workdir: ./file.txt, writes: [rows] }
                                                                          ^^^^^^^^^^ warning OE605 name a folder
  edges: []
""",
        files,
    )


def test_references_that_lead_to_nothing_that_can_be_read_are_marked(check_marked: Check, files: DiskFiles) -> None:
    (files.folder / "good.json").write_text('{"$ref": "more/list.json"}')
    (files.folder / "round.json").write_text('{"items": {"$ref": "round.json"}}')
    (files.folder / "circle.json").write_text('{"$ref": "circle.json"}')
    (files.folder / "more").mkdir()
    (files.folder / "more" / "list.json").write_text('{"items": {"$ref": "nothing.json"}}')
    (files.folder / "latin.json").write_bytes(b'{"title": "\xe9"}')
    check_marked(
        """name: x
version: 1.0.0
state:
  schema:
    missing: { $ref: ./none.json }
                     ^^^^^^^^^^^ error OE208 does not exist; create it or correct the `$ref`
    nested: { type: array, items: { $ref: "./file.txt#/x" } }
                                          ^^^^^^^^^^^^^^^ error OE208 is not JSON
    through: { $ref: good.json }
                     ^^^^^^^^^ error OE208 leads to `more/list.json`, which refers to `nothing.json`
    outside: { $ref: ../x.json }
                     ^^^^^^^^^ error OE208 is outside
    far: { $ref: "https://example.org/x.json" }
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error OE208 nothing is downloaded
    folder: { $ref: more }
                    ^^^^ error OE208 is a folder
    encoded: { $ref: latin.json }
                     ^^^^^^^^^^ error OE208 UTF-8
    within: { $ref: "round.json#/nothing" }
                    ^^^^^^^^^^^^^^^^^^^^^ error OE208 leads to `round.json#/nothing`, which does not exist
    circle: { $ref: circle.json }
                    ^^^^^^^^^^^ error OE208 leads back to itself
    stray: { $ref: "#/$defs/none" }
                   ^^^^^^^^^^^^^^ error OE208 leads to `#/$defs/none`, which does not exist
    round: { $ref: round.json, default: [] }
    own: { $ref: "#/$defs/x", $defs: { x: { type: string } } }
    items: { type: array, items: { $ref: "#" } }
graph: { nodes: [{ id: work, kind: tool, impl: ./tools/work.py, writes: [missing, nested, through] }], edges: [] }
""",
        files,
    )


@pytest.mark.parametrize(
    ("servers", "code", "words"),
    [
        (None, "OE601", "there is no `mcp.json`; create it beside the experience"),
        ("{", "OE605", "is not JSON"),
        ("[]", "OE605", "has no `servers`"),
        ('{"mcpServers": {}}', "OE605", "rename `mcpServers`"),
        ('{"servers": {"note": {}}}', "OE605", "did you mean `note`?"),
    ],
)
def test_a_server_that_mcp_json_does_not_have_is_marked(
    check_marked: Check, files: DiskFiles, servers: str | None, code: str, words: str
) -> None:
    (files.folder / "mcp.json").unlink()
    if servers is not None:
        (files.folder / "mcp.json").write_text(servers)
    marked = """graph:
  nodes:
    - { id: a, kind: dataset, source: { type: mcp-resource, server: notes, uri: "n://1" }, writes: [rows] }
                                                                    ^^^^^ warning """

    check_marked(f"{HEAD}{marked}{code} {words}\n  edges: []\n", files)


def test_a_server_that_mcp_json_has_is_left_alone(check_marked: Check, files: DiskFiles) -> None:
    source = "{type: mcp-resource, server: notes, uri: 'n://1'}"

    check_marked(
        f"{HEAD}graph: {{nodes: [{{id: a, kind: dataset, source: {source}, writes: [rows]}}], edges: []}}\n", files
    )


@pytest.mark.parametrize("url", ["https://x.org/a", "HTTP://x.org", "$args.url", "$$.x"])
def test_addresses_that_can_be_asked_are_left_alone(check_marked: Check, url: str) -> None:
    node = f"{{id: a, kind: dataset, source: {{type: http, url: '{url}'}}, writes: [rows]}}"
    check_marked(f"{HEAD}graph: {{nodes: [{node}], edges: []}}\n")


def test_addresses_that_cannot_are_marked(check_marked: Check) -> None:
    check_marked(
        HEAD
        + """graph:
  nodes:
    - { id: a, kind: dataset, source: { type: http, url: "example.org/a" }, writes: [rows] }
                                                         ^^^^^^^^^^^^^^^ warning OE203 http:// or https://
    - { id: b, kind: dataset, source: { type: http, url: "https://x.org/${KEY}" }, writes: [rows] }
                                                         ^^^^^^^^^^^^^^^^^^^^^^ warning OE203 in `headers`
  edges: []
"""
    )


def test_every_code_is_marked_somewhere() -> None:
    texts = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    marked = set(re.findall(r"\^ (?:error|warning|information|hint) (OE\d{3})", texts))

    assert {code.value for code in Code} - marked == set()
