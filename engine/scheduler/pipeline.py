"""A pipeline: every item of a list through every stage, in stage order (docs/format.md, Pipelines and loops)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.model import Merge, Node, Pipeline, Policy
from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import Cause, Counts, ErrorInfo
from engine.scheduler.activity import Frame, Part, Stop, tally_name, why_cancelled
from engine.scheduler.fanout import edge_outputs, items_failed, set_once_conflict, unknown_items
from engine.scheduler.items import items_at, list_items
from engine.scheduler.state.inputs import Context, Inside, lookup, named
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
    Skipped,
    Unknown,
    Warn,
)


class ItemProgress(Struct):
    """One item on its way: its stage, its writes, and the edge output that the next stage gets."""

    inside: Inside
    index: int
    stage: int = 0
    deltas: list[Mapping[str, Json]] = field(default_factory=list)
    passed: Json | Missing = MISSING
    error: ErrorInfo | None = None
    is_undetermined: bool = False
    cancelled: Result | None = None
    tokens: int = 0

    @property
    def can_advance(self) -> bool:
        """Whether its stages so far are done, and their results known."""
        return self.error is None and not self.is_undetermined and self.cancelled is None

    def received(self, stages: tuple[Node, ...], edges: Mapping[str, Json]) -> Mapping[str, Json]:
        """The edge outputs for its next stage: those of the pipeline, and that of the previous stage."""
        if self.stage == 0 or self.passed is MISSING:
            return edges
        return {**edges, stages[self.stage - 1].id: self.passed}

    def take(self, result: Result) -> None:
        """Take the result of its stage. A stage without an edge output passes the previous one on."""
        self.stage += 1
        self.tokens += result.tokens
        self.deltas += [delta for delta in result.deltas if delta]
        if result.edge_output is not MISSING:
            self.passed = result.edge_output


class PipelineRun:
    """One pipeline at work. Items advance independently; each sees the state before the pipeline and its own writes."""

    def __init__(self, frame: Frame, pipeline: Pipeline, stages: tuple[Node, ...], context: Context) -> None:
        self.result: Result | None = None
        self._frame = frame
        self._pipeline = pipeline
        self._stages = stages
        self._context = context
        # Later stages first: finish items before beginning others.
        self._lanes = tuple(Lane((*context.order, -stage)) for stage in range(len(stages)))
        self._progress: dict[int, ItemProgress] = {}
        self._open: dict[int, Part] = {}
        self._tally: Counter[str] = Counter()
        self._stopping: Stop | None = None

    def begin(self) -> list[Command]:
        """See Part."""
        context, pipeline = self._context, self._pipeline
        try:
            found = named(pipeline.items, lookup(context))
        except NotYetKnownError as error:
            self.result = UNDETERMINED
            return [unknown_items(pipeline.id, context, error)]
        values = list_items("items", pipeline.items, pipeline.id, found)
        if isinstance(values, ErrorInfo):
            self.result = Result(Ending.FAILED, error=values)
            return [Failed(pipeline.id, context.inside.scope, values)]
        commands: list[Command] = [GroupBegan(pipeline.id, context.inside.scope, len(values) * len(self._stages))]
        commands += [self._for_each_ignored(stage) for stage in self._stages if stage.for_each is not None]
        for item in items_at(pipeline.items, values, context):
            self._progress[item.index] = ItemProgress(context.inside.staged(pipeline.id, item), item.index)
        for progress in self._progress.values():
            commands += self._advance(progress)
        return [*commands, *self._end_if_over()]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        item = event.scope[len(self._context.inside.scope)].item
        part = self._open.get(item.index) if item is not None else None
        if item is None or part is None:
            return []
        progress = self._progress[item.index]
        commands = part.handle(event)
        if part.result is not None:
            commands += [*self._stage_ended(progress, part.result), *self._advance(progress)]
        return [*commands, *self._end_if_over()]

    def stop(self, stop: Stop) -> list[Command]:
        """See Part."""
        self._stopping = stop
        commands: list[Command] = []
        for index, part in list(self._open.items()):
            commands += part.stop(stop)
            if part.result is not None:
                commands += self._stage_ended(self._progress[index], part.result)
        return [*commands, *self._end_if_over()]

    def _advance(self, progress: ItemProgress) -> list[Command]:
        """Begin the item's next stage, and later ones while they end at once."""
        commands: list[Command] = []
        while progress.index not in self._open and progress.can_advance and progress.stage < len(self._stages):
            if self._stopping is not None:
                break
            node = self._stages[progress.stage]
            edges = progress.received(self._stages, self._context.edges)
            visible_state = self._context.visible_state.after(progress.deltas)
            order = (*self._context.order, -progress.stage, progress.index)
            context = Context(visible_state, edges, progress.inside, order, self._context.unknown)
            part = self._frame.make_unit(self._frame, node, context, self._lanes[progress.stage], None)
            self._open[progress.index] = part
            commands += part.begin()
            if part.result is not None:
                commands += self._stage_ended(progress, part.result)
        return commands

    def _stage_ended(self, progress: ItemProgress, result: Result) -> list[Command]:
        del self._open[progress.index]
        self._tally[tally_name(result)] += 1
        if result.ending is Ending.DONE:
            progress.take(result)
            return []
        progress.is_undetermined = result.ending is Ending.UNDETERMINED
        progress.cancelled = result if result.ending is Ending.CANCELLED else None
        if result.ending is not Ending.FAILED:
            return []
        failed = self._stages[progress.stage]
        progress.error = result.error or ErrorInfo("pipeline", f"stage {failed.id} failed")
        later = self._stages[progress.stage + 1 :]
        self._tally["skipped"] += len(later)
        reason, cause = f"stage {failed.id} failed", Cause(node=failed.id)
        commands: list[Command] = [Skipped(stage.id, progress.inside.scope, reason, cause) for stage in later]
        if failed.on_error.policy is Policy.FAIL_RUN and self._stopping is None:
            commands.append(FailRun(failed.id))
        return commands

    def _end_if_over(self) -> list[Command]:
        if self._open or self.result is not None:
            return []
        if any(progress.is_undetermined for progress in self._progress.values()):
            self.result = UNDETERMINED
            return [Unknown(self._pipeline.id, self._context.inside.scope)]
        scope, executions = self._context.inside.scope, len(self._progress) * len(self._stages)
        whole = pipeline_result(list(self._progress.values()), self._frame.merges)
        left = executions - self._tally.total()
        cancelled = [progress.cancelled for progress in self._progress.values() if progress.cancelled is not None]
        stop = why_cancelled(self._stopping, cancelled)
        if whole.error is None and (left or cancelled) and stop is not None:
            self.result = Result(Ending.CANCELLED, reason=stop.reason)
            return [Cancelled(self._pipeline.id, scope, stop.reason, stop.cause)]
        self._tally["cancelled"] += left
        self.result = replace(whole, restored=self._tally["cached"] == executions > 0)
        return [GroupEnded(self._pipeline.id, scope, Counts(**self._tally), whole.error)]

    def _for_each_ignored(self, stage: Node) -> Warn:
        message = f"for_each of {stage.id} is ignored: as a stage it runs once for each item of {self._pipeline.id}"
        return Warn(stage.id, self._context.inside.scope, message)


def pipeline_result(all_progress: Sequence[ItemProgress], merges: Mapping[str, Merge]) -> Result:
    """The result of a pipeline, from its items in item order."""
    errors = {progress.index: progress.error for progress in all_progress if progress.error is not None}
    if errors:
        error: ErrorInfo | None = items_failed(errors, len(all_progress))
    else:
        # An item's own stages were checked against one another when they ended.
        error = set_once_conflict((_first_writes(progress.deltas) for progress in all_progress), merges, "items")
    deltas = tuple(delta for progress in all_progress for delta in progress.deltas)
    outputs = edge_outputs(Result(Ending.DONE, (), progress.passed) for progress in all_progress)
    tokens = sum(progress.tokens for progress in all_progress)
    return Result(Ending.FAILED if error else Ending.DONE, deltas, outputs, error, tokens=tokens)


def _first_writes(deltas: list[Mapping[str, Json]]) -> Mapping[str, Json]:
    first: dict[str, Json] = {}
    for delta in deltas:
        for name, value in delta.items():
            if first.get(name) is None:
                first[name] = value
    return first
