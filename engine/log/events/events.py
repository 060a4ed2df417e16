"""The events of a run log as types, one class per `type` (schemas/event.schema.json). Encoding lives in codec.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import UNSET, Struct, UnsetType, field

from engine.log.events.counters import Amount, Count, Sparse, Whole, nothing
from engine.log.events.counters import Counts as Counts  # noqa: PLC0414 - parts of events like those below
from engine.log.events.counters import ErrorInfo as ErrorInfo  # noqa: PLC0414
from engine.log.events.counters import FailedItems as FailedItems  # noqa: PLC0414
from engine.log.events.counters import Location as Location  # noqa: PLC0414
from engine.log.events.counters import Sums as Sums  # noqa: PLC0414

if TYPE_CHECKING:
    from engine.json_types import Json
else:
    Json = Any  # any value is one; and a type that holds itself is one that msgspec does not take

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


class Item(Whole, frozen=True):
    """One item of a fan-out. `key` is 16 hex digits of its value's hash, `#`, and its ordinal among equal values."""

    index: Count
    key: str


class Scope(Sparse, frozen=True):
    """One step of what a node runs inside; `id` is the id of that vertex."""

    kind: ScopeKind
    id: str
    item: Item | None = None
    iteration: Count | None = None


class Metrics(Sparse, frozen=True):
    """What an execution cost. Tokens are counts, `cost_usd` is US dollars, unknown where absent."""

    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_usd: Amount | None = None
    model: str | None = None


class Output(Sparse, frozen=True):
    """What an execution returned. `edge_output` may be null; it is UNSET where there is none."""

    state_delta: Mapping[str, Json]
    edge_output: Json | UnsetType = UNSET


class Input(Sparse, frozen=True):
    """What an execution receives: its args, what its `source` or `inputs` came to (`given`), the fields it reads, the
    edge outputs, and in a fan-out or pipeline its item, which may be null; it is UNSET elsewhere.

    In a log, a value may be a name for one that an earlier line holds (engine.log.values.input_names).
    """

    args: Mapping[str, Json] = field(default_factory=dict)
    given: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[str, Json] = field(default_factory=dict)
    edges: Mapping[str, Json] = field(default_factory=dict)
    item: Json | UnsetType = UNSET


class EdgeEnds(Whole, frozen=True):
    """An edge, named by its ends."""

    from_: str = field(name="from")
    to: str


class Cause(Sparse, frozen=True):
    """The node or the edge that a skip or a cancellation comes from."""

    node: str | None = None
    edge: EdgeEnds | None = None


class ProducedBy(Whole, frozen=True):
    """The execution that a restored output comes from."""

    run_id: str
    seq: Count


class ExperienceRef(Whole, frozen=True):
    """The experience that ran; `path` is that of its experience.yaml."""

    name: str
    version: str
    path: str


class Wrote(Whole, frozen=True):
    """What a run wrote to a field: its writes merged by `merge` into one `value`; `node_id` is the last that wrote."""

    value: Json
    node_id: str
    merge: str


class Lineage(Whole, frozen=True):
    """The runs that this one continues: the first of them, how many lie between, and what they spent."""

    root_run_id: str
    depth: Count = 0
    spent: Sums = field(default_factory=Sums)


class RunStarted(Sparse, frozen=True, kw_only=True):
    """The first line of every log: all that a resume needs to begin from. `nodes` are the vertices' ids, in order.

    `args` do not have the values of `masked_args`, since they are or hold secrets, nor `state` those of `masked_state`.
    `order` is the run's place among the starts and ends of the runs in its folder (writing/run_order.py); so is that of
    its end. `engine.log.storage.run_store` finds it right after `v`.
    """

    type: ClassVar[str] = "run.started"
    v: Count = field(default_factory=lambda: LOG_VERSION)
    order: Count | None = None
    args: Mapping[str, Json] = field(default_factory=nothing)
    masked_args: tuple[str, ...] = ()
    state: Mapping[str, Json] = field(default_factory=nothing)
    masked_state: tuple[str, ...] = ()
    experience: ExperienceRef | None = None
    nodes: tuple[str, ...] = ()
    spec_hash: str | None = None
    files: Mapping[str, str] = field(default_factory=nothing)
    settings: Mapping[str, Json] = field(default_factory=nothing)
    original_run_id: str | None = field(default_factory=lambda: None)
    lineage: Lineage | None = None
    engine: str | None = None
    pid: Count | None = None
    host: str | None = None


class NodeStarted(Sparse, frozen=True, kw_only=True):
    """An execution begins (`attempt_id`), or a fan-out of `items` does. `reasons`: why it is not restored."""

    type: ClassVar[str] = "node.started"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    items: Count | None = None


class NodeAttempt(Sparse, frozen=True, kw_only=True):
    """A try failed and will be repeated after `wait_ms`; `level` is `node` or `llm`."""

    type: ClassVar[str] = "node.attempt"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt: Count
    attempt_id: str
    level: str
    error: ErrorInfo
    wait_ms: Count
    metrics: Metrics | None = None


class NodeCached(Sparse, frozen=True, kw_only=True):
    """An outcome was restored from another run's log. `reasons`: why, although it would run again by its inputs.

    `keyed_parts` are those of `input_parts` that come from a secret, each with the id of the key it was hashed with.
    """

    type: ClassVar[str] = "node.cached"
    node_id: str
    scope: tuple[Scope, ...] = ()
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    input_hash: str
    input_parts: Mapping[str, str]
    keyed_parts: Mapping[str, str] | None = None
    output: Output
    duration_ms: Amount
    metrics: Metrics | None = None
    produced: Mapping[str, str] | None = None
    loaded: Mapping[str, str] | None = None
    produced_by: ProducedBy


class NodeCompleted(Sparse, frozen=True, kw_only=True):
    """An execution succeeded; or, with `counts` and without output, a fan-out did.

    `produced` are the files that it made, of those that its node names under `produces`: path to hash. `loaded` are the
    modules that it loaded although its input hash does not name them. `keyed_parts` are as in NodeCached.
    """

    type: ClassVar[str] = "node.completed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input_hash: str | None = None
    input_parts: Mapping[str, str] | None = None
    keyed_parts: Mapping[str, str] | None = None
    output: Output | None = None
    counts: Counts | None = None
    duration_ms: Amount
    metrics: Metrics | None = None
    restorable: bool = True
    restorable_reason: str | None = None
    produced: Mapping[str, str] | None = None
    loaded: Mapping[str, str] | None = None


class NodeFailed(Sparse, frozen=True, kw_only=True):
    """Final: the node or item will not be tried again in this run.

    `started_in`: it was not tried, since it had been started in that run, whose log does not tell its end.
    """

    type: ClassVar[str] = "node.failed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    error: ErrorInfo
    duration_ms: Amount | None = None
    counts: Counts | None = None
    metrics: Metrics | None = None
    started_in: str | None = None


class NodeSkipped(Sparse, frozen=True, kw_only=True):
    """The node does not run in this run."""

    type: ClassVar[str] = "node.skipped"
    node_id: str
    scope: tuple[Scope, ...] = ()
    reason: str
    cause: Cause | None = None


class NodeCancelled(Sparse, frozen=True, kw_only=True):
    """The node was in flight, or had not begun, when the run was stopped. `started_in` is as in NodeFailed."""

    type: ClassVar[str] = "node.cancelled"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    metrics: Metrics | None = None
    reason: str
    cause: Cause | None = None
    started_in: str | None = None


class NodeActivity(Sparse, frozen=True, kw_only=True):
    """What a node is doing now, in a few words."""

    type: ClassVar[str] = "node.activity"
    node_id: str
    scope: tuple[Scope, ...] = ()
    activity: str


class NodeTokens(Sparse, frozen=True, kw_only=True):
    """Tokens of one LLM call, and what they cost where that is known: what counts of an execution that has no end."""

    type: ClassVar[str] = "node.tokens"
    node_id: str
    scope: tuple[Scope, ...] = ()
    tokens_in: Count
    tokens_out: Count
    cost_usd: Amount | None = None
    model: str | None = None


class NodeWarning(Sparse, frozen=True, kw_only=True):
    """Something the author of the node should know; the node goes on."""

    type: ClassVar[str] = "node.warning"
    node_id: str
    scope: tuple[Scope, ...] = ()
    message: str
    code: str | None = None


class RunWarning(Sparse, frozen=True, kw_only=True):
    """Something the user should know; the run goes on."""

    type: ClassVar[str] = "run.warning"
    message: str
    code: str | None = None


class RunFinished(Sparse, frozen=True, kw_only=True):
    """The last line of a log. `counts` are of vertices, an item of a fan-out is not one. `wrote` is by state field.

    `failed_at` is the first vertex, in the graph's order, that failed, and `error` says why. `failed_items` is None in
    logs that were written before there was one.
    """

    type: ClassVar[str] = "run.finished"
    order: Count | None = None
    status: RunStatus
    reason: str | None = None
    failed_at: str | None = None
    error: ErrorInfo | None = None
    counts: Counts
    failed_items: FailedItems | None = None
    spent: Sums = field(default_factory=Sums)
    inherited: Sums = field(default_factory=Sums)
    lineage: Sums = field(default_factory=Sums)
    wrote: Mapping[str, Wrote] | None = None
    duration_ms: Amount


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


class Record(Struct, frozen=True):
    """One line of a log: an event with its place (`seq`: 0, 1, 2 …) and time (ISO-8601 UTC, milliseconds)."""

    seq: int
    ts: str
    run_id: str
    event: Event
