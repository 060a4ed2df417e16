"""Together the examples use every key of the format, and every kind of what has kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.experience.load import load
from engine.experience.problems import Severity
from engine.experience.source.locate import as_json
from schemas import experience_schema

EXAMPLES = Path(__file__).parents[2] / "examples"
SCHEMA = experience_schema()
DEFINITIONS = SCHEMA["$defs"]

WITHOUT_EFFECT = {("state", "store")}
"""Keys that are accepted because the public format has them, and do nothing: an example would teach a superstition."""

NODES = {
    "tool": "toolNode",
    "agent": "agentNode",
    "skill": "skillNode",
    "dataset": "datasetNode",
    "experience": "experienceNode",
    "cli-agent": "cliAgentNode",
}
SOURCES = {"file": "fileSource", "sqlite": "sqliteSource", "http": "httpSource", "mcp-resource": "mcpResourceSource"}
POLICIES = {"skip": "onErrorSkip", "fail_run": "onErrorFailRun", "retry": "onErrorRetry"}
COMMON = set(DEFINITIONS["commonNode"]["properties"]) | {"args"}
MODELS = set(DEFINITIONS["llm"]["properties"])
FIELD_KEYS = {"type", "merge", "persist", "default", "description"}
"""Those of a state field that are not JSON Schema's own."""

SERIOUS = (Severity.ERROR, Severity.WARNING)
EXPERIENCES = sorted(EXAMPLES.rglob("experience.yaml"))


def document(file: Path) -> Mapping[str, Any]:
    root = load(file).analysis.tree.root
    assert root is not None
    value = as_json(root.value)
    assert isinstance(value, dict)
    return value


def used_keys(example: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each key in the file, with the definition of the schema that it belongs to."""
    yield from keys_of("experience", example)
    yield from keys_of("state", example["state"])
    for field in example["state"]["schema"].values():
        yield from keys_of("stateField", field)
    for phase in example.get("phases", ()):
        yield from keys_of("phase", phase)
    yield from keys_of("graph", example["graph"])
    for name, definition in (("edges", "edge"), ("pipelines", "pipeline"), ("loops", "loop")):
        for each in example["graph"].get(name, ()):
            yield from keys_of(definition, each)
    for node in example["graph"]["nodes"]:
        yield from keys_of_node(node)
    runtime = example.get("runtime", {})
    yield from keys_of("runtime", runtime)
    yield from keys_of("limits", runtime.get("limits", {}))
    yield from keys_of("budget", runtime.get("budget", {}))


def keys_of_node(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((definition_of(node["kind"], key), key) for key in node)
    if node["kind"] == "dataset":
        yield from keys_of(SOURCES[node["source"]["type"]], node["source"])
    if "on_error" in node:
        yield from keys_of(POLICIES[node["on_error"]["policy"]], node["on_error"])
    yield from keys_of("forEach", node.get("for_each", {}))


def definition_of(kind: str, key: str) -> str:
    """Where the key is described: with all nodes, with those that ask a model, or with its own kind."""
    if key in COMMON:
        return "commonNode"
    return "llm" if key in MODELS and kind in ("agent", "skill") else NODES[kind]


def keys_of(definition: str, written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((definition, key) for key in written)


def known_keys() -> set[tuple[str, str]]:
    """Each key that the schema knows, with its definition."""
    found = {("experience", key) for key in SCHEMA["properties"]}
    for definition in ("state", "phase", "graph", "commonNode", "forEach", "edge", "pipeline", "loop"):
        found |= set(keys_of(definition, DEFINITIONS[definition]["properties"]))
    for definition in ("runtime", "limits", "budget", *SOURCES.values(), *POLICIES.values()):
        found |= set(keys_of(definition, DEFINITIONS[definition]["properties"]))
    for kind, definition in NODES.items():
        found |= {(definition_of(kind, key), key) for key in DEFINITIONS[definition]["properties"]}
    return found | {("stateField", key) for key in FIELD_KEYS}


USED = {key for file in EXPERIENCES for key in used_keys(document(file))}


@pytest.mark.parametrize(("definition", "key"), sorted(known_keys() - WITHOUT_EFFECT))
def test_an_example_uses_the_key(definition: str, key: str) -> None:
    assert (definition, key) in USED


def test_no_example_uses_a_key_that_does_nothing() -> None:
    assert not USED & WITHOUT_EFFECT


@pytest.mark.parametrize(("definition", "key"), sorted(WITHOUT_EFFECT))
def test_what_does_nothing_says_so_in_the_schema(definition: str, key: str) -> None:
    assert "has no effect" in DEFINITIONS[definition]["properties"][key]["description"]


def test_the_definitions_that_are_looked_at_are_all_there_are() -> None:
    kinds = {"nodeKind": NODES, "sourceType": SOURCES, "errorPolicy": POLICIES}

    assert all(set(DEFINITIONS[name]["enum"]) == set(table) for name, table in kinds.items())


@pytest.mark.parametrize("provider", DEFINITIONS["cliAgentNode"]["properties"]["provider"]["enum"])
def test_an_example_uses_the_coding_agent(provider: str) -> None:
    assert any(node.get("provider") == provider for file in EXPERIENCES for node in document(file)["graph"]["nodes"])


@pytest.mark.parametrize("merge", DEFINITIONS["stateField"]["properties"]["merge"]["enum"])
def test_an_example_uses_the_merge(merge: str) -> None:
    fields = [field for file in EXPERIENCES for field in document(file)["state"]["schema"].values()]

    assert any(field.get("merge") == merge for field in fields)


@pytest.mark.parametrize("file", EXPERIENCES, ids=lambda file: file.parent.relative_to(EXAMPLES).as_posix())
def test_an_example_has_no_problem_and_a_short_readme(file: Path) -> None:
    readme = EXAMPLES / file.relative_to(EXAMPLES).parts[0] / "README.md"

    assert [problem for problem in load(file).analysis.problems if problem.severity in SERIOUS] == []
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 30
