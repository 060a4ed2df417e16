"""The events of a run log as types, one class per `type` (schemas/event.schema.json). Encoding lives in codec.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from engine.expressions import Json
from engine.log.tallies import Counts as Counts  # noqa: PLC0414 - parts of events like those below
from engine.log.tallies import ErrorInfo as ErrorInfo  # noqa: PLC0414
from engine.log.tallies import Location as Location  # noqa: PLC0414
from engine.log.tallies import Sums as Sums  # noqa: PLC0414

LOG_VERSION = 1
"""`run.started.v`. A reader refuses a log with a greater one."""


class RunStatus(str, Enum):
    """How a run ended. A run without an end is *running* or *interrupted*: its lock says which (docs/design.md)."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    WAITING = "waiting"


class ScopeKind(str, Enum):
    """What a node can run inside."""

    EXPERIENCE = "experience"
    PIPELINE = "pipeline"
    LOOP = "loop"
    FANOUT = "fanout"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a fan-out. `key` is 16 hex digits of its value's hash, `#`, and its ordinal among equal values."""

    index: int
    key: str


@dataclass(frozen=True, slots=True)
class Scope:
    """One step of what a node runs inside; `id` is the id of that vertex."""

    kind: ScopeKind
    id: str
    item: Item | None = None
    iteration: int | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an execution cost. Tokens are counts, `cost_usd` is US dollars, unknown where absent."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """What an execution returned. `edge_output` is kept apart from null by `has_edge_output`."""

    state_delta: Mapping[str, Json] = field(default_factory=dict)
    edge_output: Json = None
    has_edge_output: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """What an execution receives: its args, what its `source` or `inputs` came to (`given`), the fields it reads, the
    edge outputs, and in a fan-out or pipeline its item, which may be null.

    In a log, a value may be a name for one that an earlier line holds (engine.log.input_names).
    """

    args: Mapping[str, Json] = field(default_factory=dict)
    given: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[str, Json] = field(default_factory=dict)
    edges: Mapping[str, Json] = field(default_factory=dict)
    item: Json = None
    has_item: bool = False


@dataclass(frozen=True, slots=True)
class EdgeEnds:
    """An edge, named by its ends."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Cause:
    """The node or the edge that a skip or a cancellation comes from."""

    node: str | None = None
    edge: EdgeEnds | None = None


@dataclass(frozen=True, slots=True)
class ProducedBy:
    """The execution that a restored output comes from."""

    run_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class ExperienceRef:
    """The experience that ran; `path` is that of its experience.yaml."""

    name: str
    version: str
    path: str


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a run wrote to a field: its writes merged by `merge` into one `value`; `node_id` is the last that wrote."""

    value: Json
    node_id: str
    merge: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The runs that this one continues: the first of them, how many lie between, and what they spent."""

    root_run_id: str
    depth: int = 0
    spent: Sums = Sums()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first line of every log: all that a resume needs to begin from. `nodes` are the vertices' ids, in order."""

    type: ClassVar[str] = "run.started"
    v: int = LOG_VERSION
    args: Mapping[str, Json] = field(default_factory=dict)
    state: Mapping[str, Json] = field(default_factory=dict)
    experience: ExperienceRef | None = None
    nodes: tuple[str, ...] = ()
    spec_hash: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Json] = field(default_factory=dict)
    original_run_id: str | None = None
    lineage: Lineage | None = None
    engine: str | None = None
    pid: int | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    """An execution begins (`attempt_id`), or a fan-out of `items` does. `reasons`: why it is not restored."""

    type: ClassVar[str] = "node.started"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    items: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAttempt:
    """A try failed and will be repeated after `wait_ms`; `level` is `node` or `llm`."""

    type: ClassVar[str] = "node.attempt"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt: int
    attempt_id: str
    level: str
    error: ErrorInfo
    wait_ms: int
    metrics: Metrics | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCached:
    """An outcome was restored from another run's log. `reasons`: why, although it would run again by its inputs."""

    type: ClassVar[str] = "node.cached"
    node_id: str
    scope: tuple[Scope, ...] = ()
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    input_hash: str
    input_parts: Mapping[str, str]
    output: Output
    duration_ms: float
    metrics: Metrics | None = None
    produced: Mapping[str, str] | None = None
    produced_by: ProducedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCompleted:
    """An execution succeeded; or, with `counts` and without output, a fan-out did.

    `produced` are the files that it made, of those that its node names under `produces`: path to hash.
    """

    type: ClassVar[str] = "node.completed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input_hash: str | None = None
    input_parts: Mapping[str, str] | None = None
    output: Output | None = None
    counts: Counts | None = None
    duration_ms: float
    metrics: Metrics | None = None
    restorable: bool = True
    restorable_reason: str | None = None
    produced: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    """Final: the node or item will not be tried again in this run.

    `started_in`: it was not tried, since it had been started in that run, whose log does not tell its end.
    """

    type: ClassVar[str] = "node.failed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    error: ErrorInfo
    duration_ms: float | None = None
    counts: Counts | None = None
    metrics: Metrics | None = None
    started_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped:
    """The node does not run in this run."""

    type: ClassVar[str] = "node.skipped"
    node_id: str
    scope: tuple[Scope, ...] = ()
    reason: str
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCancelled:
    """The node was in flight, or had not begun, when the run was stopped. `started_in` is as in NodeFailed."""

    type: ClassVar[str] = "node.cancelled"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    metrics: Metrics | None = None
    reason: str
    cause: Cause | None = None
    started_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeActivity:
    """What a node is doing now, in a few words."""

    type: ClassVar[str] = "node.activity"
    node_id: str
    scope: tuple[Scope, ...] = ()
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTokens:
    """Tokens of one LLM call, and what they cost where that is known: what counts of an execution that has no end."""

    type: ClassVar[str] = "node.tokens"
    node_id: str
    scope: tuple[Scope, ...] = ()
    tokens_in: int
    tokens_out: int
    cost_usd: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeWarning:
    """Something the author of the node should know; the node goes on."""

    type: ClassVar[str] = "node.warning"
    node_id: str
    scope: tuple[Scope, ...] = ()
    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWarning:
    """Something the user should know; the run goes on."""

    type: ClassVar[str] = "run.warning"
    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """The last line of a log. `counts` are of vertices, an item of a fan-out is not one. `wrote` is by state field.

    `failed_at` is the first vertex, in the graph's order, that failed, and `error` says why.
    """

    type: ClassVar[str] = "run.finished"
    status: RunStatus
    reason: str | None = None
    failed_at: str | None = None
    error: ErrorInfo | None = None
    counts: Counts
    spent: Sums = Sums()
    inherited: Sums = Sums()
    lineage: Sums = Sums()
    wrote: Mapping[str, Wrote] | None = None
    duration_ms: float


NodeEvent = (
    NodeStarted
    | NodeAttempt
    | NodeCached
    | NodeCompleted
    | NodeFailed
    | NodeSkipped
    | NodeCancelled
    | NodeActivity
    | NodeTokens
    | NodeWarning
)
RunEvent = RunStarted | RunWarning | RunFinished
Event = NodeEvent | RunEvent

EVENT_TYPES: Mapping[str, type[Event]] = {
    cls.type: cls
    for cls in (
        RunStarted,
        NodeStarted,
        NodeAttempt,
        NodeCached,
        NodeCompleted,
        NodeFailed,
        NodeSkipped,
        NodeCancelled,
        NodeActivity,
        NodeTokens,
        NodeWarning,
        RunWarning,
        RunFinished,
    )
}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a log: an event with its place (`seq`: 0, 1, 2 …) and time (ISO-8601 UTC, milliseconds)."""

    seq: int
    ts: str
    run_id: str
    event: Event
