"""Builds the typed model from values that match their definitions. Checks nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.experience.model import (
    AgentSpec,
    Backoff,
    CliAgentSpec,
    DatasetSpec,
    Edge,
    Effects,
    ExperienceSpec,
    ForEach,
    ItemErrorPolicy,
    Join,
    Kind,
    KindSpec,
    Loop,
    Merge,
    Node,
    OnAmbiguous,
    OnError,
    Pipeline,
    Policy,
    SkillSpec,
    StateField,
    ToolSpec,
)
from engine.expressions import Expression

Mapping = dict[str, Any]


_FAIL = OnError()


def build_node(value: Mapping) -> Node:
    """Builds a node of any kind."""
    kind, spec = _KINDS[value["kind"]]
    return Node(
        id=value["id"],
        kind=kind,
        spec=spec(value),
        source=value,
        phase=value.get("phase"),
        description=value.get("description"),
        reads=tuple(value.get("reads", ())),
        writes=tuple(value.get("writes", ())),
        args=value.get("args") or {},
        for_each=_for_each(value["for_each"]) if "for_each" in value else None,
        on_error=_on_error(value["on_error"]) if "on_error" in value else _FAIL,
        join=Join(value["join"]) if "join" in value else Join.ALL,
        timeout_ms=int(value.get("timeout_ms", 600_000)),
        cache=value.get("cache", True),
        on_ambiguous=OnAmbiguous(value["on_ambiguous"]) if "on_ambiguous" in value else OnAmbiguous.RERUN,
        effects=Effects(value["effects"]) if "effects" in value else None,
        produces=tuple(value.get("produces", ())),
    )


def build_edge(value: Mapping, when: Expression | None) -> Edge:
    """Builds an edge; `when` is its parsed condition."""
    return Edge(value["from"], value["to"], when, value.get("when"))


def build_pipeline(value: Mapping) -> Pipeline:
    """Builds a pipeline."""
    return Pipeline(value["id"], value["items"], tuple(value["stages"]), value.get("phase"))


def build_loop(value: Mapping, until: Expression | None) -> Loop:
    """Builds a loop; `until` is its parsed condition. An empty one counts as absent."""
    return Loop(
        value["id"],
        value["body"],
        until,
        value.get("until") or None,
        _whole(value.get("max_iters")),
        _whole(value.get("budget")),
        value.get("phase"),
    )


def build_field(name: str, value: Mapping) -> StateField:
    """Builds a state field."""
    merge = Merge(value["merge"]) if "merge" in value else Merge.LAST_WINS
    return StateField(name, value, merge, value.get("persist", False))


def _for_each(value: Mapping) -> ForEach:
    return ForEach(
        source=value["source"],
        concurrency=int(value.get("concurrency", 1)),
        on_item_error=ItemErrorPolicy(value.get("on_item_error", ItemErrorPolicy.FAIL)),
        max_items=_whole(value.get("max_items")),
    )


def _on_error(value: Mapping) -> OnError:
    return OnError(
        policy=Policy(value["policy"]),
        attempts=int(value.get("attempts", 1)),
        backoff=Backoff(value.get("backoff", Backoff.LINEAR)),
        base_ms=int(value.get("base_ms", 100)),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _schema(value: Any) -> Mapping | str | None:
    """A schema or the path of one; any other value counts as none."""
    return value if isinstance(value, dict) or (isinstance(value, str) and value) else None


def _tool(value: Mapping) -> ToolSpec:
    return ToolSpec(value["impl"])


def _agent(value: Mapping) -> AgentSpec:
    return AgentSpec(
        prompt=value["prompt"],
        model=value.get("model"),
        schema=_schema(value.get("schema")),
        max_tokens=int(value.get("max_tokens", 4096)),
        temperature=value.get("temperature"),
        system=value.get("system"),
    )


def _skill(value: Mapping) -> SkillSpec:
    return SkillSpec(
        impl=value["impl"],
        model=value.get("model"),
        schema=_schema(value.get("schema")),
        inputs=value.get("inputs", {}),
        max_tokens=int(value.get("max_tokens", 4096)),
        temperature=value.get("temperature"),
        system=value.get("system"),
    )


def _dataset(value: Mapping) -> DatasetSpec:
    return DatasetSpec(value["source"])


def _experience(value: Mapping) -> ExperienceSpec:
    return ExperienceSpec(value["impl"], value.get("state_scope", "isolated"), value.get("outputs", {}))


def _cli_agent(value: Mapping) -> CliAgentSpec:
    return CliAgentSpec(
        provider=value["provider"],
        prompt=value["prompt"],
        model=value.get("model"),
        workdir=value.get("workdir"),
        output_format=value.get("output_format", "text"),
        schema=_schema(value.get("schema")),
        extra_args=tuple(value.get("extra_args", ())),
    )


_KINDS: dict[str, tuple[Kind, Callable[[Mapping], KindSpec]]] = {
    kind.value: (kind, spec)
    for kind, spec in (
        (Kind.TOOL, _tool),
        (Kind.AGENT, _agent),
        (Kind.SKILL, _skill),
        (Kind.DATASET, _dataset),
        (Kind.EXPERIENCE, _experience),
        (Kind.CLI_AGENT, _cli_agent),
    )
}
