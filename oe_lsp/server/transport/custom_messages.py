"""The custom messages of docs/protocol.md as types. The standard messages are lsprotocol's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

import attrs
from pygls.exceptions import JsonRpcInvalidParams

from oe_lsp.server.transport.protocol import camel_case

T = TypeVar("T")


@attrs.frozen
class RunsParams:
    """Of `oe/runs`: the experience whose runs are listed."""

    uri: str


@attrs.frozen
class RunParams:
    """Of `oe/runState` and `oe/plan`: a run of an experience."""

    uri: str
    run_id: str


@attrs.frozen
class RunStarted:
    """Result of `oe.runExperience` and `oe.resumeRun`: the new run, whose run.started is on disk."""

    run_id: str


@attrs.frozen
class Counts:
    """How many nodes ended in each way."""

    cached: int
    completed: int
    failed: int
    skipped: int
    cancelled: int


@attrs.frozen
class FailedItems:
    """How many items failed that fan-outs tolerated, of how many."""

    failed: int
    total: int


@attrs.frozen
class RunSummary:
    """One run. Times are ISO-8601 UTC; `duration_ms` is milliseconds."""

    run_id: str
    status: str
    started_at: str
    counts: Counts
    total: int
    log_uri: str
    finished_at: str | None = None
    duration_ms: float | None = None
    failed_at: str | None = None
    reason: str | None = None
    original_run_id: str | None = None
    failed_items: FailedItems | None = None


@attrs.frozen
class RunsResult:
    """Of `oe/runs`: newest first."""

    runs: list[RunSummary]


@attrs.frozen
class NodeError:
    """Why a node failed. `line` is 1-based."""

    type: str
    message: str
    file: str | None = None
    line: int | None = None


@attrs.frozen
class Items:
    """How far a fan-out is."""

    total: int
    ended: int


@attrs.frozen
class NodeState:
    """One node as its run's log tells."""

    node_id: str
    status: str
    duration_ms: float | None = None
    error: NodeError | None = None
    reason: str | None = None
    items: Items | None = None


@attrs.frozen
class RunStateResult:
    """Of `oe/runState`: the log folded up to the event `seq`."""

    run: RunSummary
    seq: int
    nodes: list[NodeState]
    warnings: list[str]


@attrs.frozen
class InspectResult:
    """Of `oe.inspectRun`: the same, and as text for editors that only show text."""

    state: RunStateResult
    text: str


@attrs.frozen
class PlanChange:
    """A part of what a node is made of that is not what it was in the run, such as `args.city`, with the difference."""

    part: str
    text: str


@attrs.frozen
class PlanEntry:
    """What a resume would do with one node, or with the item of it at the index `item`, and why.

    `saved_ms` and `saved_usd` are how many milliseconds and dollars restoring saves; null where a price is unknown.
    """

    node_id: str
    answer: str
    reasons: list[str]
    saved_ms: float
    saved_usd: float | None
    changes: list[PlanChange]
    item: int | None = None


@attrs.frozen
class PlanResult:
    """Of `oe/plan`: the nodes in the graph's order, each followed by its items where those are known.

    `digest` is what `oe.resumeRun` takes as `expect`.
    """

    digest: str
    saved_ms: float
    saved_usd: float | None
    entries: list[PlanEntry]


@attrs.frozen
class RunEvent:
    """Of the notification `oe/event`: a line of the log of a run of the experience `uri`."""

    uri: str
    run_id: str
    event: Mapping[str, Any]


def timestamp(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds, as in the run log."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_params(params: Any, cls: type[T]) -> T:
    """The params of a custom request. Raises JsonRpcInvalidParams, naming what is expected; every field is a string."""
    names = [camel_case(field.name) for field in attrs.fields(cls)]  # type: ignore[arg-type]  # an attrs class
    if not isinstance(params, dict) or not all(isinstance(params.get(name), str) for name in names):
        raise JsonRpcInvalidParams(f"Expected an object with the strings {', '.join(names)}.")
    return cls(*(params[name] for name in names))
