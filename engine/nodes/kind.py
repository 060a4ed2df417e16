"""What a node kind is to the runner: which files it is made of, and how one execution of it goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct, field

from engine.experience.model import Node
from engine.expressions import Json
from engine.log.events.events import ErrorInfo, Location, Metrics, Output


class Work(Struct, frozen=True):
    """One execution: a node (or one item of it) with all that it receives, references resolved.

    `args` are the node's own, resolved. `reads` holds the declared reads that have been written. `edges` maps a
    predecessor's id to its edge output. `item` is None, or the one item with its index in the list. `given` is the
    resolved `source` of a dataset, the resolved `inputs` of a skill, and empty otherwise. `pipeline` is the id of
    the pipeline that the execution is a stage in; `loop` says which iteration of which loop it is. `digests` are those
    of the files that its input hash names: what is used of them shall have these.
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
    """The iteration, counted from 0, of the loop `id` that an execution is."""

    id: str
    iteration: int


class Outcome(Struct, frozen=True):
    """What an execution came to when it went well.

    `settings` are those of the node (see NodeKind) that it found out itself, as they were when it ran. `unlike` names
    the files that it used in another version than its input hash tells; `loaded` those that it used although the hash
    does not name them, by their paths from the experience, with their digests.
    """

    output: Output
    metrics: Metrics | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    loaded: Mapping[str, str] = field(default_factory=dict)


_LONGEST = 10_000
_FIRST, _LAST = 6_000, 2_000
"""Characters. What is said of an error is in the log, in lists and in the editor; nobody reads a megabyte there."""


def excerpt(message: str, whole: str = "") -> str:
    """The beginning and the end of a message that is too long for the log; `whole` says where all of it is."""
    if len(message) <= _LONGEST:
        return message
    left_out = f"{len(message) - _FIRST - _LAST:,} characters omitted"
    note = f"{left_out}; {whole}" if whole else left_out
    return f"{message[:_FIRST]}\n… {note} …\n{message[-_LAST:]}"


class NodeError(Exception):
    """An execution went wrong for a cause that its author can mend: `message` says what, where and what to do.

    Of a message that is too long, an excerpt is kept. `retryable` is False where another attempt would end alike:
    such an error is final, whatever the node's `on_error` says.
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
    """Where an execution reports what a person wants to see while it goes on. Every call becomes one log event."""

    def activity(self, text: str) -> None:
        """Say what the node is doing now, in a few words."""

    def tokens(self, tokens_in: int, tokens_out: int, model: str | None, cost_usd: float | None) -> None:
        """Report the tokens of one LLM call, and what it cost in US dollars where that is known."""

    def warning(self, message: str) -> None:
        """Report something the author should know; the node goes on."""

    def attempt(self, level: str, attempt: int, error: ErrorInfo, wait_ms: int, metrics: Metrics | None) -> None:
        """Report a try that failed and will be repeated after `wait_ms` milliseconds."""


@runtime_checkable
class LooksFirst(Protocol):
    """A kind whose settings may take long to find: a run awaits them, so that nothing else stands still meanwhile."""

    def takes_long(self, node: Node, given: Mapping[str, Json]) -> bool:
        """Whether `find_settings` is to be asked, and not `settings`."""

    async def find_settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """As `settings`. On cancellation, what was started is stopped before this returns."""


@runtime_checkable
class StartsAhead(Protocol):
    """A kind that can begin to start what its first execution will need, while a run is being prepared."""

    async def start_ahead(self, node: Node) -> None:
        """Start what `node` needs; return before it is ready. What goes wrong, its execution will meet again."""


class NodeKind(Protocol):
    """One kind of node. An instance lives as long as the run and owns the processes or clients that it starts."""

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:
        """The files that `node` is made of: the name of its part in the input hash (`impl tools/x.py`) to the file.

        `given` is that of the execution (see Work), or empty where it is not known yet: what depends on it is then
        left out. A file that does not exist is named all the same; its part then says that it is missing.
        """

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:
        """What, beside the node and its files, can change a result: the model and the provider of an LLM kind.

        `given` is as in `files`. May read, such as the rows that a query gives.
        """

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Run `work` once. Raises NodeError. On cancellation, what was started is stopped before this returns."""

    async def close(self) -> None:
        """Stop whatever this kind still keeps running."""
