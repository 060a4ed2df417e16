"""The custom messages of docs/protocol.md as types. Standard messages are in lsprotocol."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from oe_lsp.server.transport.protocol import camel_case

T = TypeVar("T")


@attrs.frozen
class RunsParams:
    """Params of `oe/runs`: the experience whose runs to list, and how many at most."""

    uri: str
    limit: int | None = None


@attrs.frozen
class RunParams:
    """Params of `oe/runState` and `oe/plan`: a run of an experience."""

    uri: str
    run_id: str


@attrs.frozen
class RunItemsParams:
    """Params of `oe/runItems`: some parts of a vertex in a run, after the first `skipped`, at most `limit`."""

    uri: str
    run_id: str
    node_id: str
    skipped: int | None = None
    limit: int | None = None


@attrs.frozen
class RunStarted:
    """Result of `oe.runExperience` and `oe.resumeRun`: the new run, whose run.started is on disk.

    `asking`: the user is asked first, and the run begins, with this id, once the answer allows it.
    """

    run_id: str
    asking: bool = False


@attrs.frozen
class CopiedCommand:
    """Result of `oe.copyCommand`: a command line for a shell."""

    text: str


@attrs.frozen
class SaveFilesParams:
    """Params of `oe/saveFiles`: the files that a run is made of, of which the client saves those that changed."""

    uris: list[str]


@attrs.frozen
class Counts:
    """How many nodes ended with each status."""

    cached: int
    completed: int
    failed: int
    skipped: int
    cancelled: int


@attrs.frozen
class FailedItems:
    """Failed items of fan-outs that completed anyway, and all their items."""

    failed: int
    total: int


@attrs.frozen
class Spent:
    """What was paid: US dollars, None where a price is unknown, and tokens."""

    cost_usd: float | None
    tokens_in: int
    tokens_out: int


@attrs.frozen
class RunSummary:
    """One run. Times are ISO-8601 UTC; `duration_ms` is milliseconds. `name` is the experience's."""

    run_id: str
    status: str
    started_at: str
    counts: Counts
    total: int
    spent: Spent
    name: str
    log_uri: str
    pinned: bool
    finished_at: str | None = None
    duration_ms: float | None = None
    failed_at: str | None = None
    reason: str | None = None
    original_run_id: str | None = None
    kind: str | None = None
    address: str | None = None
    failed_items: FailedItems | None = None


@attrs.frozen
class RunsResult:
    """Result of `oe/runs`: newest first; `has_more` if there are older ones."""

    runs: list[RunSummary]
    has_more: bool


@attrs.frozen
class NodeError:
    """Why a node failed. `line` is 1-based."""

    type: str
    message: str
    file: str | None = None
    line: int | None = None


@attrs.frozen
class Items:
    """Progress of a fan-out."""

    total: int
    ended: int


@attrs.frozen
class NodeState:
    """The state of a node."""

    node_id: str
    status: str
    duration_ms: float | None = None
    error: NodeError | None = None
    reason: str | None = None
    items: Items | None = None
    spent: Spent | None = None


@attrs.frozen
class RunStateResult:
    """Result of `oe/runState`: the log folded up to the event `seq`."""

    run: RunSummary
    seq: int
    nodes: list[NodeState]
    warnings: list[str]


@attrs.frozen
class RunItem:
    """One execution inside a vertex: an item, a stage for an item, an iteration, or a node of a nested experience."""

    place: str
    status: str
    duration_ms: float | None = None
    cost_usd: float | None = None
    error: str | None = None
    reason: str | None = None


@attrs.frozen
class RunItemsResult:
    """Result of `oe/runItems`; `total` counts all parts that the vertex has so far."""

    total: int
    items: list[RunItem]


@attrs.frozen
class ComparedNode:
    """Result of `oe.compareNode`: the URIs of what a node did in both runs, as Markdown."""

    left: str
    right: str


@attrs.frozen
class DeletedRun:
    """Result of `oe.deleteRun`: what was removed, or would be.

    `needed_by` is a kept run whose resume needs this one.
    """

    deleted: bool
    bytes: int
    blobs: int
    pinned: bool
    running: bool
    needed_by: str | None = None


@attrs.frozen
class RunsChanged:
    """Params of `oe/runsChanged`: runs of the experience `uri` began, advanced, ended, came or went.

    `running` are those of them that are running now.
    """

    uri: str
    running: list[RunSummary]


@attrs.frozen
class InspectResult:
    """Result of `oe.inspectRun`: the same, and as text for editors that only show text."""

    state: RunStateResult
    text: str


@attrs.frozen
class PlanChange:
    """An input part that has changed since the run, such as `args.city`, with the difference as text."""

    part: str
    text: str


@attrs.frozen
class PlanEntry:
    """The decision for a node, or for its item at the index `item`, with the reasons.

    `saved_ms` and `saved_usd`: the milliseconds and dollars that restoring saves; None where a price is unknown.
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
    """Result of `oe/plan`: the nodes in the graph's order, each followed by its items where those are known.

    `digest` is the `expect` of `oe.resumeRun`.
    """

    digest: str
    saved_ms: float
    saved_usd: float | None
    entries: list[PlanEntry]


@attrs.frozen
class GraphParams:
    """Params of `oe/graph`: an open experience, and a run whose statuses to show, if any."""

    uri: str
    run_id: str | None = None


@attrs.frozen
class GraphVertex:
    """A node, pipeline or loop, in topological order; `parts` are the nodes inside one, or in a nested experience.

    `range` is that of its id in the newest text. `waits_for`: by edge or data. `status` is that in the run.
    """

    id: str
    kind: str
    notes: list[str]
    waits_for: list[str]
    parts: list[GraphVertex]
    phase: str | None = None
    range: types.Range | None = None
    status: str | None = None
    duration_ms: float | None = None


@attrs.frozen
class GraphEdge:
    """An edge; `label` is the text of its condition."""

    from_: str
    to: str
    label: str | None = None


@attrs.frozen
class GraphData:
    """`to` reads `fields` of the state that `from_` may have written."""

    from_: str
    to: str
    fields: list[str]


@attrs.frozen
class GraphPhase:
    """A phase, in the order of drawing."""

    id: str
    title: str


@attrs.frozen
class GraphResult:
    """Result of `oe/graph`. `is_outdated`: the text has errors now, and this is the last one without."""

    name: str
    vertices: list[GraphVertex]
    edges: list[GraphEdge]
    data: list[GraphData]
    phases: list[GraphPhase]
    is_outdated: bool


@attrs.frozen
class RunPage:
    """Result of `oe.openRunPage`: the address of the page, which holds a secret."""

    url: str


@attrs.frozen
class ArgsParams:
    """Params of `oe/args`: an open experience."""

    uri: str


@attrs.frozen
class DeclaredArg:
    """An arg that an experience declares. `last` is its value in the newest run. None without a value, and for
    secrets.
    """

    name: str
    schema: Mapping[str, Any]
    is_required: bool
    is_secret: bool
    default: Any = None
    last: Any = None


@attrs.frozen
class ArgsResult:
    """Result of `oe/args`: in the order of their declarations."""

    args: list[DeclaredArg]


@attrs.frozen
class CheckArgParams:
    """Params of `oe/checkArg`: the value of an arg as a person typed it."""

    uri: str
    name: str
    text: str


@attrs.frozen
class CheckedArg:
    """Result of `oe/checkArg`: the value, and what is wrong with it, if anything is."""

    value: Any
    problem: str | None = None


@attrs.frozen
class DocumentParams:
    """Params of `oe/document`: a document of the scheme `oe:`."""

    uri: str


@attrs.frozen
class DocumentResult:
    """Result of `oe/document`: its text, Markdown."""

    text: str


@attrs.frozen
class DocumentChanged:
    """Params of `oe/documentChanged`: the text of a document of the scheme `oe:` was replaced."""

    uri: str


@attrs.frozen
class ShownDocument:
    """Result of a command that opened a document."""

    uri: str


@attrs.frozen
class RunEvent:
    """Params of `oe/event`: a line of the log of a run of the experience `uri`."""

    uri: str
    run_id: str
    event: Mapping[str, Any]


def timestamp(moment: datetime) -> str:
    """ISO-8601 UTC with milliseconds, as in the run log."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_params(params: Any, cls: type[T]) -> T:
    """The params of a custom request: strings; strings, and numbers from 0, that may be absent.

    Raises JsonRpcInvalidParams, which names them.
    """
    fields = {camel_case(field.name): field for field in attrs.fields(cls)}  # type: ignore[arg-type]  # an attrs class
    strings = [name for name, field in fields.items() if field.default is attrs.NOTHING]
    numbers = [name for name, field in fields.items() if field.type == "int | None"]
    if not isinstance(params, dict) or not all(isinstance(params.get(name), str) for name in strings):
        raise JsonRpcInvalidParams(f"Expected an object with the strings {', '.join(strings)}.")
    for name in fields.keys() - {*strings, *numbers}:
        if not isinstance(params.get(name), (str, type(None))):
            raise JsonRpcInvalidParams(f"{name} must be a string.")
    for name in numbers:
        number = params.get(name)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise JsonRpcInvalidParams(f"{name} must be a whole number from 0.")
    return cls(*(params.get(name) for name in fields))
