"""Compares a plan with what the resume then did (docs/resume.md, Ask why, before anything is spent)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.cache.decisions.decision import Answer
from engine.cache.decisions.execution_path import path_of
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes
from engine.cache.plan.plan_entries import Entry, Plan
from engine.log.events.events import NodeSkipped
from tests.laws.oracle import Name
from tests.laws.world import Done

COMES_FROM = re.compile(r"(.+) comes? from (.+)")
CONDITION = re.compile(r"when: (.+) is false")


def broken_promises(planned: Plan, original: RecordedOutcomes, done: Done) -> list[str]:
    """The differences between a plan and its resume, in words."""
    return [
        f"{entry.node_id}, promised {entry.answer.value} {entry.reasons}: {wrong}"
        for entry in planned.entries
        for wrong in _wrong(entry, original, done)
    ]


def _wrong(whole: Entry, original: RecordedOutcomes, done: Done) -> Iterator[str]:
    skip = done.skips.get(whole.node_id)
    if skip is not None:
        yield from _wrong_skip(whole, skip)
        return
    if whole.answer is Answer.SKIPPED:
        yield "not skipped"
    if done.draft.step(whole.node_id).over is None:
        yield from _wrong_execution(whole, original, done)
        return
    if whole.answer is Answer.RESTORED and len(whole.items) != _restored(whole, done):
        yield "other items than the plan said"
    if whole.answer is Answer.WILL_RUN and whole.items and not _executed(whole, done):
        yield "none of its items ran"
    for entry in whole.items:
        yield from _wrong_execution(entry, original, done)


def _wrong_skip(whole: Entry, skip: NodeSkipped) -> Iterator[str]:
    """What a condition skips must have had that named; a predecessor may always fail."""
    if whole.answer in (Answer.RESTORED, Answer.WILL_RUN):
        yield f"skipped: {skip.reason}"
    condition = CONDITION.fullmatch(skip.reason)
    if whole.answer is Answer.SKIPPED or condition is None:
        return
    if f"when: {condition[1]}" not in whole.reasons:
        yield f"skipped by a condition that was not named: {skip.reason}"


def _wrong_execution(entry: Entry, original: RecordedOutcomes, done: Done) -> Iterator[str]:
    name: Name = entry.node_id, entry.index
    ran, restored = name in done.executed, name in done.restored
    if entry.answer is Answer.RESTORED and (ran or not restored):
        yield f"{entry.index} not restored"
    elif entry.answer in (Answer.WILL_RUN, Answer.IF_PREDECESSORS_SUCCEED) and (restored or not ran):
        yield f"{entry.index} restored"
    elif entry.answer is Answer.DEPENDS and ran and name in done.parts:
        yield from _wrong_dependence(entry, name, original, done)


def _wrong_dependence(entry: Entry, name: Name, original: RecordedOutcomes, done: Done) -> Iterator[str]:
    """It ran: then one of the parts that the plan named as open must have been what made it."""
    named = {found[1] for reason in entry.reasons if (found := COMES_FROM.fullmatch(reason))}
    event = done.parts[name]
    parts = event.input_parts or {}
    outcomes = original.outcomes.get(path_of(event.node_id, event.scope), [])
    for outcome in outcomes:
        both = parts.keys() | outcome.input_parts.keys()
        differing = {part for part in both if parts.get(part) != outcome.input_parts.get(part)}
        if differing and differing <= named:
            return
    if named and outcomes:
        yield f"{entry.index} ran although nothing of {sorted(named)} was different"


def _executed(whole: Entry, done: Done) -> int:
    return sum(node == whole.node_id for node, _ in done.executed)


def _restored(whole: Entry, done: Done) -> int:
    return sum(node == whole.node_id for node, _ in done.restored)
