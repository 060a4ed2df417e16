"""The interface of a node kind: the files that a node is made of, and one execution of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from engine.experience.model import Node
from engine.expressions import Json
from engine.llm.protocol import LLMRequest
from engine.log.events.events import ActivityKind, ErrorInfo, Location, Metrics, Output


class Work(Struct, frozen=True):
    """The inputs of one execution of a node, or of one item of it, with references resolved.

    `args` are the node's own, resolved. `reads` holds the declared reads that have been written. `edges` maps a
    predecessor's id to its edge output. `item` is None, or the one item with its index in the list. `given` is the
    resolved `source` of a dataset, the resolved `inputs` of a skill, and empty otherwise. `pipeline` is the id of
    the pipeline that the execution is a stage in; `loop` says which iteration of which loop it is. `digests` are those
    of the files in its input hash; the execution must use these versions.
    """

    node: Node
    attempt_id: str
    args: Mapping[str, Json]
    reads: Mapping[str, Json]
    edges: Mapping[str, Json]
    run_args: Mapping[str, Json]
    item: WorkItem | None = None
    given: Mapping[str, Json] = field(default_factory=dict)
    pipeline: str | None = None
    loop: WorkLoop | None = None
    digests: Mapping[Path, str] = field(default_factory=dict)


class WorkItem(Struct, frozen=True):
    """The item of a fan-out or pipeline that an execution is for."""

    value: Json
    index: int


class WorkLoop(Struct, frozen=True):
    """The iteration, counted from 0, of the loop `id` that an execution belongs to."""

    id: str
    iteration: int


class Outcome(Struct, frozen=True):
    """The result of an execution that succeeded.

    `settings` are those of the node (see NodeKind) that the execution read itself. `unlike` names the files that it
    used in another version than its input hash has; `loaded` has the files that it used although the hash does not
    name them, by their paths from the experience, with their digests.
    """

    output: Output
    metrics: Metrics | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    loaded: Mapping[str, str] = field(default_factory=dict)


_LONGEST = 10_000
_FIRST, _LAST = 6_000, 2_000
"""Characters. Error messages appear in the log, in lists and in the editor, where nobody reads a megabyte."""


def excerpt(message: str, whole: str = "") -> str:
    """Cuts the middle of a message that is too long for the log; `whole` says where to find the full text."""
    if len(message) <= _LONGEST:
        return message
    left_out = f"{len(message) - _FIRST - _LAST:,} characters omitted"
    note = f"{left_out}; {whole}" if whole else left_out
    return f"{message[:_FIRST]}\n… {note} …\n{message[-_LAST:]}"


class NodeError(Exception):
    """An execution failed for a cause that its author can fix: `message` says what, where and what to do.

    A message that is too long is shortened. `retryable` is False if another attempt would fail alike: the error is then
    final, whatever the node's `on_error` says.
    """

    def __init__(
        self,
        type_: str,
        message: str,
        location: Location | None = None,
        metrics: Metrics | None = None,
        *,
        retryable: bool = True,
    ) -> None:
        super().__init__(message)
        self.info = ErrorInfo(type=type_, message=excerpt(message), location=location, retryable=retryable)
        self.metrics = metrics
        self.retryable = retryable


class Watcher(Protocol):
    """Receives what an execution reports while it runs. Every call becomes one log event."""

    def activity(self, text: str, kind: ActivityKind | None = None) -> None:
        """Reports what the node is doing now, in a few words."""

    def tokens(self, tokens_in: int, tokens_out: int, model: str | None, cost_usd: float | None) -> None:
        """Reports the tokens of one LLM call, and its cost in US dollars if known."""

    def warning(self, message: str) -> None:
        """Reports something that the author should know; the node goes on."""

    def attempt(self, level: str, attempt: int, error: ErrorInfo, wait_ms: int, metrics: Metrics | None) -> None:
        """Reports a failed attempt that will be repeated after `wait_ms` milliseconds."""


@runtime_checkable
class HasSlowSettings(Protocol):
    """A kind whose settings may take long to find; a run awaits them without blocking."""

    def takes_long(self, node: Node, given: Mapping[str, Json]) -> bool:
        """Tells whether to await `find_settings` instead of calling `settings`."""

    async def find_settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """As `settings`. On cancellation, stops what it started before it returns."""


@runtime_checkable
class StartsAhead(Protocol):
    """A kind that can start what its first execution needs while a run is being prepared."""

    async def start_ahead(self, node: Node) -> None:
        """Starts what `node` needs; returns before it is ready. Errors are left for its execution to report."""


@runtime_checkable
class AsksModel(Protocol):
    """A kind that makes one request to a language model, and what that leads to."""

    def request(self, work: Work, watcher: Watcher) -> LLMRequest:
        """The request for `work`. Raises NodeError where it cannot be made."""


class NodeKind(Protocol):
    """One kind of node. An instance lives as long as the run and owns the processes or clients that it starts."""

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:
        """The files that `node` is made of, by the names of their parts in the input hash, such as `impl tools/x.py`.

        `given` is that of the execution (see Work), or empty while unknown: files that depend on it are then left out.
        Missing files are included; their parts say that they are missing.
        """

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """What can change a result besides the node and its files, such as the model and provider of an LLM kind.

        `given` is as in `files`. May read data, such as the rows of a query.
        """

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Runs `work` once. Raises NodeError. On cancellation, stops what it started before it returns."""

    async def close(self) -> None:
        """Stops whatever this kind still keeps running."""
