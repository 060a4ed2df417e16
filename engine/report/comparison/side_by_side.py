"""An execution in two runs as two Markdown documents, for an editor to show their difference. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from engine.expressions import MISSING, Missing
from engine.json_types import Json
from engine.log.humanize import duration, money, place_text, tokens_text
from engine.report.comparison.runs import ComparedRun
from engine.report.comparison.values import shown, written
from engine.report.executions import Execution, History, in_order
from engine.report.received_inputs import received
from engine.visible import visible

_UNKNOWN = "(not in the log: it is masked, lost or too large)"


def node_documents(left: ComparedRun, right: ComparedRun, address: str) -> tuple[str, str]:
    """The documents of the execution at `address`, as in `rows[0]/check`, in both runs. Items are matched by value.

    Raises LookupError if neither run has it.
    """
    after, before = _at(right.history, address), _at(left.history, address)
    if after is not None:
        before = left.history.by_place.get(after.place)
    if before is None and after is None:
        raise LookupError(f"neither run has {address}")
    names = dict.fromkeys(name for each in (before, after) if each is not None for name in each.input_parts)
    return _document(before, left, address, names), _document(after, right, address, names)


def _at(run: History, address: str) -> Execution | None:
    return next((each for each in in_order(run.executions) if place_text(each.node_id, each.scope) == address), None)


def _document(execution: Execution | None, run: ComparedRun, address: str, names: Mapping[str, None]) -> str:
    """The same sections in the same order in both runs; times and costs, which always differ, come last."""
    if execution is None:
        return f"# {address}\n\nThis run does not have it.\n"
    return visible("\n".join(_lines(execution, run, address, names))) + "\n"


def _lines(execution: Execution, run: ComparedRun, address: str, names: Mapping[str, None]) -> Iterator[str]:
    yield from (f"# {address}", "", execution.status.value)
    if execution.error is not None:
        yield from ("", *_block(f"{execution.error.type}: {execution.error.message}"))
    if execution.reason is not None:
        yield from ("", execution.reason)
    given, secret = received(execution, run.values), execution.keyed_parts
    known = {name: value for name, value in given.items() if name not in secret}
    if names:
        yield from ("", "## Inputs")
        for name in names:
            part = execution.input_parts.get(name)
            yield from ("", f"### {name}", "")
            yield from _value(known[name]) if name in known else [f"hash {part}" if part is not None else "none"]
    if execution.output is not None:
        yield from ("", "## Output")
        for name, value in written(execution.output).items():
            yield from ("", f"### {name}", "", *_value(shown(value, run.values)))
    yield from ("", "## Time and cost", "", *_figures(execution))


def _value(value: Json | Missing) -> list[str]:
    if value is MISSING:
        return [_UNKNOWN]
    return _block(value) if isinstance(value, str) else _block(json.dumps(value, ensure_ascii=False, indent=2), "json")


def _block(text: str, language: str = "") -> list[str]:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return [f"{fence}{language}", *text.splitlines(), fence]


def _figures(execution: Execution) -> Iterator[str]:
    metrics = execution.metrics
    said = [duration(execution.duration_ms)] if execution.duration_ms is not None else []
    if metrics is not None:
        said += [tokens_text((metrics.tokens_in or 0) + (metrics.tokens_out or 0)), money(metrics.cost_usd)]
    yield " · ".join(part for part in said if part) or "not measured"
    yield from (f"attempt {attempt.attempt} failed: {attempt.error.message}" for attempt in execution.tries)
    yield from (f"ran: {reason}" for reason in execution.reasons)
