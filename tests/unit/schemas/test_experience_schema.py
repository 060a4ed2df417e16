"""What the schema of experience.yaml accepts and refuses, and that one mistake is one error at its place."""

from functools import cache
from textwrap import dedent
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from schemas import experience_schema


@cache
def validator_of(definition: str | None) -> Validator:
    """Return a validator of the whole document, or of one definition, built once."""
    root = Draft202012Validator(experience_schema())
    return root if definition is None else root.evolve(schema={"$ref": f"#/$defs/{definition}"})


def discriminated(definition: str, value: Any) -> str:
    """Return the definition that applies to the value, as a reader of x-discriminator finds it."""
    discriminator = experience_schema()["$defs"][definition]["x-discriminator"]
    pointer: str = discriminator["mapping"][value[discriminator["property"]]]
    return pointer.removeprefix("#/$defs/")


def errors(definition: str | None, text: str) -> list[tuple[str, str]]:
    """Return the path and the failing keyword of every error in a snippet of YAML."""
    found = validator_of(definition).iter_errors(yaml.safe_load(dedent(text)))
    return [(error.json_path, str(error.validator)) for error in found]


def test_the_schema_is_a_valid_json_schema() -> None:
    Draft202012Validator.check_schema(experience_schema())


VALID_NODES = {
    "a tool in python with a named function": """
        {id: score, kind: tool, impl: ./tools/score.py:score, args: {limit: 3, of: $.rows}, writes: [scores]}
        """,
    "a tool with every key that all kinds share": """
        id: fetch
        kind: tool
        impl: ./tools/fetch.mjs
        description: Fetches the rows.
        phase: load
        reads: [query]
        writes: [rows]
        join: any
        timeout_ms: 1500
        cache: false
        on_ambiguous: ask
        effects: external
        uses: ['rules/*.yaml']
        produces: [out/rows.json]
        cache_key: v2
        env: [API_HOST]
        on_error: {policy: skip}
        for_each: {source: $.pages, concurrency: 4, on_item_error: continue, max_items: 50}
        x-owner: ada
        """,
    "an agent in text mode": "{id: sum, kind: agent, prompt: ./sum.md, reads: [rows], writes: [summary]}",
    "an agent with a schema, inline": """
        id: review
        kind: agent
        prompt: 'Review {{$item.path}}'
        model: claude-sonnet-4-6
        schema: {type: object, required: [score], properties: {score: {type: integer, minimum: 0}}}
        args: {tone: kind}
        max_tokens: 9000
        temperature: 0.2
        system: Be brief.
        on_error: {policy: retry, attempts: 20, backoff: exponential, base_ms: 0}
        writes: [score]
        """,
    "an agent with a schema in a file": "{id: a, kind: agent, prompt: p.md, schema: ./a.json, writes: [a]}",
    "a skill": """
        {id: triage, kind: skill, impl: ./skills/triage, inputs: {issue: $.issue}, model: m,
         schema: {type: object}, args: {a: 1}, system: S, temperature: 1, max_tokens: 1, writes: [verdict]}
        """,
    "a dataset from a file": "{id: d, kind: dataset, source: {type: file, uri: $args.f, format: tsv}}",
    "a dataset from sqlite": "{id: d, kind: dataset, source: {type: sqlite, uri: a.db, query: SELECT 1}}",
    "a dataset from http": """
        id: d
        kind: dataset
        source: {type: http, url: 'https://x.test', method: POST, headers: {A: 'Bearer ${T}'}, body: {q: $.q}}
        cache: false
        writes: [d]
        """,
    "a dataset from an mcp resource": """
        {id: d, kind: dataset, source: {type: mcp-resource, server: notes, uri: 'note://1'}, writes: [d]}
        """,
    "a nested experience": """
        {id: sub, kind: experience, impl: ./sub/experience.yaml, args: {a: $.a}, state_scope: shared,
         outputs: {here: there}, writes: [here]}
        """,
    "a cli agent": """
        {id: fix, kind: cli-agent, provider: codex, prompt: 'Fix {{path}}', model: m, workdir: ./repo,
         output_format: json, schema: {type: object}, timeout_ms: 1000, extra_args: [--fast], args: {path: a}}
        """,
    "a node with a key that nobody knows": "{id: a, kind: tool, impl: a.py, retries: 3}",
    "a node that ends the run when it fails": "{id: a, kind: tool, impl: a.py, on_error: {policy: fail_run}}",
}


@pytest.mark.parametrize("text", VALID_NODES.values(), ids=VALID_NODES)
def test_every_form_of_a_node_is_valid_by_itself_and_by_its_kind(text: str) -> None:
    node = yaml.safe_load(dedent(text))

    assert errors("node", text) == []
    assert errors(discriminated("node", node), text) == []


MINIMAL = """
    name: minimal
    version: 0.0.1
    state: {schema: {}}
    graph: {nodes: [{id: a, kind: tool, impl: a.py}], edges: []}
    """
VALID_DOCUMENTS = {
    "the smallest": MINIMAL,
    "everything outside of nodes": """
        name: everything
        version: 10.20.30
        description: All of it.
        args:
          type: object
          required: [token]
          properties:
            token: {type: string, writeOnly: true}
            limit: {type: integer, default: 10}
        state:
          store: elsewhere.sqlite
          schema:
            list: {type: array, merge: array_append, items: {type: object, properties: {n: {type: integer}}}}
            once: {type: string, merge: set_once, enum: [a, b], description: One of two.}
            last: {type: number, merge: last_wins, default: 0, persist: true, minimum: 0}
            shape: {$ref: ./schemas/shape.json}
            anything: {}
            not an identifier: {type: 'null'}
        phases: [{id: one, title: One}, {id: two}]
        graph:
          nodes: [{id: a, kind: tool, impl: a.py}, {id: b, kind: tool, impl: b.py}]
          edges: [{from: a, to: b, when: '$.last > 1 && $args.limit != 0', x-colour: red}]
          pipelines: [{id: p, items: $.list, stages: [a, b], phase: one}]
          loops: [{id: l, body: a, until: $.last > 3, max_iters: 2, budget: 0, phase: two}]
        runtime: {concurrency: 1, limits: {requests_per_minute: 50, tokens_per_minute: 1000}}
        x-team: {any: thing}
        """,
}


@pytest.mark.parametrize("text", VALID_DOCUMENTS.values(), ids=VALID_DOCUMENTS)
def test_every_part_of_the_format_is_valid(text: str) -> None:
    assert errors(None, text) == []


WRONG_NODES = [
    ("{id: a-b, kind: tool, impl: a.py}", "$.id", "pattern"),
    ("{kind: tool, impl: a.py}", "$", "required"),
    ("{id: a, kind: tool}", "$", "required"),
    ("{id: a, kind: tool, impl: 3}", "$.impl", "type"),
    ("{id: a, kind: tool, impl: a.py, writes: rows}", "$.writes", "type"),
    ("{id: a, kind: tool, impl: a.py, reads: [1]}", "$.reads[0]", "type"),
    ("{id: a, kind: tool, impl: a.py, args: [1]}", "$.args", "type"),
    ("{id: a, kind: tool, impl: a.py, join: some}", "$.join", "enum"),
    ("{id: a, kind: tool, impl: a.py, timeout_ms: 0}", "$.timeout_ms", "minimum"),
    ("{id: a, kind: tool, impl: a.py, timeout_ms: 10s}", "$.timeout_ms", "type"),
    ("{id: a, kind: tool, impl: a.py, env: [A=1]}", "$.env[0]", "pattern"),
    ("{id: a, kind: tool, impl: a.py, for_each: {}}", "$.for_each", "required"),
    ("{id: a, kind: tool, impl: a.py, for_each: $.list}", "$.for_each", "type"),
    (
        "{id: a, kind: tool, impl: a.py, for_each: {source: $.l, parallel: 2}}",
        "$.for_each",
        "additionalProperties",
    ),
    (
        "{id: a, kind: tool, impl: a.py, for_each: {source: $.l, concurrency: 0}}",
        "$.for_each.concurrency",
        "minimum",
    ),
    ("{id: a, kind: tool, impl: a.py, on_error: skip}", "$.on_error", "type"),
    ("{id: a, kind: tool, impl: a.py, on_error: {}}", "$.on_error", "required"),
    ("{id: a, kind: tool, impl: a.py, on_error: {policy: stop}}", "$.on_error.policy", "enum"),
    ("{id: a, kind: tool, impl: a.py, on_error: {policy: retry}}", "$.on_error", "required"),
    (
        "{id: a, kind: tool, impl: a.py, on_error: {policy: retry, attempts: 21}}",
        "$.on_error.attempts",
        "maximum",
    ),
    (
        "{id: a, kind: tool, impl: a.py, on_error: {policy: skip, attempts: 2}}",
        "$.on_error",
        "additionalProperties",
    ),
    ("{id: a, kind: agent}", "$", "required"),
    ("{id: a, kind: agent, prompt: p.md, schema: [1]}", "$.schema", "type"),
    ("{id: a, kind: agent, prompt: p.md, schema: {properties: [a]}}", "$.schema.properties", "type"),
    ("{id: a, kind: agent, prompt: p.md, max_tokens: 0}", "$.max_tokens", "minimum"),
    ("{id: a, kind: skill, impl: s, temperature: warm}", "$.temperature", "type"),
    ("{id: a, kind: dataset, source: rows.csv}", "$.source", "type"),
    ("{id: a, kind: dataset, source: {uri: rows.csv}}", "$.source", "required"),
    ("{id: a, kind: dataset, source: {type: ftp}}", "$.source.type", "enum"),
    ("{id: a, kind: dataset, source: {type: sqlite, uri: a.db}}", "$.source", "required"),
    ("{id: a, kind: dataset, source: {type: file, uri: a, format: xls}}", "$.source.format", "enum"),
    ("{id: a, kind: experience, impl: e.yaml, state_scope: own}", "$.state_scope", "enum"),
    ("{id: a, kind: experience, impl: e.yaml, outputs: {here: [there]}}", "$.outputs.here", "type"),
    ("{id: a, kind: cli-agent, provider: cursor, prompt: Hi}", "$.provider", "enum"),
    ("{id: a, kind: cli-agent, provider: codex, prompt: ''}", "$.prompt", "minLength"),
    ("{id: a, kind: cli-agent, provider: codex, prompt: Hi, timeout_ms: 0}", "$.timeout_ms", "minimum"),
]


@pytest.mark.parametrize(("text", "path", "keyword"), WRONG_NODES)
def test_one_mistake_in_a_node_is_one_error_at_its_place(text: str, path: str, keyword: str) -> None:
    definition = discriminated("node", yaml.safe_load(text))

    assert errors(definition, text) == [(path, keyword)]
    assert errors("node", text) == [(path, keyword)]


@pytest.mark.parametrize(
    ("text", "path", "keyword"),
    [
        ("{id: a, impl: a.py}", "$", "required"),
        ("{id: 5, kind: toool}", "$.kind", "enum"),
        ("{id: a, kind: }", "$.kind", "enum"),
        ("just text", "$", "type"),
    ],
)
def test_a_node_without_a_kind_is_one_error_whatever_else_it_says(text: str, path: str, keyword: str) -> None:
    assert errors("node", text) == [(path, keyword)]


WRONG_DOCUMENTS = [
    ("name: minimal", "nme: minimal", [("$", "additionalProperties"), ("$", "required")]),
    ("0.0.1", "1.0", [("$.version", "type")]),
    ("0.0.1", "1.0.0-beta", [("$.version", "pattern")]),
    ("name: minimal", "name: ''", [("$.name", "minLength")]),
    ("{schema: {}}", "{}", [("$.state", "required")]),
    ("{schema: {}}", "{schema: {a: {type: integer}}}", [("$.state.schema.a.type", "enum")]),
    ("{schema: {}}", "{schema: {a: {merge: append}}}", [("$.state.schema.a.merge", "enum")]),
    ("{schema: {}}", "{schema: {a: array}}", [("$.state.schema.a", "type")]),
    ("{schema: {}}", "{schema: {}, fields: {}}", [("$.state", "additionalProperties")]),
    ("edges: []", "edges: [{from: a}]", [("$.graph.edges[0]", "required")]),
    ("edges: []", "edges: [{from: a, to: b, if: x}]", [("$.graph.edges[0]", "additionalProperties")]),
    ("edges: []", "edges: [{from: a, to: b, when: true}]", [("$.graph.edges[0].when", "type")]),
    (", edges: []", "", [("$.graph", "required")]),
    (
        "edges: []",
        "edges: [], loops: [{id: l, body: a, max_iters: 0}]",
        [("$.graph.loops[0].max_iters", "minimum")],
    ),
    (
        "edges: []",
        "edges: [], pipelines: [{id: p, items: $.l, stages: []}]",
        [("$.graph.pipelines[0].stages", "minItems")],
    ),
    ("[{id: a, kind: tool, impl: a.py}]", "[]", [("$.graph.nodes", "minItems")]),
    ("impl: a.py", "impl: 1", [("$.graph.nodes[0].impl", "type")]),
    ("name: minimal", "name: minimal\n    runtime: {concurrency: 0}", [("$.runtime.concurrency", "minimum")]),
    (
        "name: minimal",
        "name: minimal\n    runtime: {limits: {rpm: 1}}",
        [("$.runtime.limits", "additionalProperties")],
    ),
    ("name: minimal", "name: minimal\n    phases: [{title: A}]", [("$.phases[0]", "required")]),
    ("name: minimal", "name: minimal\n    args: {type: array}", [("$.args.type", "const")]),
]


@pytest.mark.parametrize(("part", "wrong", "expected"), WRONG_DOCUMENTS)
def test_one_mistake_outside_of_nodes_is_one_error(part: str, wrong: str, expected: list[tuple[str, str]]) -> None:
    assert part in MINIMAL
    assert sorted(errors(None, MINIMAL.replace(part, wrong))) == expected


def test_the_fields_of_the_state_and_nodes_only_warn_of_keys_that_nobody_knows() -> None:
    definitions = experience_schema()["$defs"]
    open_ones = {name for name, schema in definitions.items() if schema.get("x-unknownKeys") == "warn"}

    assert open_ones >= {"stateField", *(discriminated("node", {"kind": kind}) for kind in kinds())}
    assert not any(definitions[name].get("additionalProperties") is False for name in open_ones)


def kinds() -> list[str]:
    return list(experience_schema()["$defs"]["node"]["x-discriminator"]["mapping"])


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_node_takes_all_the_common_keys(kind: str) -> None:
    definitions = experience_schema()["$defs"]
    own = definitions[discriminated("node", {"kind": kind})]["properties"]

    assert definitions["commonNode"]["properties"].keys() <= own.keys()
