"""The plan of a resume as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cache.decisions.decision import Answer
from engine.cache.plan.plan_entries import Entry, Plan
from engine.json_types import Json
from engine.log.events.codec import sums_to_json
from engine.log.humanize import duration, spent_text
from engine.report.changes import change_lines, change_to_json
from engine.report.status_signs import ANSWER_SIGNS, answers_text

_ITEMS_SHOWN = 10


def plan_lines(plan: Plan, more: tuple[str, ...] = ()) -> Iterator[str]:
    """A line for each node, followed by its changes and the items that will run; then the totals, and `more` lines."""
    yield f"Plan for resuming {plan.original_run_id} (nothing is run)"
    width = max((len(entry.node_id) for entry in plan.entries), default=0)
    for entry in plan.entries:
        yield f"  {ANSWER_SIGNS[entry.answer]} {entry.node_id:<{width}}  {entry.answer.value}{_reasons_text(entry)}"
        yield from _changes(entry, "      ")
        yield from _part_lines(entry)
    yield _totals(plan)
    yield from more
    yield f"To resume only if the plan is still this one: --expect {plan.digest}"


def _part_lines(entry: Entry) -> Iterator[str]:
    """A line for each group of parts with the same answer and reasons, except restored ones."""
    groups: dict[tuple[Answer, tuple[str, ...]], list[Entry]] = {}
    for item in entry.items:
        if item.answer is not Answer.RESTORED:
            groups.setdefault((item.answer, item.reasons), []).append(item)
    for (answer, _), group in groups.items():
        names = ", ".join(_name(item) for item in group[:_ITEMS_SHOWN])
        more = f" and {len(group) - _ITEMS_SHOWN} more" if len(group) > _ITEMS_SHOWN else ""
        word = entry.part if len(group) == 1 else f"{entry.part}s"
        yield f"      {ANSWER_SIGNS[answer]} {word} {names}{more}: {answer.value}{_reasons_text(group[0])}"
        if len(group) == 1:
            yield from _changes(group[0], "          ")


def _changes(entry: Entry, indent: str) -> Iterator[str]:
    for change in entry.changes:
        yield from (indent + line for line in change_lines(change))


def _name(part: Entry) -> str:
    return part.node_id if part.index is None else str(part.index)


def plan_to_json(plan: Plan) -> dict[str, Json]:
    """The plan as JSON (docs/resume.md, The plan as JSON)."""
    return {
        "originalRunId": plan.original_run_id,
        "digest": plan.digest,
        "savedMs": plan.saved_ms,
        "saved": sums_to_json(plan.saved),
        "entries": [_entry_to_json(entry) for entry in plan.entries],
    }


def _entry_to_json(entry: Entry) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "nodeId": entry.node_id,
        "answer": entry.answer.value,
        "reasons": list(entry.reasons),
        "savedMs": entry.saved_ms,
        "saved": sums_to_json(entry.saved),
    }
    if entry.index is not None:
        fields["item"] = entry.index
    if entry.fails_again:
        fields["failsAgain"] = True
    if entry.changes:
        fields["changes"] = [change_to_json(change) for change in entry.changes]
    if entry.items:
        fields["items"] = [_entry_to_json(item) for item in entry.items]
    return fields


def _reasons_text(entry: Entry) -> str:
    return f": {'; '.join(entry.reasons)}" if entry.reasons else ""


def _totals(plan: Plan) -> str:
    saved = ", ".join(part for part in (duration(plan.saved_ms), spent_text(plan.saved)) if part)
    counts = [answers_text(answer, plan.count(answer)) for answer in Answer if plan.count(answer)]
    return f"{', '.join(counts)}. Restoring saves {saved}."
