"""The nodes of a run's page, which unfold: inputs, output, attempts, and the executions inside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import UNSET, Struct

from engine.json_types import Json
from engine.log.events.events import ErrorInfo, NodeAttempt
from engine.log.humanize import counts_text, duration, money, shortened, tokens_text
from engine.log.reading.view import NodeStatus
from engine.log.values.input_values import InputValues
from engine.report.drawing.markup import Element, element
from engine.report.executions import Execution
from engine.report.received_inputs import KnownValues, received
from engine.report.status_signs import SIGNS

_MOST_PARTS = 200
_LONGEST_VALUE = 20_000
_SHORT_VALUE = 90
_MOST_IN_VIEW, _MOST_LINES_IN_VIEW = 700, 12
"""Longer values may be cut by their box (page.css), which the keyboard must reach then to scroll it."""

_VALUE_PREFIXES = ("item", "index", "args.", "reads.", "edges.", "runArgs.", "inputs.", "source.")


class Values(Struct, frozen=True):
    """Where values of inputs are found: in the logged inputs, else among known values."""

    logged: InputValues
    known: KnownValues

    def of(self, execution: Execution) -> Mapping[str, Json]:
        """The values of an execution's input parts that can be found."""
        values = dict(received(execution, self.logged))
        for name, part in execution.input_parts.items():
            if name not in values and name.startswith(_VALUE_PREFIXES) and (found := self.known.behind(part)):
                values[name] = found[0]
        return values


def node_section(execution: Execution, known: Values, anchor: str | None, kinds: Mapping[str, str]) -> Element:
    """The details of one execution, open if it failed. `kinds` are those of the nodes, by id."""
    failed = execution.status is NodeStatus.FAILED
    return element(
        "details",
        _summary(execution, known, kinds),
        element("div", *_inside(execution, known, kinds), class_="inside"),
        class_=f"node {execution.status.value}",
        id=anchor,
        open="open" if failed and not execution.scope else None,
    )


def _summary(execution: Execution, known: Values, kinds: Mapping[str, str]) -> Element:
    tokens = execution.metrics
    took = duration(execution.duration_ms) if execution.duration_ms is not None else ""
    if execution.produced_by is not None:
        took = f"saved {took}"
    used = tokens_text((tokens.tokens_in or 0) + (tokens.tokens_out or 0)) if tokens is not None else ""
    kind = kinds.get(execution.node_id, "") if not execution.scope else ""
    return element(
        "summary",
        element("span", SIGNS[execution.status][0], class_="sign"),
        element("b", execution.label),
        element("span", execution.status.value, class_="status"),
        element("span", _story(execution, known, kind), class_="story"),
        element("span", " · ".join(part for part in (used, took) if part), class_="took"),
    )


def _story(execution: Execution, known: Values, kind: str) -> str:
    if execution.error is not None:
        return execution.error.message
    if execution.reason is not None:
        return execution.reason
    counts = counts_text(execution.counts) if execution.counts is not None else ""
    return " · ".join(part for part in (kind, counts, execution.activity, _item_text(execution, known)) if part)


def _item_text(execution: Execution, known: Values) -> str:
    """The item of an execution, so that it can be found without opening all."""
    if "item" not in execution.input_parts or "item" not in (values := known.of(execution)):
        return ""
    value = values["item"]
    return shortened(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _SHORT_VALUE)


def _inside(execution: Execution, known: Values, kinds: Mapping[str, str]) -> Iterator[Element]:
    if execution.error is not None:
        yield error_box(execution.error)
    elif execution.reason is not None:
        yield element("p", execution.reason, class_="note")
    if execution.reasons:
        verb = "Restored" if execution.produced_by is not None else "Ran"
        yield element("p", f"{verb}: {'; '.join(execution.reasons)}", class_="note")
    for attempt in execution.tries:
        yield element("p", _attempt_text(attempt), class_="note")
    for warning in execution.warnings:
        yield element("p", f"Warning: {warning}", class_="note")
    inputs = list(_input_rows(execution, known))
    if inputs:
        yield element("h3", "Inputs")
        yield element("table", *inputs, class_="values")
    outputs = list(_output_rows(execution))
    if outputs:
        yield element("h3", "Output")
        yield element("table", *outputs, class_="values")
    other_parts = [
        f"{name} ({part})" for name, part in execution.input_parts.items() if not name.startswith(_VALUE_PREFIXES)
    ]
    if other_parts:
        yield element("h3", "Also part of the input hash")
        yield element("p", " · ".join(other_parts), class_="note")
    yield from _notes(execution)
    yield from _parts(execution, known, kinds)


def _input_rows(execution: Execution, known: Values) -> Iterator[Element]:
    values = known.of(execution)
    for name, part in sorted(execution.input_parts.items(), key=lambda entry: _rank(entry[0])):
        if not name.startswith(_VALUE_PREFIXES):
            continue
        yield (
            value_row(name, values[name]) if name in values else _row(name, element("p", f"hash {part}", class_="note"))
        )


def _rank(name: str) -> int:
    return next((rank for rank, prefix in enumerate(_VALUE_PREFIXES) if name.startswith(prefix)), 0)


def _output_rows(execution: Execution) -> Iterator[Element]:
    output = execution.output
    if output is None:
        return
    for name, value in output.state_delta.items():
        yield value_row(f"writes {name}", value)
    if output.edge_output is not UNSET:
        yield value_row("edge output", output.edge_output)


def _notes(execution: Execution) -> Iterator[Element]:
    metrics = execution.metrics
    if metrics is not None and (metrics.tokens_in or metrics.tokens_out):
        counted = f"{metrics.tokens_in or 0} tokens in, {metrics.tokens_out or 0} out"
        said = (metrics.model, counted, money(metrics.cost_usd))
        yield element("p", " · ".join(part for part in said if part), class_="note")
    if execution.produced_by is not None:
        origin = execution.produced_by
        yield element("p", f"Restored from run {origin.run_id}, line {origin.seq + 1} of its log.", class_="note")
    if execution.unrestorable is not None:
        yield element("p", f"Runs again on resume: {execution.unrestorable}", class_="note")
    if execution.input_hash is not None:
        yield element("p", "Input hash ", element("code", execution.input_hash), class_="note")
    if execution.attempt_id is not None:
        yield element("p", "Attempt ", element("code", execution.attempt_id), class_="note")


def _parts(execution: Execution, known: Values, kinds: Mapping[str, str]) -> Iterator[Element]:
    """The parts; if there are too many, failed ones first."""
    shown = parts = execution.parts_in_order
    if len(parts) > _MOST_PARTS:
        shown = sorted(parts, key=lambda part: part.status is not NodeStatus.FAILED)[:_MOST_PARTS]
        yield element("p", f"{len(shown)} of {len(parts)} are shown; the log has all.", class_="note")
    for part in shown:
        yield node_section(part, known, None, kinds)


def value_row(name: str, value: Json) -> Element:
    """A named value: text verbatim, others as JSON; very long ones are cut."""
    text = value if isinstance(value, str) else _json(value)
    if len(text) > _LONGEST_VALUE:
        text = f"{text[:_LONGEST_VALUE]}\n… {len(text) - _LONGEST_VALUE:,} more characters in the log"
    may_scroll = len(text) > _MOST_IN_VIEW or text.count("\n") > _MOST_LINES_IN_VIEW
    return _row(name, element("pre", text, tabindex="0" if may_scroll else None))


def _json(value: Json) -> str:
    """JSON, on one line if it fits."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= _SHORT_VALUE else json.dumps(value, ensure_ascii=False, indent=2)


def _row(name: str, content: Element) -> Element:
    return element("tr", element("th", element("code", name)), element("td", content))


def error_box(error: ErrorInfo, title: str | None = None) -> Element:
    """An error with its location."""
    place = error.location
    where = f"{place.file}:{place.line}" if place is not None and place.line is not None else place and place.file
    return element(
        "div",
        element("p", element("b", title)) if title else None,
        element("p", error.message),
        element("p", element("code", where)) if where else None,
        class_="callout failed",
    )


def _attempt_text(attempt: NodeAttempt) -> str:
    return (
        f"Attempt {attempt.attempt} ({attempt.level}) failed, repeated after {duration(attempt.wait_ms)}: "
        f"{attempt.error.message}"
    )
