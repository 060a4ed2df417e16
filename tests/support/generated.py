"""Valid experiences in any number: each seed gives one folder, the same at every call, with all the files it names."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Files = dict[str, str]
_TOOL = "def run(given):\n    return {{'state_delta': {{}}}}\n\n\ndef {name}(given):\n    return {{}}\n"
_MODULE = "export default function tool(given) {{ return {{}} }}\nexport const {name} = (given) => ({{}})\n"
_TYPES: dict[str, Any] = {"string": "x", "number": 1, "boolean": True, "array": [], "object": {}}


class Experience:
    """One experience as it grows, node by node; `values` are the fields that a later node may read, with their type."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.files: Files = {}
        self.fields: dict[str, dict[str, Any]] = {}
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self.pipelines: list[dict[str, Any]] = []
        self.loops: list[dict[str, Any]] = []
        self.args: dict[str, Any] = {}
        self.last: list[str] = []

    def field(self, type_: str, **more: Any) -> str:
        """A new field; its name."""
        name = f"{type_}_{len(self.fields)}"
        self.fields[name] = {"type": type_, **more}
        return name

    def readable(self, *types: str) -> list[str]:
        """The fields of these types that are written before the next node, or have a default."""
        return [name for name, rules in self.fields.items() if rules["type"] in types or not types]

    def node(self, kind: str, *, alone: bool = False, **keys: Any) -> str:
        """A new node behind all that came last; its id. `alone`: no edge leads to it."""
        id_ = f"{kind.replace('-', '_')}_{len(self.nodes)}"
        self.nodes.append({"id": id_, "kind": kind, **keys})
        if not alone:
            self.edges += [{"from": before, "to": id_} for before in self.last]
            self.last = [id_]
        return id_

    def tool(self, **keys: Any) -> str:
        """A tool in Python or JavaScript, with a function of its own or the usual one."""
        number = len(self.files)
        suffix, text = self.random.choice([("py", _TOOL), ("mjs", _MODULE)])
        path, name = f"tools/t{number}.{suffix}", f"work{number}"
        self.files[path] = text.format(name=name)
        return self.node("tool", impl=f"./{path}" + self.random.choice(["", f":{name}"]), **keys)

    def write(self, folder: Path) -> Path:
        """Put it all into a folder; the path of its experience.yaml."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        document: dict[str, Any] = {"name": f"generated-{self.seed}", "version": "1.0.0"}
        if self.args:
            document["args"] = {"type": "object", "properties": self.args}
        document["state"] = {"schema": self.fields}
        if self.random.random() < 0.5:
            document["phases"] = [{"id": "collect", "title": "Collect"}, {"id": "tell"}]
        graph = {"nodes": self.nodes, "edges": self.edges, "pipelines": self.pipelines, "loops": self.loops}
        document["graph"] = {key: value for key, value in graph.items() if value or key in ("nodes", "edges")}
        flow = self.random.choice([None, False, True])
        file = folder / "experience.yaml"
        file.write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=flow, width=100), encoding="utf-8")
        return file


def generate(seed: int) -> Experience:
    """The experience of a seed: a dataset or tool that starts, and two to nine steps of every kind behind it."""
    experience = Experience(seed)
    experience.tool(writes=[experience.field("array"), experience.field("string"), experience.field("number")])
    for step in experience.random.choices(_STEPS, k=experience.random.randint(2, 9)):
        step(experience)
    experience.tool(reads=[name for name in experience.fields if experience.random.random() < 0.7])
    return experience


def _dataset(e: Experience) -> None:
    path = f"data/rows{len(e.files)}.csv"
    e.files[path] = "a,b\n1,2\n"
    e.node("dataset", source={"type": "file", "uri": path}, writes=[e.field("array")])


def _made_dataset(e: Experience) -> None:
    path = f"out/rows{len(e.files)}.json"
    e.tool(produces=[path], args={"file": path})
    e.node("dataset", source={"type": "file", "uri": path}, writes=[e.field("array")])


def _asked_dataset(e: Experience) -> None:
    e.files["mcp.json"] = '{"servers": {"notes": {"command": "notes-server"}}}'
    e.args["url"] = {"type": "string", "format": "uri", "default": "https://example.com/rows"}
    source = e.random.choice(
        [
            {"type": "http", "url": "$args.url", "headers": {"Authorization": "Bearer ${TOKEN}"}},
            {"type": "http", "url": "https://example.com/rows", "method": "POST", "body": {"first": "$args.url"}},
            {"type": "mcp-resource", "server": "notes", "uri": "notes://today"},
        ]
    )
    e.node("dataset", source=source, writes=[e.field("array", items={"type": ["object", "null"]})])


def _phases(e: Experience) -> None:
    """Phases for some of the nodes, declared or not declared at all."""
    for node in e.random.sample(e.nodes, k=min(2, len(e.nodes))):
        node["phase"] = e.random.choice(["collect", "tell"])


def _text_agent(e: Experience) -> None:
    reads = e.random.sample(e.readable(), k=min(2, len(e.fields)))
    prompt = "Look at " + ", ".join(e.random.choice(["{{%s}}", "{{ $.%s }}"]) % name for name in reads) + "."
    if e.random.random() < 0.5:
        e.files[f"prompts/p{len(e.files)}.md"] = prompt
        prompt = f"./prompts/p{len(e.files) - 1}.md"
    e.node("agent", prompt=prompt, reads=reads, writes=[e.field("string")], args={"tone": "$args.tone"})
    e.args["tone"] = {"type": "string", "default": "kind"}


def _structured_agent(e: Experience) -> None:
    types = e.random.sample(list(_TYPES), k=2)
    names = [e.field(type_) for type_ in types]
    schema = {
        "type": "object",
        "required": names,
        "additionalProperties": e.random.random() < 0.5,
        "properties": {name: {"type": type_} for name, type_ in zip(names, types, strict=True)},
    }
    if e.random.random() < 0.4:
        e.files[f"schemas/s{len(e.files)}.json"] = json.dumps(schema)
        e.node("agent", prompt="Decide.", schema=f"./schemas/s{len(e.files) - 1}.json", writes=names)
    else:
        e.node("agent", prompt="Decide.", schema=schema, writes=names)


def _fan_out(e: Experience) -> None:
    source = e.random.choice([f"$.{e.random.choice(e.readable('array'))}", "$args.items"])
    e.args["items"] = {"type": "array", "default": []}
    results = e.field("array", merge="array_append", default=[])
    e.node(
        "agent",
        prompt="Look at {{$item}}, number {{$index}}.",
        for_each={"source": source, "concurrency": 2},
        schema={"type": "object", "properties": {results: {"type": "array"}}},
        writes=[results],
    )


def _branches(e: Experience) -> None:
    """Two ways, of which one is taken, that write the same field and meet again."""
    start, number, result = e.last, e.readable("number")[0], e.field("string")
    ends = []
    for when in (f"$.{number} >= 7", f"$.{number} < 7"):
        e.last = start
        ends.append(e.tool(writes=[result]))
        for edge in e.edges[-len(start) :]:
            edge["when"] = when
    e.last = ends
    e.tool(join="any", reads=[result])


def _side_by_side(e: Experience) -> None:
    start, both = e.last, e.field("array", merge="array_append", default=[])
    ends = []
    for _ in range(e.random.randint(2, 4)):
        e.last = start
        ends.append(e.tool(writes=[both], args={"first": f"$.{e.random.choice(e.readable())}"}))
    e.last = ends
    e.tool(reads=[both])


def _pipeline(e: Experience) -> None:
    before, results = e.last, e.field("array", merge="array_append", default=[])
    e.last = []
    stages = [e.tool(args={"row": "$item", "at": "$index"}), e.tool(writes=[results], args={"in": "$pipeline"})]
    e.edges = [edge for edge in e.edges if edge["to"] not in stages]
    pipeline = f"pipeline_{len(e.pipelines)}"
    e.pipelines.append({"id": pipeline, "items": f"$.{e.random.choice(e.readable('array'))}", "stages": stages})
    e.edges += [{"from": node, "to": pipeline} for node in before]
    e.last = [pipeline]


def _loop(e: Experience) -> None:
    before, score = e.last, e.field("number", default=0)
    e.last = []
    body = e.tool(reads=[score], writes=[score], args={"time": "$iter"})
    loop = f"loop_{len(e.loops)}"
    e.loops.append({"id": loop, "body": body, "until": f"$.{score} >= 9", "max_iters": e.random.randint(1, 9)})
    e.edges += [{"from": node, "to": loop} for node in before]
    e.last = [loop]


def _skill(e: Experience) -> None:
    path = f"skills/s{len(e.files)}"
    e.files[f"{path}/SKILL.md"] = "---\nname: s\n---\nDo it.\n"
    e.node("skill", impl=f"./{path}", inputs={"text": f"$.{e.readable('string')[0]}"}, writes=[e.field("string")])


def _cli_agent(e: Experience) -> None:
    sender, workdir = e.last[0], e.random.choice([".", "work"])
    e.files["work/README.md"] = "Here.\n"
    prompt = f"Go on with {{{{{sender}}}}}."
    e.node("cli-agent", provider="codex", prompt=prompt, workdir=workdir, writes=[e.field("string")])


def _nested(e: Experience) -> None:
    path, given = f"inner{len(e.files)}", e.field("string")
    e.files[f"{path}/experience.yaml"] = (
        "name: inner\nversion: 1.0.0\nargs: {type: object, required: [text], properties: {text: {type: string}}}\n"
        f"state: {{schema: {{{given}: {{type: string}}}}}}\n"
        "graph:\n  edges: []\n  nodes:\n"
        f"  - {{id: a, kind: tool, impl: ./a.py, args: {{t: $args.text}}, writes: [{given}]}}\n"
    )
    e.files[f"{path}/a.py"] = _TOOL.format(name="a")
    text = f"$.{e.readable('string')[0]}"
    e.node("experience", impl=f"./{path}/experience.yaml", args={"text": text}, writes=[given])


def _shared(e: Experience) -> None:
    path, given, taken = f"shared{len(e.files)}", e.field("array"), e.readable("string")[0]
    e.files[f"{path}/experience.yaml"] = (
        "name: shared\nversion: 1.0.0\n"
        f"state: {{schema: {{{given}: {{type: array}}, {taken}: {{type: string}}}}}}\n"
        f"graph: {{nodes: [{{id: a, kind: tool, impl: ./a.py, reads: [{taken}], writes: [{given}]}}], edges: []}}\n"
    )
    e.files[f"{path}/a.py"] = _TOOL.format(name="a")
    e.node("experience", impl=f"./{path}", state_scope="shared")
    e.tool(reads=[given])


def _condition(e: Experience) -> None:
    """A node behind a condition; what follows it goes on where it is skipped, too."""
    start, name = e.last, e.random.choice(e.readable("array", "string", "number"))
    conditions = {
        "array": [f"length($.{name}) > 0", f"$.{name}.length >= 2", f"$.{name}[0] != null", f"'x' in $.{name}"],
        "string": [f"$.{name} == 'x'", f"startsWith($.{name}, 'a') || !$.{name}", f"$.{name} != null"],
        "number": [f"$.{name} >= 3 && $.{name} <= 7", f"!($.{name} == 0)", f"defined($.{name})"],
    }
    id_ = e.tool()
    for edge in e.edges[-len(start) :]:
        edge["when"] = e.random.choice(conditions[e.fields[name]["type"]])
    e.last = [*start, id_]
    e.tool(join="any")


_STEPS: tuple[Callable[[Experience], None], ...] = (
    _dataset,
    _made_dataset,
    _text_agent,
    _structured_agent,
    _fan_out,
    _branches,
    _side_by_side,
    _pipeline,
    _loop,
    _skill,
    _cli_agent,
    _nested,
    _shared,
    _condition,
    _asked_dataset,
    _phases,
)
