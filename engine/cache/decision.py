"""Restore or run? The one function that decides is the one that explains (docs/design.md, Resume, The plan). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from engine.cache.key import InputKey, Parts, input_key
from engine.cache.original import Fate, Original, Place, Recorded


class Answer(str, Enum):
    """What a resume does with a node. SKIPPED is for a node that a condition already known keeps from running."""

    RESTORED = "restored"
    WILL_RUN = "will run"
    IF_PREDECESSORS_SUCCEED = "will run if its predecessors succeed"
    DEPENDS = "depends"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and its reasons. `key` is None while a part is not known yet; `restored` is what to reuse."""

    answer: Answer
    reasons: tuple[str, ...] = ()
    key: InputKey | None = None
    restored: Recorded | None = None


def decide(original: Original | None, place: Place, parts: Parts, unknown: Mapping[str, str]) -> Decision:
    """Decide for one execution.

    `parts` are the parts of its input hash that are known, `unknown` maps each that is not to what it waits for.
    """
    if unknown:
        return _decide_unknown(original, place, parts, unknown)
    key = input_key(parts)
    if original is None:
        return Decision(Answer.WILL_RUN, (), key)
    recorded = original.recorded(place)
    hit = next((outcome for outcome in reversed(recorded) if outcome.input_hash == key.hash), None)
    if hit is None:
        return Decision(Answer.WILL_RUN, _why(original, place, parts, recorded), key)
    if hit.not_restorable is not None:
        return Decision(Answer.WILL_RUN, (f"not restorable: {hit.not_restorable}",), key)
    return Decision(Answer.RESTORED, (), key, hit)


def _decide_unknown(original: Original | None, place: Place, parts: Parts, unknown: Mapping[str, str]) -> Decision:
    if original is None:
        return Decision(Answer.IF_PREDECESSORS_SUCCEED)
    recorded = original.recorded(place)
    if any(_could_hit(outcome, parts) for outcome in recorded):
        return Decision(Answer.DEPENDS, tuple(f"{name} comes from {source}" for name, source in unknown.items()))
    return Decision(Answer.IF_PREDECESSORS_SUCCEED, _why(original, place, parts, recorded, tuple(unknown)))


def _could_hit(outcome: Recorded, known: Parts) -> bool:
    """Whether the parts that are known leave it open that this outcome's hash is met."""
    return outcome.not_restorable is None and not _changed(outcome, known)


def _changed(outcome: Recorded, known: Parts) -> list[str]:
    short = input_key(known).parts
    return [name for name, digest in short.items() if outcome.input_parts.get(name) != digest]


def _why(
    original: Original, place: Place, parts: Parts, recorded: list[Recorded], unknown: tuple[str, ...] = ()
) -> tuple[str, ...]:
    fate = original.fates.get(place)
    if recorded:
        latest = recorded[-1]
        changed = [
            f"{name} changed" if name in latest.input_parts else f"{name} is new" for name in _changed(latest, parts)
        ]
        gone = [f"{name} is gone" for name in latest.input_parts if name not in parts and name not in unknown]
        return tuple(changed + gone) or ("its inputs changed",)
    if fate is Fate.FAILED:
        return (f"failed in the original run: {_first_line(original.errors.get(place, ''))}",)
    if fate is Fate.STARTED:
        return ("started but not ended in the original run",)
    if fate is not None:
        return (f"was {fate.value} in the original run",)
    return ("new item" if place[0] else "not reached in the original run",)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:160]
