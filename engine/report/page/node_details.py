"""The details of one execution, which unfold: a line that says how it went, and behind it all that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.log.events.events import ErrorInfo, Metrics, NodeAttempt, Sums
from engine.log.humanize import counts_text, duration, money, shortened, shortened_name, tokens_text
from engine.log.reading.view import NodeStatus, NodeView
from engine.report.drawing.diagram import Box
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution
from engine.report.page.rows import VALUE_PREFIXES, ExecutionRows, RowTable
from engine.report.page.texts import Shown, reached_by_keys

_SHORT_VALUE = 90
_LONGEST_MESSAGE = 4_000
_MOST_TRIES = 20
_LONGEST_NAME = 200
_MOST_WARNINGS = 20


def summary_line(
    execution: Execution, rows: ExecutionRows, box: Box | None, view: NodeView | None, id_: str | None = None
) -> Element:
    """How it went, in one line. `box` and `view` are what is known of a vertex of the graph; parts have none.

    The sign of its status comes from styles/theme.css.
    """
    took = duration(execution.duration_ms) if execution.duration_ms is not None else ""
    if execution.produced_by is not None:
        took = f"saved {took}"
    story = _story(execution, rows, box, view)
    used = " · ".join(part for part in (_used(execution, view), took) if part)
    return element(
        "summary",
        element("b", shortened_name(execution.label, _LONGEST_NAME)),
        element("span", execution.status.value, class_="status"),
        element("span", story, class_="story") if story else None,
        element("span", used, class_="took") if used else None,
        class_=execution.status.value,
        id=id_,
    )


def _story(execution: Execution, rows: ExecutionRows, box: Box | None, view: NodeView | None) -> str:
    if execution.error is not None:
        return shortened(execution.error.message, 2 * _SHORT_VALUE)
    if execution.reason is not None:
        return shortened(execution.reason, 2 * _SHORT_VALUE)
    parts = (box.kind if box is not None else "", _counts(execution, view), execution.activity, _item(execution, rows))
    return " · ".join(shortened(part, 2 * _SHORT_VALUE) for part in parts if part)


def _counts(execution: Execution, view: NodeView | None) -> str:
    if execution.counts is not None:
        return counts_text(execution.counts)
    if view is None or view.items is None:
        return ""
    failed = view.item_counts[NodeStatus.FAILED]
    return f"{view.items_ended} of {view.items} ended" + (f", {failed} failed" if failed else "")


def _item(execution: Execution, rows: ExecutionRows) -> str:
    """The item of a part, so that it can be found without opening all."""
    text = rows.item(execution)
    return "" if text is None else shortened(text.text, _SHORT_VALUE)


def _used(execution: Execution, view: NodeView | None) -> str:
    if view is not None:
        return tokens_text(view.spent.tokens_in + view.spent.tokens_out)
    used = execution.metrics
    return tokens_text((used.tokens_in or 0) + (used.tokens_out or 0)) if used is not None else ""


class FactsOf(Struct, frozen=True):
    """What there is to say about an execution beside what is in it.

    `phase` is the title of its phase. `id` is that of its details, `is_brief` leaves out what only programs
    read, and what the drawings show. `spent` is the cost of all inside.
    """

    box: Box | None = None
    phase: str | None = None
    id: str = ""
    is_brief: bool = False
    spent: Sums | None = None


def facts(execution: Execution, rows: ExecutionRows, table: RowTable, of: FactsOf) -> Iterator[Element]:
    """All that is known of it, but for its parts."""
    owner = Shown(of.id, execution.node_id) if not execution.scope else None
    yield from _messages(execution)
    yield from _table("Inputs", table.table(rows.inputs(execution), owner))
    yield from _table("Output", table.table(rows.outputs(execution), owner))
    figures = list(_figures(execution, of))
    if figures:
        yield element("dl", *figures, class_="figures")


def _table(title: str, table: Element) -> Iterator[Element]:
    if len(table):
        yield element("h3", title)
        yield table


def _messages(execution: Execution) -> Iterator[Element]:
    if execution.error is not None:
        yield error_box(execution.error)
    elif execution.reason is not None:
        yield element("p", shortened(execution.reason, _LONGEST_MESSAGE), class_="note")
    if execution.reasons:
        verb = "Why it was restored: " if execution.produced_by is not None else "Why it ran: "
        yield element("p", element("b", verb), shortened("; ".join(execution.reasons), _LONGEST_MESSAGE), class_="note")
    for attempt in execution.tries[:_MOST_TRIES]:
        yield element("p", _attempt_text(attempt), class_="note")
    if len(execution.tries) > _MOST_TRIES:
        yield element("p", f"… and {len(execution.tries) - _MOST_TRIES} more attempts", class_="note")
    for warning in execution.warnings[:_MOST_WARNINGS]:
        yield element("p", f"Warning: {shortened(warning, _LONGEST_MESSAGE)}", class_="note")
    if execution.unrestorable is not None:
        text = f"Runs again on resume: {shortened(execution.unrestorable, _LONGEST_MESSAGE)}"
        yield element("p", text, class_="note")


def _figures(execution: Execution, of: FactsOf) -> Iterator[Element]:
    texts = {**_figure_texts(execution, of), **({} if of.is_brief else _hashes(execution))}
    for name, value in texts.items():
        if value:
            yield element("div", element("dt", name), element("dd", value))


def _figure_texts(execution: Execution, of: FactsOf) -> Mapping[str, str | None]:
    used = execution.metrics or Metrics()
    spent = of.spent or Sums(used.cost_usd, used.tokens_in or 0, used.tokens_out or 0)
    has_tokens = bool(spent.tokens_in or spent.tokens_out)
    origin = execution.produced_by
    return {
        "kind": ", ".join((of.box.kind, *of.box.notes)) if of.box is not None and of.box.notes else None,
        "phase": None if of.is_brief else of.phase,
        "started": _started(execution) if not of.is_brief else None,
        "attempts": f"{len(execution.tries) + 1}" if execution.tries else None,
        "model": used.model,
        "tokens in / out": f"{spent.tokens_in:,} / {spent.tokens_out:,}" if has_tokens else None,
        "cost": money(spent.cost_usd) if has_tokens else None,
        "restored from": None if origin is None else f"run {origin.run_id}, line {origin.seq + 1} of its log",
    }


def _started(execution: Execution) -> str | None:
    return None if execution.started_ms is None else f"after {duration(execution.started_ms)}"


def _hashes(execution: Execution) -> Mapping[str, str | None]:
    files = [f"{name} ({part})" for name, part in execution.input_parts.items() if not name.startswith(VALUE_PREFIXES)]
    return {
        "also part of the input hash": shortened(" · ".join(files), _LONGEST_MESSAGE),
        "input hash": execution.input_hash,
        "attempt": execution.attempt_id,
    }


def error_box(error: ErrorInfo, title: str | None = None) -> Element:
    """An error with its location."""
    place = error.location
    where = f"{place.file}:{place.line}" if place is not None and place.line is not None else place and place.file
    message = shortened(error.message, _LONGEST_MESSAGE)
    return element(
        "div",
        element("p", element("b", title)) if title else None,
        element("p", message),
        element("p", element("code", shortened_name(where, _LONGEST_NAME))) if where else None,
        class_="callout failed",
        **reached_by_keys(message, "Error"),
    )


def _attempt_text(attempt: NodeAttempt) -> str:
    level = shortened(attempt.level, 20)
    return (
        f"Attempt {attempt.attempt} ({level}) failed, repeated after {duration(attempt.wait_ms)}: "
        f"{shortened(attempt.error.message, _LONGEST_MESSAGE)}"
    )
