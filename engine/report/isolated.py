"""Compares the output of an isolated run with the node's earlier outcome. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import UNSET

from engine.cache.plan.explanation import Change
from engine.json_types import Json
from engine.log.events.events import Output
from engine.log.humanize import place_text
from engine.log.reading.view import NodeStatus
from engine.log.values.large_values import Read, fetched_output
from engine.report.changes import change_lines
from engine.report.executions import Execution, History, in_order

_MOST_EXECUTIONS = 10
_LONGEST = 160

Whole = Callable[[Output], "Output | None"]
"""Gives an output with its large values; None if one is lost."""


def whole_output(read: Read) -> Whole:
    """Fetches large values with `read`."""

    def whole(output: Output) -> Output | None:
        try:
            return fetched_output(output, read)
        except (LookupError, ValueError):
            return None

    return whole


def isolated_lines(now: History, before: Iterable[History], whole: Whole) -> Iterator[str]:
    """What each execution of the isolated run `now` put out and, if that differs, what it was in the newest run of
    `before` that has an outcome of it.
    """
    runs = list(before)
    ended = [each for each in in_order(now.executions) if each.output is not None or _has_failed(each)]
    for execution in ended[:_MOST_EXECUTIONS]:
        yield from _lines(execution, runs, whole)
    if len(ended) > _MOST_EXECUTIONS:
        yield f"… and {len(ended) - _MOST_EXECUTIONS} more; `oe inspect {now.run_id[:8]} --html FILE` shows all"


def _lines(execution: Execution, runs: list[History], whole: Whole) -> Iterator[str]:
    place = place_text(execution.node_id, execution.scope)
    run = next((run for run in runs if _outcome(run, execution) is not None), None)
    after, recorded = _values(execution.output, whole), None if run is None else _outcome(run, execution)
    if execution.output is None:
        then = "it has no outcome in earlier runs" if run is None else f"it completed in run {run.run_id[:8]}"
        yield f"{place} failed; {then}"
        return
    if run is None or recorded is None:
        yield f"{place} put out, for the first time:"
        yield from (f"  {name}: {_shown(value)}" for name, value in after.items())
        return
    before = _values(recorded, whole)
    if before == after:
        yield f"{place} put out the same as in run {run.run_id[:8]}:"
        yield from (f"  {name}: {_shown(value)}" for name, value in after.items())
        return
    yield f"{place} put out something else than in run {run.run_id[:8]}:"
    for name in dict.fromkeys((*before, *after)):
        if name not in before:
            yield f"  {name}: is now {_shown(after[name])}"
        elif name not in after:
            yield f"  {name}: was {_shown(before[name])}"
        elif before[name] == after[name]:
            yield f"  {name}: the same"
        else:
            yield from (f"  {line}" for line in change_lines(Change(name, before[name], after[name])))


def _has_failed(execution: Execution) -> bool:
    return execution.status is NodeStatus.FAILED and not execution.parts


def _outcome(run: History, execution: Execution) -> Output | None:
    found = run.by_place.get(execution.place)
    return None if found is None else found.output


def _values(output: Output | None, whole: Whole) -> Mapping[str, Json]:
    found = None if output is None else whole(output)
    if found is None:
        return {}
    edge = {} if found.edge_output is UNSET else {"edge output": found.edge_output}
    return {**found.state_delta, **edge}


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
