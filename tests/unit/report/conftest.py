"""Logs made by hand, and pictures of experiences written as YAML."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from engine.experience.graph import build_graph
from engine.expressions import Json
from engine.log.events.events import (
    Event,
    ExperienceRef,
    Item,
    NodeCompleted,
    NodeStarted,
    Output,
    Record,
    RunStarted,
    Scope,
    ScopeKind,
)
from engine.log.reading.summary import RunSummary, summarise
from engine.log.reading.view import fold
from engine.report.drawing.diagram import Picture, picture_of
from tests.support.experiences import experience, yaml_graph

RUN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"


def a_log(*events: Event, run_id: str = RUN, step_ms: int = 100) -> tuple[Record, ...]:
    """The records of `events`, one every `step_ms` from the start of an hour."""
    return tuple(
        Record(seq, f"2026-05-28T09:00:{seq * step_ms // 1000:02}.{seq * step_ms % 1000:03}Z", run_id, event)
        for seq, event in enumerate(events)
    )


def begun(*nodes: str, args: Mapping[str, Json] | None = None, state: Mapping[str, Json] | None = None) -> RunStarted:
    """The first event of a run of `nodes`."""
    ref = ExperienceRef("demo", "1.0.0", "/somewhere/experience.yaml")
    return RunStarted(args=args or {}, state=state or {}, experience=ref, nodes=nodes, engine="oe-lsp test")


def item(of: str, index: int) -> tuple[Scope, ...]:
    """The scope of an item of the fan-out `of`."""
    return (Scope(ScopeKind.FANOUT, of, Item(index, f"{index:016x}#0")),)


def started(node_id: str, scope: tuple[Scope, ...] = (), *, items: int | None = None) -> NodeStarted:
    """An execution, or a fan-out of `items`, begins."""
    return NodeStarted(node_id=node_id, scope=scope, items=items)


def completed(
    node_id: str,
    scope: tuple[Scope, ...] = (),
    *,
    delta: Mapping[str, Json] | None = None,
    edge: Json = None,
    parts: Mapping[str, str] | None = None,
    ms: float = 100.0,
) -> NodeCompleted:
    """An execution that returned a state delta and an edge output (None: no edge output)."""
    output = Output(delta or {}, UNSET if edge is None else edge)
    return NodeCompleted(node_id=node_id, scope=scope, output=output, input_parts=parts or {}, duration_ms=ms)


def summary_of(records: tuple[Record, ...]) -> RunSummary:
    """The summary that `oe inspect` makes."""
    summary = summarise(fold(records), alive=False)
    assert summary is not None
    return summary


def picture(nodes: str, edges: str = "[]", extra: str = "", state: str = "") -> Picture:
    """The picture of an experience; `extra` are further lines of its `graph`."""
    made = experience(yaml_graph(nodes, edges, state) + extra)
    return picture_of(made, build_graph(made))
