"""Failures of the shown run as diagnostics: which nodes have one, what it says, and where it stands in the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from engine.experience.checks.suppressions import suppressed_codes
from engine.experience.problems import Severity
from engine.log.events.events import Location, ScopeKind
from engine.log.humanize import place_text, shortened, sum_of
from engine.log.reading.view import NodeStatus, NodeView
from engine.report.node_failures import FailedExecution
from engine.syntax import LineIndex, Span
from engine.visible import visible
from oe_lsp.ide.diagnostics import DOCUMENTATION
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.document.vertex_places import vertex_places
from oe_lsp.ide.runs.shown_run import ShownRun

NODE_FAILED = "OE701"
"""Its page is docs/diagnostics/OE701.md. No validation reports it, so it is no code of engine.experience."""

HREF = f"{DOCUMENTATION}/{NODE_FAILED}.md"

_MOST_LINES = 5
_LONGEST = 600


class Failure(Struct, frozen=True):
    """A vertex that failed, or that completed although items failed (then it is a warning).

    `text` says why. `executions` are the first that failed, with different messages.
    """

    run_id: str
    node_id: str
    text: str
    severity: Severity
    executions: tuple[FailedExecution, ...] = ()

    @property
    def message(self) -> str:
        """What to say at the vertex."""
        return f"Failed in run {self.run_id[:8]}: {self.text}"

    @property
    def message_elsewhere(self) -> str:
        """What to say in another file."""
        return f"{visible(self.node_id)} failed in run {self.run_id[:8]}: {self.text}"

    @property
    def location(self) -> Location | None:
        """The place in a file that the first error points to."""
        return self.executions[0].error.location if self.executions else None


class PlacedFailure(Struct, frozen=True):
    """A failure at the id of its vertex, with its severity to this user; `stage` is the part of the vertex that failed,
    if the same text has it.
    """

    failure: Failure
    severity: Severity
    span: Span
    stage: Span | None = None


class Seen(Struct, frozen=True):
    """What is known of the failures of a shown run: which nodes would fail again by the last plan, None before the
    first; and whether the run was running while it was shown.
    """

    run_id: str = ""
    again: frozenset[str] | None = None
    was_running: bool = False

    def update(self, run: ShownRun) -> Seen:
        """The same after a change of the shown run."""
        before = self if self.run_id == run.summary.run_id else Seen(run.summary.run_id)
        again = before.again
        if run.plan is not None:
            again = frozenset(node.node_id for node in run.plan.nodes if node.fails_again)
        return Seen(before.run_id, again, before.was_running or run.summary.is_running)

    def failed(self, run: ShownRun) -> tuple[NodeView, ...]:
        """The vertices to report: as long as nothing that is known of their inputs has changed.

        Until the first plan of a run that had ended, none: it may say that they are out of date. If there will be no
        plan, all.
        """
        found = tuple(node for node in run.view.nodes.values() if _has_failed(node))
        if self.again is not None:
            return tuple(node for node in found if node.node_id in self.again)
        return found if self.was_running or run.refusal is not None else ()


def failure_of(run_id: str, node: NodeView, executions: Sequence[FailedExecution]) -> Failure:
    """The failure of a vertex; `executions` are the first of it that failed."""
    severity = Severity.ERROR if node.status is NodeStatus.FAILED else Severity.WARNING
    return Failure(run_id, node.node_id, _text(node, executions), severity, tuple(executions))


def placed_failures(
    failures: Sequence[Failure], snapshot: Snapshot, severities: Mapping[str, Severity | None]
) -> Iterator[PlacedFailure]:
    """Yield each failure whose vertex is in the text and does not suppress it. `severities` overrides those by code."""
    if not failures:
        return
    lines = snapshot.analysis.lines
    places = {place.id: place.name_span for place in vertex_places(snapshot.analysis.tree.root)}
    suppressed = suppressed_codes(snapshot.text, lines)
    for failure in failures:
        span, severity = places.get(failure.node_id), severities.get(NODE_FAILED, failure.severity)
        if span is None or severity is None or NODE_FAILED in suppressed.get(lines.position(span.start).line, ()):
            continue
        stage = _stage(failure)
        yield PlacedFailure(failure, severity, span, places.get(stage) if stage is not None else None)


def line_span(lines: LineIndex, line: int | None) -> Span:
    """The text in a line (1-based, clamped to the text) without the spaces around it; the first line for None."""
    number = min(max(line or 1, 1), lines.line_count) - 1
    start, text = lines.line_start(number), lines.line_text(number)
    return (
        Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip())) if text.strip() else Span(start, start)
    )


def is_nested(execution: FailedExecution) -> bool:
    """Whether the execution belongs to a nested experience."""
    return any(step.kind is ScopeKind.EXPERIENCE for step in execution.scope)


def _has_failed(node: NodeView) -> bool:
    return node.status is NodeStatus.FAILED or _failed_items(node) > 0


def _failed_items(node: NodeView) -> int:
    """How many items of a fan-out failed that completed nevertheless."""
    is_tolerant = node.status is NodeStatus.COMPLETED and node.counts is not None
    return node.counts.failed if is_tolerant and node.counts is not None else 0


def _stage(failure: Failure) -> str | None:
    """The stage of a pipeline, or body of a loop, that failed first."""
    first = failure.executions[0] if failure.executions else None
    return None if first is None or first.node_id == failure.node_id or is_nested(first) else first.node_id


def _text(node: NodeView, executions: Sequence[FailedExecution]) -> str:
    """The message of the vertex, and those of the executions that it does not repeat."""
    if node.status is NodeStatus.FAILED:
        head = node.error.message if node.error is not None else "it has no message"
    else:
        total = sum_of(node.counts) if node.counts is not None else 0
        head = f"{_failed_items(node)} of {total} items failed"
    others = [each for each in executions if each.error.message not in head]
    texts = [head, *(f"{place_text(each.node_id, each.scope)}: {each.error.message}" for each in others)]
    lines = [line for text in texts for line in visible(text).strip().splitlines()]
    more = ["…"] if len(lines) > _MOST_LINES else []
    return shortened("\n".join([*lines[:_MOST_LINES], *more]), _LONGEST)
