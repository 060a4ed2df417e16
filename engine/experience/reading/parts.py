"""The parts of a text: the lists that are read item by item, and the shell around them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from engine.experience.json_schema.definitions import Part
from engine.experience.json_schema.embedded_schemas import schema_flaws
from engine.experience.json_schema.schema_errors import Flaw, find_flaws
from engine.experience.model import Edge, Experience, Loop, Node, Pipeline, StateField
from engine.experience.reading.defaults import default_flaws
from engine.experience.reading.items import read_edge, read_loop, read_node, read_pipeline
from engine.experience.reading.sections import Section, read_fields, read_list
from engine.experience.source.locate import as_json
from engine.syntax import NodeKind, View

_LISTS = ("nodes", "edges", "pipelines", "loops")


class Shell(Struct, frozen=True):
    """Everything outside the lists. `key` is equal for equal shells."""

    value: dict[str, Any]
    flaws: tuple[Flaw, ...]
    key: str


class Parts(Struct, frozen=True):
    """The parts of a text whose top level is a mapping."""

    shell: Shell
    nodes: Section[Node]
    edges: Section[Edge]
    pipelines: Section[Pipeline]
    loops: Section[Loop]
    fields: Section[StateField]

    @property
    def all(self) -> tuple[Section[Any], ...]:
        """All lists, in the order in which their names are declared."""
        return (self.fields, self.nodes, self.edges, self.pipelines, self.loops)

    @property
    def with_ids(self) -> tuple[Section[Any], ...]:
        """The lists whose items have ids: vertices of the graph, or nodes that run in one."""
        return (self.nodes, self.pipelines, self.loops)

    def experience(self) -> Experience:
        """The model, without the items that could not be read."""
        shell = self.shell.value
        runtime, args = _mapping(shell.get("runtime")), shell.get("args")
        limits, budget = _mapping(runtime.get("limits")), _mapping(runtime.get("budget"))
        description = shell.get("description")
        return Experience(
            name=_text(shell.get("name")),
            version=_text(shell.get("version")),
            nodes=self.nodes.models(),
            edges=self.edges.models(),
            fields=self.fields.models(),
            description=description if isinstance(description, str) else None,
            pipelines=self.pipelines.models(),
            loops=self.loops.models(),
            concurrency=_count(runtime.get("concurrency")),
            requests_per_minute=_count(limits.get("requests_per_minute")),
            tokens_per_minute=_count(limits.get("tokens_per_minute")),
            max_cost_usd=_amount(budget.get("max_cost_usd")),
            max_tokens=_count(budget.get("max_tokens")),
            max_duration_ms=_count(budget.get("max_duration_ms")),
            args_schema=args if isinstance(args, dict) else None,
        )


def read_parts(root: View, previous: Parts | None) -> Parts:
    """Reads each part on its own, reusing the parts of `previous` whose text is unchanged."""
    graph, state = root.get("graph"), root.get("state")
    nodes, edges, pipelines, loops = (graph.get(name) if graph else None for name in _LISTS)
    return Parts(
        shell=_read_shell(root, graph, state, previous.shell if previous else None),
        nodes=read_list(nodes, previous.nodes if previous else None, read_node),
        edges=read_list(edges, previous.edges if previous else None, read_edge),
        pipelines=read_list(pipelines, previous.pipelines if previous else None, read_pipeline),
        loops=read_list(loops, previous.loops if previous else None, read_loop),
        fields=read_fields(state.get("schema") if state else None, previous.fields if previous else None),
    )


def _read_shell(root: View, graph: View | None, state: View | None, previous: Shell | None) -> Shell:
    value = {
        **_members(root),
        **_member("graph", graph, _LISTS),
        **_member("state", state, ("schema",)),
    }
    # As text, since `1`, `1.0` and `true` are equal in Python.
    key = repr(value)
    if previous and previous.key == key:
        return previous
    args = value.get("args")
    flaws = (
        *find_flaws(Part.SHELL, value, "an experience"),
        *schema_flaws(args, ("args",)),
        *default_flaws(args, ("args",)),
    )
    return Shell(value, flaws, key)


def _members(view: View, hollow: tuple[str, ...] = ("graph", "state")) -> dict[str, Any]:
    """A mapping's value, in which the lists and mappings under the keys in `hollow` are emptied."""
    value = view.value
    kept = {key: _hollow(member) if key in hollow else member for key, member in value.items()}
    members = as_json(kept)
    return members if isinstance(members, dict) else {}


def _member(key: str, view: View | None, hollow: tuple[str, ...]) -> dict[str, Any]:
    return {key: _members(view, hollow)} if view and view.kind is NodeKind.MAPPING else {}


def _hollow(value: Any) -> Any:
    if isinstance(value, list):
        return value and [None]
    return {} if isinstance(value, dict) else value


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    """A whole number of at least 1, as the schema requires; None for any other value."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if whole and not isinstance(value, bool) and value >= 1 else None


def _amount(value: Any) -> float | None:
    """A number of at least 0, as the schema requires; None for any other value."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None
