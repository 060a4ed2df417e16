"""A resume's plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cache.decision import Answer
from engine.cache.plan import Entry, Plan
from engine.expressions import Json
from engine.log.words import duration

_SIGNS = {
    Answer.RESTORED: "↺",
    Answer.WILL_RUN: "▶",
    Answer.IF_PREDECESSORS_SUCCEED: "▷",
    Answer.DEPENDS: "?",
    Answer.SKIPPED: "○",
}
_ITEMS_SHOWN = 10


def plan_lines(plan: Plan, original_run_id: str) -> Iterator[str]:
    """The plan for a person: a line for each node, its items that will run below it, then the sum."""
    yield f"Plan for resuming {original_run_id} (nothing is run)"
    width = max((len(entry.node_id) for entry in plan.entries), default=0)
    for entry in plan.entries:
        yield f"  {_SIGNS[entry.answer]} {entry.node_id:<{width}}  {entry.answer.value}{_because(entry)}"
        others = [item for item in entry.items if item.answer is not Answer.RESTORED]
        for item in others[:_ITEMS_SHOWN]:
            yield f"      {_SIGNS[item.answer]} [{item.index}]  {item.answer.value}{_because(item)}"
        if len(others) > _ITEMS_SHOWN:
            yield f"      … and {len(others) - _ITEMS_SHOWN} more items"
    yield _sum(plan)


def plan_to_json(plan: Plan) -> dict[str, Json]:
    """The plan for a machine: `{entries: [{nodeId, answer, reasons, savedMs, items?}]}`."""
    return {"entries": [_entry_to_json(entry) for entry in plan.entries]}


def _entry_to_json(entry: Entry) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "nodeId": entry.node_id,
        "answer": entry.answer.value,
        "reasons": list(entry.reasons),
        "savedMs": entry.saved_ms,
    }
    if entry.index is not None:
        fields["item"] = entry.index
    if entry.items:
        fields["items"] = [_entry_to_json(item) for item in entry.items]
    return fields


def _because(entry: Entry) -> str:
    return f": {'; '.join(entry.reasons)}" if entry.reasons else ""


def _sum(plan: Plan) -> str:
    saved = sum(entry.saved_ms for entry in plan.entries)
    counts = (f"{plan.count(answer)} {answer.value}" for answer in Answer if plan.count(answer))
    return f"{', '.join(counts)}. Restoring saves {duration(saved)}."
