"""One mistake, one problem, at the place where a person would look for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.experience.analyse import Analysis, analyse

Check = Callable[[str], Analysis]

HEAD = """\
name: example
version: 1.0.0
state:
  schema:
    rows: {type: array}
    title: {type: string}
"""
FETCH = "    - {id: fetch, kind: tool, impl: ./fetch.py, writes: [rows]}\n"
REPORT = "    - {id: report, kind: tool, impl: ./report.py, reads: [rows]}\n"
EDGE = "    - {from: fetch, to: report}\n"


def with_nodes(nodes: str, edges: str = "") -> str:
    return f"{HEAD}graph:\n  nodes:\n{nodes}  edges:{f'{chr(10)}{edges}' if edges else ' []'}\n"


def with_fields(fields: str) -> str:
    graph = "graph:\n  nodes:\n    - {id: a, kind: tool, impl: ./a.py}\n  edges: []\n"
    return f"name: x\nversion: 1.0.0\nstate:\n  schema:\n{fields}{graph}"


SCHEMA = {
    "a node without a key it needs": """\
    - id: fetch
          ^^^^^ error OE201 a node needs `impl`
      kind: tool
""",
    "a node without an id": """\
    - kind: tool
      ^^^^ error OE201 a node needs `id`
      impl: ./a.py
""",
    "a node without a kind": """\
    - id: fetch
          ^^^^^ error OE201 `cli-agent`
      impl: ./a.py
""",
    "a misspelt kind, of which nothing is known yet": """\
    - id: fetch
      kindd: tool
      ^^^^^ error OE204 did you mean `kind`?
      impl: ./a.py
""",
    "a misspelt type of a source": """\
    - {id: fetch, kind: dataset, source: {tpye: file, uri: ./a.csv}, writes: [rows]}
                                          ^^^^ warning OE204 did you mean `type`?
""",
    "a misspelt key that was needed": """\
    - id: fetch
      kind: tool
      imlp: ./a.py
      ^^^^ error OE204 did you mean `impl`?
""",
    "a misspelt key that was not needed": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      write: [rows]
      ^^^^^ warning OE204 unknown key `write` is ignored; did you mean `writes`?
""",
    "a misspelt writes of an agent": """\
    - id: sum
      kind: agent
      prompt: Sum it up
      wirtes: [title]
      ^^^^^^ warning OE204 did you mean `writes`?
""",
    "a misspelt key where unknown keys are errors": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      for_each: {source: $.rows, concurency: 3}
                                 ^^^^^^^^^^ error OE204 did you mean `concurrency`?
""",
    "a key of one's own": """\
    - {id: fetch, kind: tool, impl: ./a.py, x-owner: me}
""",
    "a number as text": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      for_each:
        source: $.rows
        concurrency: many
                     ^^^^ error OE202 `for_each.concurrency` must be an integer ≥ 1, not the text 'many'
""",
    "text as a number": """\
    - id: fetch
      kind: tool
      impl: 7
            ^ error OE202 `impl` must be text, not the number 7; put it in quotes
""",
    "a key with nothing after it": """\
    - id: fetch
      kind: tool
      impl:
      ^^^^ error OE202 `impl` must be text, not nothing
""",
    "a node that is no mapping": """\
    - fetch
      ^^^^^ error OE202 a node must be an object, not the text 'fetch'
""",
    "an element of a list": """\
    - {id: fetch, kind: tool, impl: ./a.py, reads: [rows, 3]}
                                                          ^ error OE202 `reads[1]`
""",
    "a kind that is none": """\
    - id: fetch
      kind: tol
            ^^^ error OE205 did you mean `tool`?
      impl: ./a.py
""",
    "an id with a hyphen": """\
    - {id: fetch-rows, kind: tool, impl: ./a.py}
           ^^^^^^^^^^ error OE203 letters, digits and `_`
""",
    "a choice that is none": """\
    - {id: fetch, kind: tool, impl: ./a.py, join: some}
                                                  ^^^^ error OE203 one of `all`, `any`
""",
    "one shape of a value that has several": """\
    - {id: fetch, kind: tool, impl: ./a.py, on_error: {policy: retry}}
                                            ^^^^^^^^ error OE201 `on_error` needs `attempts`
""",
    "a number out of its bounds": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      on_error: {policy: retry, attempts: 50}
                                          ^^ error OE203 between 1 and 20
""",
    "text-mode agents write one field": """\
    - id: sum
      kind: agent
      prompt: Sum it up
      writes: [rows, title]
              ^^^^^^^^^^^^^ error OE403 not 2
""",
    "an agent with a schema writes as many as it likes": """\
    - {id: sum, kind: agent, prompt: Sum it up, schema: {type: object}, writes: [rows, title]}
""",
}


@pytest.mark.parametrize("nodes", SCHEMA.values(), ids=SCHEMA)
def test_a_mistake_in_a_node_is_one_problem(nodes: str, check_marked: Check) -> None:
    check_marked(with_nodes(nodes))


GRAPH = {
    "an edge to a node that is not there": """\
    - {from: fetch, to: reprot}
                        ^^^^^^ error OE302 did you mean `report`?
""",
    "an edge from a node that is not there": """\
    - {from: zzz, to: report}
             ^^^ error OE302 available: `fetch`, `report`
""",
    "an edge without an end": """\
    - from: fetch
      ^^^^ error OE201 an edge needs `to`
""",
    "a circle": """\
    - {from: fetch, to: report}
    - {from: report, to: fetch}
      ^^^^^^^^^^^^^^^^^^^^^^^^^ error OE303 fetch → report → fetch
""",
    "an edge to itself": """\
    - {from: fetch, to: fetch}
      ^^^^^^^^^^^^^^^^^^^^^^^^ error OE303 fetch → fetch
""",
    "a condition that ends too early": """\
    - {from: fetch, to: report, when: $.rows.length > }
                                                    ^ error OE501 missing value
""",
    "a mistake inside a quoted condition": """\
    - {from: fetch, to: report, when: "$.title == alice"}
                                                  ^^^^^ error OE501
""",
    "a condition with an escape": r"""
    - {from: fetch, to: report, when: "$.title \u003d= alice"}
                                                       ^^^^^ error OE501
""".removeprefix("\n"),
    "an empty condition": """\
    - {from: fetch, to: report, when: ''}
                                      ^^ error OE501
""",
    "a condition on a field that nobody declares": """\
    - {from: fetch, to: report, when: $.titel == 'x'}
                                        ^^^^^ warning OE401 did you mean `title`?
""",
}


@pytest.mark.parametrize("edges", GRAPH.values(), ids=GRAPH)
def test_a_mistake_in_an_edge_is_one_problem(edges: str, check_marked: Check) -> None:
    check_marked(with_nodes(FETCH + REPORT, edges))


USES = {
    "reads": ("reads: [rwos]", "        ^^^^ error OE401 the field `rwos` is not declared in `state.schema`"),
    "writes": ("writes: [rwos]", "         ^^^^ error OE401 did you mean `rows`?"),
    "for_each.source": ("for_each: {source: $.rwos}", "                     ^^^^ warning OE401"),
    "args": ("args: {deep: [{n: $.rwos.length}]}", "                    ^^^^ warning OE401"),
    "a source that is no reference": ("for_each: {source: rows}", "                   ^^^^ warning OE502 `$.files`"),
}


@pytest.mark.parametrize(("line", "marker"), USES.values(), ids=USES)
def test_a_field_that_nobody_declares_is_one_problem(line: str, marker: str, check_marked: Check) -> None:
    check_marked(with_nodes(f"    - id: fetch\n      kind: tool\n      impl: ./a.py\n      {line}\n      {marker}\n"))


FIELDS = {
    "a default of another type": """\
    rows: {type: array, default: none}
                                 ^^^^ error OE402 must be a list, not the text 'none'
""",
    "a default deep inside": """\
    rows: {type: array, items: {type: string}, default: [a, 1]}
                                                        ^^^^^^ error OE402 default[1]
""",
    "a default that nothing can be appended to": """\
    rows: {merge: array_append, default: a}
                                         ^ error OE402 array_append
""",
    "a default of null fits every type": """\
    rows: {type: array, default: null}
""",
    "what a file asks for is not guessed": """\
    rows: {$ref: ./rows.json, default: 3}
""",
    "an unknown type": """\
    rows: {type: integer, default: 3}
                 ^^^^^^^ error OE203 one of
""",
    "an unknown key": """\
    rows: {tpye: array}
           ^^^^ warning OE204 did you mean `type`?
""",
    "a field with nothing after it": """\
    rows:
    ^^^^ error OE202 write at least `rows: {}`
""",
    "keys of one's own are no fields": """\
    x-note: 3
    rows: {type: array}
""",
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_a_mistake_in_a_state_field_is_one_problem(fields: str, check_marked: Check) -> None:
    check_marked(with_fields(fields))


def test_an_id_used_twice_is_reported_at_its_second_use_with_the_first(check_marked: Check) -> None:
    analysis = check_marked(
        with_nodes(
            FETCH
            + "    - {id: fetch, kind: tool, impl: ./b.py}\n"
            + "           ^^^^^ error OE301 `fetch` is used twice\n"
        )
    )

    (related,) = analysis.problems[0].related
    assert analysis.lines.position(related.span.start).line == analysis.text.splitlines().index(FETCH.rstrip())


def test_a_circle_shows_each_of_its_edges() -> None:
    text = with_nodes(FETCH + REPORT, "    - {from: fetch, to: report}\n    - {from: report, to: fetch}\n")

    (problem,) = analyse(text).problems
    assert [related.message for related in problem.related] == ["`fetch` → `report`", "`report` → `fetch`"]


PIPELINES = """\
  pipelines:
    - {id: rows_one_by_one, items: $.rwos, stages: [fetch, repotr]}
                                     ^^^^ warning OE401
                                                           ^^^^^^ error OE302 did you mean `report`?
  loops:
    - id: again
      body: nothing
            ^^^^^^^ error OE302
      until: $.title ==
                     ^^ error OE501
"""


def test_pipelines_and_loops_are_checked_like_the_rest(check_marked: Check) -> None:
    check_marked(with_nodes(FETCH + REPORT) + PIPELINES)


def test_an_edge_may_name_a_pipeline_and_one_to_a_stage_closes_a_circle_with_it(check_marked: Check) -> None:
    edges = "    - {from: other, to: each}\n    - {from: report, to: other}\n"
    marked = edges + "      ^^^^^^^^^^^^^^^^^^^^^^^^^ error OE303 other → each → other\n"
    other = "    - {id: other, kind: tool, impl: ./o.py}\n"

    check_marked(
        with_nodes(FETCH + REPORT + other, marked) + "  pipelines:\n    - {id: each, items: $.rows, stages: [report]}\n"
    )


TOP = {
    "a missing key": "name: x\n^^^^ error OE201 needs `version`\nstate: {schema: {}}\n"
    + "graph: {nodes: [{id: a, kind: tool, impl: a.py}], edges: []}\n",
    "an unknown key": with_nodes(FETCH) + "runtim: {}\n^^^^^^ error OE204 did you mean `runtime`?\n",
    "a version that is a number": HEAD.replace("1.0.0\n", "1.0\n         ^^^ error OE202 put it in quotes\n")
    + with_nodes(FETCH).removeprefix(HEAD),
    "no nodes": HEAD + "graph: {nodes: [], edges: []}\n               ^^ error OE203 `graph.nodes` must not be empty\n",
    "edges that are a mapping": HEAD
    + "graph:\n  edges: {}\n         ^^ error OE202 must be a list\n  nodes:\n"
    + FETCH,
    "a run setting": with_nodes(FETCH) + "runtime: {concurrency: 0}\n                       ^ error OE203 ≥ 1\n",
}


@pytest.mark.parametrize("marked", TOP.values(), ids=TOP)
def test_a_mistake_at_the_top_is_one_problem(marked: str, check_marked: Check) -> None:
    check_marked(marked)


BROKEN = {
    "a missing colon": """\
    - id: fetch
      kind: tool
      impl ./a.py
      ^^^^^^^^^^^ error OE101
""",
    "a half-typed key": """\
    - id: fetch
      kind: tool
      im
      ^^ error OE101
""",
    "an open bracket": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      reads: [rows
             ^^^^^ error OE101
""",
    "a key twice": """\
    - id: fetch
      kind: tool
      impl: ./a.py
      impl: ./b.py
      ^^^^ error OE102
""",
}


@pytest.mark.parametrize("node", BROKEN.values(), ids=BROKEN)
def test_broken_yaml_is_one_problem_and_its_node_stays_known(node: str, check_marked: Check) -> None:
    check_marked(with_nodes(node + REPORT, EDGE))


def test_other_nodes_keep_their_problems_beside_broken_yaml(check_marked: Check) -> None:
    typo = "    - {id: report, kind: tool, impl: ./r.py, reads: [rwos]}\n"
    marker = "                                                     ^^^^ error OE401\n"

    check_marked(with_nodes(BROKEN["a missing colon"] + typo + marker, EDGE))


SILENT = {
    "an edge may name the node whose id is not written yet": with_nodes(
        FETCH + "    - kind: tool\n      ^^^^ error OE201 needs `id`\n      impl: ./r.py\n", EDGE
    ),
    "without a state nobody knows the fields": "name: x\n^^^^ error OE201 `state`\nversion: 1.0.0\n"
    + with_nodes(FETCH + REPORT, EDGE).removeprefix(HEAD),
}


@pytest.mark.parametrize("marked", SILENT.values(), ids=SILENT)
def test_incomplete_knowledge_is_silence(marked: str, check_marked: Check) -> None:
    check_marked(marked)
