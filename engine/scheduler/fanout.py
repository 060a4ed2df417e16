"""A fan-out: a node once for every item of a list (docs/format.md, Fan-out)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from contextlib import suppress

from msgspec.structs import replace

from engine.experience.model import ForEach, ItemErrorPolicy, Kind, Merge, Node, Policy
from engine.expressions import MISSING, Json, Missing, to_text
from engine.log.events.events import Counts, ErrorInfo
from engine.scheduler.activity import Frame, Part, Stop, tally_name, why_cancelled
from engine.scheduler.items import for_each_items, items_at
from engine.scheduler.state.inputs import Context, ItemValue, lookup, named, reads_of
from engine.scheduler.state.results import UNDETERMINED, Ending, NotYetKnownError, Result
from engine.scheduler.tasks import (
    Cancelled,
    Command,
    Failed,
    FailRun,
    GroupBegan,
    GroupEnded,
    Lane,
    SchedulerEvent,
    Unknown,
)


class FanOut:
    """The items of a node with `for_each`, each a part of its own. All see the state at the node's start."""

    def __init__(self, frame: Frame, node: Node, for_each: ForEach, context: Context) -> None:
        self.result: Result | None = None
        self._frame = frame
        self._node = node
        self._for_each = for_each
        self._context = context
        self._lane = Lane(context.order, for_each.concurrency)
        self._reads: Mapping[str, Json] | None = None
        self._size = 0
        self._waiting: deque[ItemValue] = deque()
        self._open: dict[int, Part] = {}
        self._results: dict[int, Result] = {}
        self._stopping: Stop | None = None

    def begin(self) -> list[Command]:
        """See Part."""
        context = self._context
        try:
            found = named(self._for_each.source, lookup(context))
        except NotYetKnownError as error:
            self.result = UNDETERMINED
            return [unknown_items(self._node.id, context, error)]
        values = for_each_items(self._node, self._for_each, found)
        if isinstance(values, ErrorInfo):
            self.result = Result(Ending.FAILED, error=values)
            return [Failed(self._node.id, context.inside.scope, values)]
        self._size = len(values)
        self._waiting.extend(items_at(self._for_each.source, values, context))
        with suppress(NotYetKnownError):  # in a plan, which does not need them
            self._reads = reads_of(context.visible_state, self._node)
        return [GroupBegan(self._node.id, context.inside.scope, self._size), *self._advance()]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        item = event.scope[len(self._context.inside.scope)].item
        part = self._open.get(item.index) if item is not None else None
        if item is None or part is None:
            return []
        return [*part.handle(event), *self._collect(item.index, part), *self._advance()]

    def stop(self, stop: Stop) -> list[Command]:
        """See Part."""
        self._stopping = stop
        self._waiting.clear()
        commands: list[Command] = []
        for index, part in list(self._open.items()):
            commands += [*part.stop(stop), *self._collect(index, part)]
        return [*commands, *self._advance()]

    def _advance(self) -> list[Command]:
        """Begin the items that may begin now; end when none is left."""
        commands: list[Command] = []
        while self._waiting and len(self._open) < self._width:
            item = self._waiting.popleft()
            inside = self._context.inside.fanout(self._node.id, item)
            context = replace(self._context, inside=inside, order=(*self._context.order, item.index))
            part = self._open[item.index] = self._frame.make_unit(
                self._frame, self._node, context, self._lane, self._reads
            )
            commands += [*part.begin(), *self._collect(item.index, part)]
        if not self._open and not self._waiting and self.result is None:
            commands.append(self._end())
        return commands

    @property
    def _width(self) -> int:
        """How many items are open at once. Tasks queue in Slots; nested experiences are limited here."""
        return self._for_each.concurrency if self._node.kind is Kind.EXPERIENCE else self._size

    def _collect(self, index: int, part: Part) -> list[Command]:
        """Take the result of an item that has ended."""
        if part.result is None or index not in self._open:
            return []
        del self._open[index]
        self._results[index] = part.result
        fails = part.result.ending is Ending.FAILED and self._for_each.on_item_error is ItemErrorPolicy.FAIL
        fails_run = self._node.on_error.policy is Policy.FAIL_RUN and self._frame.stops_early
        if fails and fails_run and self._stopping is None:
            self._waiting.clear()
            return [FailRun(self._node.id)]
        return []

    def _end(self) -> Command:
        if any(result.ending is Ending.UNDETERMINED for result in self._results.values()):
            self.result = UNDETERMINED
            return Unknown(self._node.id, self._context.inside.scope)
        tally = Counter(map(tally_name, self._results.values()))
        tally["cancelled"] += self._size - len(self._results)
        whole = fan_out_result(self._results, self._for_each, self._size, self._frame.merges)
        scope = self._context.inside.scope
        stop = why_cancelled(self._stopping, self._results.values())
        if whole.error is None and tally["cancelled"] and stop is not None:
            self.result = Result(Ending.CANCELLED, reason=stop.reason)
            return Cancelled(self._node.id, scope, stop.reason, stop.cause)
        self.result = replace(whole, restored=tally["cached"] == self._size > 0)
        return GroupEnded(self._node.id, scope, Counts(**tally), whole.error)


def unknown_items(id_: str, context: Context, error: NotYetKnownError) -> Unknown:
    """What a plan reports of a fan-out or pipeline whose list is not known."""
    sources = dict.fromkeys((*context.unknown, *error.vertices))
    return Unknown(id_, context.inside.scope, tuple(f"its items come from {source}" for source in sources))


def fan_out_result(results: Mapping[int, Result], for_each: ForEach, size: int, merges: Mapping[str, Merge]) -> Result:
    """The result of a fan-out of `size` items, from those of the items that ended, by index.

    If all items fail, it fails, whatever `on_item_error` says.
    """
    done = [results[index] for index in sorted(results) if results[index].ending is Ending.DONE]
    deltas = tuple(delta for result in done for delta in result.deltas if delta)
    errors = {index: result.error for index, result in results.items() if result.error is not None}
    if errors and (for_each.on_item_error is ItemErrorPolicy.FAIL or len(errors) == size):
        error: ErrorInfo | None = items_failed(errors, size)
    else:
        error = set_once_conflict(deltas, merges, "items")
    tokens = sum(result.tokens for result in done)
    return Result(Ending.FAILED if error else Ending.DONE, deltas, edge_outputs(done), error, tokens=tokens)


def items_failed(errors: Mapping[int, ErrorInfo], size: int) -> ErrorInfo:
    """The error of a group of `size` items, of which those at `errors` failed."""
    first = min(errors)
    cause = errors[first]
    return ErrorInfo(
        cause.type,
        f"{len(errors)} of {size} items failed; item {first}: {cause.message}",
        cause.location,
        retryable=any(error.retryable for error in errors.values()),
    )


def edge_outputs(results: Iterable[Result]) -> Json | Missing:
    """The edge outputs of items as one list, in item order; MISSING if no item has one."""
    outputs = [result.edge_output for result in results if result.edge_output is not MISSING]
    return outputs or MISSING


def set_once_conflict(deltas: Iterable[Mapping[str, Json]], merges: Mapping[str, Merge], who: str) -> ErrorInfo | None:
    """The error if two of `who` (such as items) wrote different values to a set_once field unseen by each other."""
    first: dict[str, Json] = {}
    for delta in deltas:
        for name, value in delta.items():
            if merges.get(name) is not Merge.SET_ONCE or value is None:
                continue
            if name in first and first[name] != value:
                return ErrorInfo(
                    "set_once",
                    f"two {who} wrote different values to '{name}', whose merge is set_once: "
                    f"{to_text(first[name])[:80]} and {to_text(value)[:80]}",
                )
            first.setdefault(name, value)
    return None
