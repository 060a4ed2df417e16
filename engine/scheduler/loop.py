"""A loop: one node repeated until a condition is true (docs/format.md, Pipelines and loops)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec.structs import replace

from engine.experience.model import Loop, Node
from engine.expressions import MISSING, Json, Missing, evaluate
from engine.log.events.events import Counts, ErrorInfo
from engine.scheduler.activity import Frame, Part, Stop, tally_name, why_cancelled
from engine.scheduler.fanout import FanOut
from engine.scheduler.state.inputs import Context, lookup
from engine.scheduler.state.results import UNDETERMINED, Ending, NotYetKnownError, Result
from engine.scheduler.tasks import Cancelled, Command, GroupBegan, GroupEnded, Lane, SchedulerEvent, Unknown, Warn

MAX_ITERATIONS = 100
"""The limit of a loop with `until` and without `max_iters`."""


class LoopRun:
    """One loop at work. `until` is evaluated before each iteration; each sees the writes of those before it."""

    def __init__(self, frame: Frame, loop: Loop, body: Node, context: Context) -> None:
        self.result: Result | None = None
        self._frame = frame
        self._loop = loop
        self._body = body
        self._context = context
        self._visible_state = context.visible_state
        self._deltas: list[Mapping[str, Json]] = []
        self._edge_output: Json | Missing = MISSING
        self._tally: Counter[str] = Counter()
        self._tokens = 0
        self._part: Part | None = None
        self._error: ErrorInfo | None = None
        self._is_undetermined = False
        self._cancelled: list[Result] = []
        self._stopping: Stop | None = None

    def begin(self) -> list[Command]:
        """See Part."""
        return [GroupBegan(self._loop.id, self._context.inside.scope, max_iterations(self._loop)), *self._advance()]

    def handle(self, event: SchedulerEvent) -> list[Command]:
        """See Part."""
        if self._part is None or event.scope[len(self._context.inside.scope)].iteration != self._tally.total():
            return []
        return [*self._part.handle(event), *self._advance()]

    def stop(self, stop: Stop) -> list[Command]:
        """See Part."""
        self._stopping = stop
        commands = self._part.stop(stop) if self._part is not None else []
        return [*commands, *self._advance()]

    def _advance(self) -> list[Command]:
        """Take the result of an iteration that ended; then begin the next one, or end."""
        commands: list[Command] = []
        while self.result is None:
            if self._part is not None:
                if self._part.result is None:
                    break
                self._take(self._part.result)
            if self._part is None:
                commands += self._next()
        return commands

    def _take(self, result: Result) -> None:
        self._part = None
        self._tally[tally_name(result)] += 1
        self._cancelled = [result] if result.ending is Ending.CANCELLED else []
        self._error = result.error
        self._is_undetermined = result.ending is Ending.UNDETERMINED
        self._tokens += result.tokens
        deltas = [delta for delta in result.deltas if delta]
        self._deltas += deltas
        self._visible_state = self._visible_state.after(deltas)
        if result.ending is Ending.DONE and result.edge_output is not MISSING:
            self._edge_output = result.edge_output

    def _next(self) -> list[Command]:
        """Begin the next iteration, or end if there is none."""
        iteration = self._tally.total()
        inside = self._context.inside.iterated(self._loop.id, iteration)
        if self._error is not None or self._cancelled:
            return self._end()
        if self._is_undetermined:
            return self._unknown()
        context = replace(
            self._context, visible_state=self._visible_state, inside=inside, order=(*self._context.order, iteration)
        )
        try:
            over, commands = self._is_over(context)
        except NotYetKnownError:
            return self._unknown(f"until: {self._loop.until_text}")
        if over:
            return [*commands, *self._end()]
        if self._stopping is not None:
            return [*commands, *self._end(cut_short=True)]
        body = self._body
        if body.for_each is not None:
            self._part = FanOut(self._frame, body, body.for_each, context)
        else:
            self._part = self._frame.make_unit(self._frame, body, context, Lane(context.order), None)
        return [*commands, *self._part.begin()]

    def _unknown(self, *reasons: str) -> list[Command]:
        self.result = UNDETERMINED
        return [Unknown(self._loop.id, self._context.inside.scope, reasons)]

    def _is_over(self, context: Context) -> tuple[bool, list[Command]]:
        """Whether no iteration is left, and warnings."""
        commands: list[Command] = []
        if self._loop.until is not None:
            asked = evaluate(self._loop.until, lookup(context))
            commands += [self._warn(f"until: {self._loop.until_text}: {odd.message}") for odd in asked.warnings]
            if asked.value:
                return True, commands
        count = self._tally.total()
        if count < max_iterations(self._loop):
            if self._budget_is_used_up:
                commands.append(self._warn(_used_up(count, self._tokens, self._loop.budget or 0)))
            return self._budget_is_used_up, commands
        if self._loop.max_iters is None:
            commands.append(
                self._warn(
                    f"stopped after {MAX_ITERATIONS} iterations: `until` never became true; set max_iters for more"
                )
            )
        return True, commands

    @property
    def _budget_is_used_up(self) -> bool:
        """Whether the iterations so far used all tokens. With a budget of 0, the first that uses any is the last."""
        return self._loop.budget is not None and self._tokens > 0 and self._tokens >= self._loop.budget

    def _end(self, *, cut_short: bool = False) -> list[Command]:
        scope = self._context.inside.scope
        stop = why_cancelled(self._stopping, self._cancelled)
        if stop is not None and self._error is None and (cut_short or self._cancelled):
            self.result = Result(Ending.CANCELLED, reason=stop.reason)
            return [Cancelled(self._loop.id, scope, stop.reason, stop.cause)]
        error = self._error and replace(
            self._error, message=f"iteration {self._tally.total() - 1}: {self._error.message}"
        )
        self.result = Result(
            Ending.FAILED if error else Ending.DONE,
            tuple(self._deltas),
            self._edge_output,
            error,
            restored=self._tally["cached"] == self._tally.total() > 0,
            tokens=self._tokens,
        )
        return [GroupEnded(self._loop.id, scope, Counts(**self._tally), error)]

    def _warn(self, message: str) -> Warn:
        return Warn(self._loop.id, self._context.inside.scope, message)


def max_iterations(loop: Loop) -> int:
    """The maximum number of iterations."""
    return loop.max_iters if loop.max_iters is not None else MAX_ITERATIONS


def _used_up(iterations: int, tokens: int, budget: int) -> str:
    used = f"{tokens:,} {'token' if tokens == 1 else 'tokens'}, and the loop's `budget` is {budget:,}"
    return f"stopped after {iterations} {'iteration' if iterations == 1 else 'iterations'}: they used {used}"
