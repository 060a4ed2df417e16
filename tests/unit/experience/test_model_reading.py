"""From text to the typed model."""

from __future__ import annotations

from engine.experience.analyse import analyse
from engine.experience.model import (
    AgentSpec,
    Backoff,
    CliAgentSpec,
    DatasetSpec,
    Experience,
    ExperienceSpec,
    ForEach,
    ItemErrorPolicy,
    Join,
    Kind,
    Loop,
    Merge,
    OnError,
    Pipeline,
    Policy,
    SkillSpec,
    ToolSpec,
)
from engine.expressions import show

HEAD = "name: example\nversion: 1.0.0\nstate: {schema: {rows: {type: array}, title: {type: string}}}\n"


def read(nodes: str, rest: str = "", edges: str = "[]") -> Experience:
    text = f"{HEAD}graph:\n  edges: {edges}\n  nodes:\n{nodes}{rest}"
    analysis = analyse(text)
    assert analysis.errors == ()
    assert analysis.experience is not None
    return analysis.experience


def test_every_kind_of_node_is_read() -> None:
    nodes = """\
    - {id: t, kind: tool, impl: ./t.py:score}
    - {id: a, kind: agent, prompt: p.md, model: m, max_tokens: 10, temperature: 0.5, system: s, writes: [rows]}
    - {id: s, kind: skill, impl: skills/s, inputs: {a: $.rows}, writes: [rows]}
    - {id: d, kind: dataset, source: {type: file, uri: rows.csv}, writes: [rows]}
    - {id: e, kind: experience, impl: child/experience.yaml, outputs: {rows: out}}
    - {id: c, kind: cli-agent, provider: codex, prompt: do it, extra_args: [--fast]}
"""

    assert [(node.kind, node.spec) for node in read(nodes).nodes] == [
        (Kind.TOOL, ToolSpec("./t.py:score")),
        (Kind.AGENT, AgentSpec("p.md", "m", None, 10, 0.5, "s")),
        (Kind.SKILL, SkillSpec("skills/s", inputs={"a": "$.rows"})),
        (Kind.DATASET, DatasetSpec({"type": "file", "uri": "rows.csv"})),
        (Kind.EXPERIENCE, ExperienceSpec("child/experience.yaml", outputs={"rows": "out"})),
        (Kind.CLI_AGENT, CliAgentSpec("codex", "do it", extra_args=("--fast",))),
    ]


def test_what_all_kinds_share_is_read() -> None:
    (node,) = read("""\
    - id: t
      kind: tool
      impl: ./t.py
      description: Counts
      phase: count
      reads: [rows]
      writes: [title]
      args: {n: $.rows.length}
      join: any
      timeout_ms: 5000
      cache: false
      for_each: {source: $.rows, concurrency: 3, on_item_error: continue, max_items: 9}
      on_error: {policy: retry, attempts: 4, backoff: exponential, base_ms: 250}
""").nodes

    assert (node.reads, node.writes, node.args) == (("rows",), ("title",), {"n": "$.rows.length"})
    assert (node.description, node.phase, node.join) == ("Counts", "count", Join.ANY)
    assert (node.timeout_ms, node.cache) == (5000, False)
    assert node.for_each == ForEach("$.rows", 3, ItemErrorPolicy.CONTINUE, 9)
    assert node.on_error == OnError(Policy.RETRY, 4, Backoff.EXPONENTIAL, 250)
    assert node.source["timeout_ms"] == 5000


def test_edges_pipelines_and_loops_are_read() -> None:
    nodes = "".join(f"    - {{id: {id_}, kind: tool, impl: ./t.py}}\n" for id_ in "abcd")
    rest = """\
  pipelines: [{id: p, items: $.rows, stages: [c]}]
  loops: [{id: l, body: d, until: length($.rows) > 3, max_iters: 5}]
"""

    experience = read(nodes, rest, "[{from: a, to: b, when: $.title == 'x'}, {from: b, to: p}]")

    first, second = experience.edges
    assert (first.from_, first.to, first.when and show(first.when)) == ("a", "b", '$.title == "x"')
    assert (second.from_, second.to, second.when) == ("b", "p", None)
    assert experience.pipelines == (Pipeline("p", "$.rows", ("c",)),)
    (loop,) = experience.loops
    assert loop == Loop("l", "d", loop.until, "length($.rows) > 3", 5)
    assert loop.until is not None


def test_the_top_level_and_the_state_are_read() -> None:
    text = """\
name: example
version: 1.0.0
description: Shows it
runtime: {concurrency: 3, limits: {requests_per_minute: 50, tokens_per_minute: 1000}}
args: {type: object, properties: {n: {type: integer}}}
state:
  schema:
    x-note: {}
    log: {type: array, merge: array_append, default: [], persist: true}
    title: {type: string}
graph: {nodes: [{id: a, kind: tool, impl: ./a.py}], edges: []}
"""

    experience = analyse(text).experience

    assert experience is not None
    assert (experience.name, experience.version, experience.description) == ("example", "1.0.0", "Shows it")
    assert (experience.concurrency, experience.requests_per_minute, experience.tokens_per_minute) == (3, 50, 1000)
    assert experience.args_schema == {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert [(field.name, field.merge, field.persist) for field in experience.fields] == [
        ("log", Merge.ARRAY_APPEND, True),
        ("title", Merge.LAST_WINS, False),
    ]
    assert experience.starting_state() == {"log": []}


def test_a_broken_node_is_left_out_and_the_others_stay() -> None:
    text = f"{HEAD}graph:\n  edges: []\n  nodes:\n    - {{id: a, kind: tool}}\n    - {{id: b, kind: tool, impl: b}}\n"

    experience = analyse(text).experience

    assert experience is not None
    assert [node.id for node in experience.nodes] == ["b"]


def test_keys_that_are_no_text_become_text_as_in_json() -> None:
    (node,) = read("    - {id: t, kind: tool, impl: ./t.py, args: {2: a, true: b, null: c}}\n").nodes

    assert node.args == {"2": "a", "true": "b", "null": "c"}


def test_aliases_stand_for_their_values() -> None:
    nodes = """\
    - {id: a, kind: tool, impl: ./t.py, args: &shared {n: 1}}
    - {id: b, kind: tool, impl: ./t.py, args: *shared}
"""

    assert [node.args for node in read(nodes).nodes] == [{"n": 1}, {"n": 1}]
