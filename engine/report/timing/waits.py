"""Why an execution did not start earlier: what it waited for, and whether a concurrency limit held it up. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from engine.log.events.events import Concurrency, ScopeKind
from engine.log.humanize import duration, plural
from engine.report.executions import Execution
from engine.report.timing.load import Load

NOTABLE_MS = 1.0
"""Shorter waits are not shown: a log holds milliseconds."""

_LONG_MS = 200.0
_MOST_SIBLINGS = 200
_MOSTLY = 0.5
_KINDS = {"agent": "agents", "skill": "skills", "cli-agent": "coding agents", "tool": "tools"}


class Wait(Struct, frozen=True):
    """The time from `ready_ms`, when an execution could have started, to its start; None while it waits.

    `after` is the predecessor that ended last, or the group that began; None if it could start with the run.
    """

    ready_ms: float
    started_ms: float | None
    after: Execution | None
    text: str
    is_explained: bool = True

    @property
    def is_notable(self) -> bool:
        """Whether it is worth words: a limit held it up, or nobody knows what did for so long."""
        return self.is_explained or self.started_ms is None or self.started_ms - self.ready_ms >= _LONG_MS


class Loads(Struct):
    """The load of a run, that of each kind of nodes as far as kinds are known, and the limits if the log has them."""

    total: Load = field(default_factory=Load)
    of_kind: dict[str, Load] = field(default_factory=dict)
    limits: Concurrency | None = None

    def limit_reached(self, kind: str | None, start: float, end: float) -> str | None:
        """The limit that was reached for most of the time from `start` to `end`, in words; None if none was."""
        if self.limits is None:
            peak = self.total.peak
            reached = peak > 1 and self.total.share_at_least(peak, start, end) >= _MOSTLY
            return f"{plural(peak, 'node')} ran, as many as ever at once in this run" if reached else None
        total, of_kind = self.limits.total, self.limits.of_kind.get(kind or "")
        if self.total.share_at_least(total, start, end) >= _MOSTLY:
            return f"{plural(total, 'node')} ran at once, the concurrency limit"
        load = self.of_kind.get(kind or "")
        if of_kind is not None and load is not None and load.share_at_least(of_kind, start, end) >= _MOSTLY:
            return f"{of_kind} {_KINDS.get(kind or '', 'nodes of its kind')} ran at once, the limit of their kind"
        return None


def wait_of(execution: Execution, predecessors: Sequence[Execution], loads: Loads, kind: str | None) -> Wait | None:
    """The wait of a vertex; None if it had none, will never start, or waits for one of its `predecessors`."""
    will_not_start = execution.started_ms is None and execution.ended_ms is not None
    if will_not_start or any(each.ended_ms is None for each in predecessors):
        return None
    last = _last(predecessors)
    return _wait(execution, (last.ended_ms or 0.0) if last is not None else 0.0, last, loads, kind)


def wait_inside(part: Execution, group: Execution, own: Load, loads: Loads, kind: str | None) -> Wait | None:
    """The wait of an item, stage or iteration in `group`; `own` is the load of the group.

    A stage waits for the one before it, an iteration for the one before it; in large groups that is not looked for.
    Nodes of a nested experience have no wait: a log does not say what they wait for.
    """
    step = part.scope[-1] if part.scope else None
    if step is None or step.kind is ScopeKind.EXPERIENCE or part.started_ms is None:
        return None
    before = None
    if step.kind in (ScopeKind.PIPELINE, ScopeKind.LOOP):
        if len(group.parts) > _MOST_SIBLINGS:
            return None
        before = _last([each for each in group.parts if each is not part and _came_before(each, part)])
    ready = before.ended_ms if before is not None else group.started_ms
    if ready is None:
        return None
    wait = _wait(part, ready, before or group, loads, kind)
    if wait is None or loads.limit_reached(kind, ready, part.started_ms) is not None:
        return wait
    if own.peak < 2 or own.share_at_least(own.peak, ready, part.started_ms) < _MOSTLY:
        return wait
    text = f"waited {duration(part.started_ms - ready)} for a slot: {own.peak} parts of {group.node_id} ran at once, "
    return Wait(ready, part.started_ms, before or group, text + "and never more")


def predecessors_in_log(executions: Sequence[Execution]) -> Mapping[str, tuple[str, ...]]:
    """The vertices that each vertex waited for, as far as a log tells: those whose edge outputs it received, and those
    before it, in topological order, that wrote what it read.
    """
    writers: dict[str, list[str]] = {}
    found: dict[str, tuple[str, ...]] = {}
    for vertex in executions:
        received = [each.input for each in (vertex, *vertex.parts[:1]) if each.input is not None]
        sources = {source: None for given in received for source in given.edges}
        for given in received:
            for name in given.reads:
                sources.update(dict.fromkeys(writers.get(name, ())))
        found[vertex.node_id] = tuple(source for source in sources if source in found)
        for each in (vertex, *vertex.parts[:1]):
            for name in each.output.state_delta if each.output is not None else ():
                writers.setdefault(name, []).append(vertex.node_id)
    return found


def _last(executions: Sequence[Execution]) -> Execution | None:
    return max(executions, key=lambda each: each.ended_ms or 0.0, default=None)


def _came_before(each: Execution, part: Execution) -> bool:
    same_chain = part.scope[-1].kind is ScopeKind.LOOP or each.scope[-1].item == part.scope[-1].item
    return same_chain and each.ended_ms is not None and each.ended_ms <= (part.started_ms or 0.0)


def _wait(execution: Execution, ready: float, after: Execution | None, loads: Loads, kind: str | None) -> Wait | None:
    started = execution.started_ms
    if started is None:
        return Wait(ready, None, after, f"has been able to start since {_moment(after, ready)}")
    if started - ready < NOTABLE_MS:
        return None
    waited, limit = duration(started - ready), loads.limit_reached(kind, ready, started)
    if limit is not None:
        return Wait(ready, started, after, f"waited {waited} for a slot after {_moment(after, ready)}: {limit}")
    return Wait(
        ready,
        started,
        after,
        f"started {waited} after {_moment(after, ready)}; no limit held it up",
        is_explained=False,
    )


def _moment(after: Execution | None, ready: float) -> str:
    if after is None:
        return "the run began"
    return f"{after.label} ended" if after.ended_ms is not None and after.ended_ms <= ready else f"{after.label} began"
