"""The events of a run log, one class per `type` (schemas/event.schema.json). codec.py encodes them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import UNSET, Struct, UnsetType, field

from engine.log.events.counters import Amount, Count, Sparse, Whole, empty
from engine.log.events.counters import BudgetReached as BudgetReached  # noqa: PLC0414
from engine.log.events.counters import Counts as Counts  # noqa: PLC0414 - parts of events like those below
from engine.log.events.counters import ErrorInfo as ErrorInfo  # noqa: PLC0414
from engine.log.events.counters import FailedItems as FailedItems  # noqa: PLC0414
from engine.log.events.counters import Location as Location  # noqa: PLC0414
from engine.log.events.counters import Sums as Sums  # noqa: PLC0414

if TYPE_CHECKING:
    from engine.json_types import Json
else:
    Json = Any  # msgspec does not accept recursive types

ISOLATED = "isolated"
"""The `kind` of a run of one node alone; other runs have none."""

LOG_VERSION = 1
"""`run.started.v`. Readers refuse logs with a greater one."""


class RunStatus(str, Enum):
    """How a run ended. The lock tells whether a run without an end is running or interrupted (docs/design.md)."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    WAITING = "waiting"


class ScopeKind(str, Enum):
    """The kinds of vertices that contain executions."""

    EXPERIENCE = "experience"
    PIPELINE = "pipeline"
    LOOP = "loop"
    FANOUT = "fanout"


class Item(Whole, frozen=True):
    """An item of a fan-out. `key`: 16 hex digits of its value's hash, `#`, and its ordinal among equal values."""

    index: Count
    key: str


class Scope(Sparse, frozen=True):
    """One level of nesting of an execution; `id` is that of the containing vertex."""

    kind: ScopeKind
    id: str
    item: Item | None = None
    iteration: Count | None = None


class Metrics(Sparse, frozen=True):
    """The tokens and the cost of an execution; `cost_usd` is in US dollars. Absent means unknown."""

    tokens_in: Count | None = None
    tokens_out: Count | None = None
    cost_usd: Amount | None = None
    model: str | None = None


class Output(Sparse, frozen=True):
    """The output of an execution. `edge_output` may be null; UNSET means none."""

    state_delta: Mapping[str, Json]
    edge_output: Json | UnsetType = UNSET


class Input(Sparse, frozen=True):
    """The input of an execution: its args, the resolved `source` or `inputs` (`given`), the fields it reads, the edge
    outputs, and in a fan-out or pipeline its item, which may be null; elsewhere it is UNSET.

    In a log, a value may be a reference to one in an earlier line (engine.log.values.input_names).
    """

    args: Mapping[str, Json] = field(default_factory=dict)
    given: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[str, Json] = field(default_factory=dict)
    edges: Mapping[str, Json] = field(default_factory=dict)
    item: Json | UnsetType = UNSET


class EdgeEnds(Whole, frozen=True):
    """An edge, by the ids of its ends."""

    from_: str = field(name="from")
    to: str


class Cause(Sparse, frozen=True):
    """The node or the edge that caused a skip or a cancellation."""

    node: str | None = None
    edge: EdgeEnds | None = None


class ProducedBy(Whole, frozen=True):
    """The execution that a restored output comes from."""

    run_id: str
    seq: Count


class ExperienceRef(Whole, frozen=True):
    """The experience of a run; `path` is that of its experience.yaml."""

    name: str
    version: str
    path: str


class Wrote(Whole, frozen=True):
    """The writes of a run to a field, merged by `merge` into one `value`; `node_id` wrote last."""

    value: Json
    node_id: str
    merge: str


class Lineage(Whole, frozen=True):
    """The runs that this one resumes: the first of them, the number in between, what they spent, how long they took.

    `known_cost_usd` is the part of the cost that is known, if `spent` has none. Older logs have neither it nor
    `duration_ms`.
    """

    root_run_id: str
    depth: Count = 0
    spent: Sums = field(default_factory=Sums)
    known_cost_usd: Amount | UnsetType = UNSET
    duration_ms: Amount | UnsetType = UNSET


class Concurrency(Sparse, frozen=True):
    """How many nodes and items may run at once: at all, and of some kinds of nodes. Older logs do not have it."""

    total: Count
    of_kind: Mapping[str, Count] = field(default_factory=dict)


class RunStarted(Sparse, frozen=True, kw_only=True):
    """The first line of every log: all that a resume starts from. `nodes` are the ids of the vertices, in order.

    `args` and `state` lack the values of `masked_args` and `masked_state`, which contain secrets. `order` is the place
    among the starts and ends of the runs in the folder (writing/run_order.py); `engine.log.storage.run_store` expects
    it right after `v`, and then `kind`.

    A run of kind `isolated` ran only the node `address` on what it received in the run `original_run_id`.
    """

    type: ClassVar[str] = "run.started"
    v: Count = field(default_factory=lambda: LOG_VERSION)
    order: Count | None = None
    kind: str | None = None
    address: str | None = None
    args: Mapping[str, Json] = field(default_factory=empty)
    masked_args: tuple[str, ...] = ()
    state: Mapping[str, Json] = field(default_factory=empty)
    masked_state: tuple[str, ...] = ()
    experience: ExperienceRef | None = None
    nodes: tuple[str, ...] = ()
    spec_hash: str | None = None
    files: Mapping[str, str] = field(default_factory=empty)
    settings: Mapping[str, Json] = field(default_factory=empty)
    concurrency: Concurrency | None = None
    original_run_id: str | None = field(default_factory=lambda: None)
    lineage: Lineage | None = None
    engine: str | None = None
    pid: Count | None = None
    host: str | None = None


class NodeStarted(Sparse, frozen=True, kw_only=True):
    """An execution starts (`attempt_id`), or a group of `items` parts does: a fan-out, pipeline, loop or nested
    experience, which alone of them has an `input`. `reasons`: why it is not restored.
    """

    type: ClassVar[str] = "node.started"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    items: Count | None = None


class NodeAttempt(Sparse, frozen=True, kw_only=True):
    """An attempt failed and will be repeated after `wait_ms`; `level` is `node` or `llm`."""

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
    """An outcome was restored from another run's log. `reasons`: why it was, although its inputs have changed.

    `keyed_parts` are those of `input_parts` that come from a secret, with the id of the key they are hashed with.
    `used_hash` is `input_hash` without the run args that the node does not receive; absent if it receives all.
    """

    type: ClassVar[str] = "node.cached"
    node_id: str
    scope: tuple[Scope, ...] = ()
    input: Input | None = None
    reasons: tuple[str, ...] = ()
    input_hash: str
    used_hash: str | None = None
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

    `produced` maps the files of `produces` that it wrote to their hashes, `loaded` the modules that it loaded although
    its input hash does not cover them. `keyed_parts` and `used_hash` are as in NodeCached.
    """

    type: ClassVar[str] = "node.completed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input_hash: str | None = None
    used_hash: str | None = None
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
    """The final failure of a node or item in this run.

    `input_parts` and `keyed_parts` are as in NodeCompleted: they tell whether the node would fail again. `started_in`:
    it was not attempted, since that run had started it and its end is unknown.
    """

    type: ClassVar[str] = "node.failed"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    input_parts: Mapping[str, str] | None = None
    keyed_parts: Mapping[str, str] | None = None
    error: ErrorInfo
    duration_ms: Amount | None = None
    counts: Counts | None = None
    metrics: Metrics | None = None
    started_in: str | None = None


class NodeSkipped(Sparse, frozen=True, kw_only=True):
    """The node is not executed in this run."""

    type: ClassVar[str] = "node.skipped"
    node_id: str
    scope: tuple[Scope, ...] = ()
    reason: str
    cause: Cause | None = None


class NodeCancelled(Sparse, frozen=True, kw_only=True):
    """The node was running, or had not started, when the run was stopped. `started_in` is as in NodeFailed."""

    type: ClassVar[str] = "node.cancelled"
    node_id: str
    scope: tuple[Scope, ...] = ()
    attempt_id: str | None = None
    metrics: Metrics | None = None
    reason: str
    cause: Cause | None = None
    started_in: str | None = None


class ActivityKind(str, Enum):
    """A call of a model or coding agent, which goes on until its tokens are logged; or a wait for `runtime.limits` or a
    budget, which goes on until the next activity.
    """

    CALL = "call"
    WAIT = "wait"


class NodeActivity(Sparse, frozen=True, kw_only=True):
    """What a node is doing, in a few words. `kind` is None for anything but calls and waits, and in older logs."""

    type: ClassVar[str] = "node.activity"
    node_id: str
    scope: tuple[Scope, ...] = ()
    activity: str
    kind: ActivityKind | None = None


class NodeTokens(Sparse, frozen=True, kw_only=True):
    """The tokens and the cost, if known, of one LLM call. They count for an execution that has no end."""

    type: ClassVar[str] = "node.tokens"
    node_id: str
    scope: tuple[Scope, ...] = ()
    tokens_in: Count
    tokens_out: Count
    cost_usd: Amount | None = None
    model: str | None = None


class NodeWarning(Sparse, frozen=True, kw_only=True):
    """A warning for the author of the node; the node continues."""

    type: ClassVar[str] = "node.warning"
    node_id: str
    scope: tuple[Scope, ...] = ()
    message: str
    code: str | None = None


class RunWarning(Sparse, frozen=True, kw_only=True):
    """A warning for the user; the run continues."""

    type: ClassVar[str] = "run.warning"
    message: str
    code: str | None = None


class RunFinished(Sparse, frozen=True, kw_only=True):
    """The last line of a log. `counts` are of vertices, not of items. `wrote` is by state field.

    `failed_at` is the first vertex that failed, in topological order, and `error` says why. `failed_items` is None in
    logs of older versions. `budget` is the limit that ended the run, if one did.
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
    budget: BudgetReached | None = None
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
    """One line of a log: an event with its number (`seq`: 0, 1, 2 …) and time (ISO-8601 UTC, milliseconds)."""

    seq: int
    ts: str
    run_id: str
    event: Event
