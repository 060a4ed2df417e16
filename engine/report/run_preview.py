"""Renders what a run lacks and which calls it may make, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from engine.cache.plan.estimate import Callee, Calls, Estimate, LastTime
from engine.json_types import Json
from engine.log.events.codec import sums_to_json
from engine.log.events.counters import Sums
from engine.log.humanize import money, plural
from engine.runner.needs import Need
from engine.runner.preview import Preview

_MOST_NAMED = 5


def preview_lines(preview: Preview) -> Iterator[str]:
    """The lines of a plan: the calls, if there may be any, and what is missing."""
    if preview.estimate.calls or preview.estimate.open:
        yield f"May make {estimate_text(preview.estimate)}"
    if preview.needs:
        yield "Missing on this machine:"
        yield from need_lines(preview.needs)


def need_lines(needs: tuple[Need, ...]) -> Iterator[str]:
    """A line for each thing that is missing."""
    for need in needs:
        yield f"  {_listed(need.nodes)}: {need.message}"


def refusal_text(needs: tuple[Need, ...]) -> str:
    """Why a run was not started: what nodes that certainly run lack."""
    lines = [f"  {_listed(need.stops)}: {need.message}" for need in needs if need.stops]
    return "\n".join(["nothing was started, since the first nodes cannot run:", *lines])


def estimate_text(estimate: Estimate) -> str:
    """The calls and their cost, as the rest of a sentence after `may make`, and sentences after it."""
    models = _calls_text(estimate, Callee.MODEL, "model call")
    agents = _calls_text(estimate, Callee.CODING_AGENT, "coding agent call")
    counted = " and ".join(filter(None, (models, agents))) or "0 model calls"
    said = [f"{'at least' if estimate.open else 'up to'} {counted}"]
    if estimate.open:
        said.append(f"How many {_listed(estimate.open)} will make is not known yet")
    if estimate.answers_usd:
        said.append(f"Their answers may cost up to {_usd(estimate.answers_usd)}, prompts not included")
    if estimate.unpriced:
        said.append(f"The price of {_listed(estimate.unpriced)} is not known")
    if estimate.last is not None:
        said.append(_last_text(estimate.last))
    return ". ".join(said) + "."


def preview_to_json(preview: Preview) -> dict[str, Json]:
    """The keys `needs` and `estimate` of a plan as JSON (docs/resume.md, The plan as JSON)."""
    return {"needs": [_need_to_json(need) for need in preview.needs], "estimate": _estimate_to_json(preview.estimate)}


class _CallsAsJson(Struct, rename="camel"):
    callee: Callee
    provider: str
    most: int
    answers_usd: float | None = None
    model: str | None = None


class _LastAsJson(Struct, rename="camel"):
    executions: int
    of: int
    cost_usd: float | None = None


class _EstimateAsJson(Struct):
    open: tuple[str, ...]
    calls: list[_CallsAsJson]
    last: _LastAsJson | None = None


class _PreviewAsJson(Struct):
    needs: tuple[Need, ...]
    estimate: _EstimateAsJson


def preview_from_json(plan: bytes) -> Preview:
    """What a plan as JSON says of needs and calls: the inverse of `preview_to_json`."""
    read = msgspec.json.decode(plan, type=_PreviewAsJson)
    calls = tuple(
        Calls(each.callee, each.provider, each.model, each.most, each.answers_usd) for each in read.estimate.calls
    )
    last = read.estimate.last
    before = None if last is None else LastTime(Sums(cost_usd=last.cost_usd), last.executions, last.of)
    return Preview(read.needs, Estimate(calls, read.estimate.open, before))


def _calls_text(estimate: Estimate, callee: Callee, noun: str) -> str:
    """The number of calls, and that of each model; empty if there are none."""
    calls = [each for each in estimate.calls if each.callee is callee]
    named = ", ".join(f"{each.name} \N{MULTIPLICATION SIGN}{each.most}" for each in calls)
    return f"{plural(sum(each.most for each in calls), noun)} ({named})" if calls else ""


def _last_text(last: LastTime) -> str:
    part = f" for {last.executions} of {last.of}" if last.executions < last.of else ""
    return f"Last time{part}: {_usd(last.spent.cost_usd)}"


def _usd(usd: float | None) -> str:
    if usd is None or usd < 1:
        return money(usd) or "$0"
    return f"${usd:,.2f}"


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _need_to_json(need: Need) -> dict[str, Json]:
    return {
        "kind": need.kind,
        "name": need.name,
        "message": need.message,
        "nodes": list(need.nodes),
        "stops": list(need.stops),
    }


def _estimate_to_json(estimate: Estimate) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "most": estimate.most,
        "open": list(estimate.open),
        "answersUsd": estimate.answers_usd,
        "unpriced": list(estimate.unpriced),
        "calls": [_calls_to_json(calls) for calls in estimate.calls],
    }
    if estimate.last is not None:
        last = estimate.last
        fields["last"] = {**sums_to_json(last.spent), "executions": last.executions, "of": last.of}
    return fields


def _calls_to_json(calls: Calls) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "callee": calls.callee.value,
        "provider": calls.provider,
        "most": calls.most,
        "answersUsd": calls.answers_usd,
    }
    return fields if calls.model is None else {**fields, "model": calls.model}
