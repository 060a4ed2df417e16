"""Restore or run? The one function that decides is the one that explains (docs/design.md, Resume, The plan). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.decisions.execution_path import ExecutionPath
from engine.cache.decisions.recorded_outcomes import RecordedEnd, RecordedOutcome, RecordedOutcomes
from engine.cache.decisions.reuse_policy import ReusePolicy
from engine.cache.keys.input_hash import InputKey, Parts, input_key
from engine.experience.model import OnAmbiguous
from engine.log.events.events import Output, ScopeKind
from engine.scheduler.state.results import NotYetKnownError

Unfit = Callable[[Output], "str | None"]


class Answer(str, Enum):
    """What a resume does with a node. SKIPPED is for a node that a condition already known keeps from running."""

    RESTORED = "restored"
    WILL_RUN = "will run"
    IF_PREDECESSORS_SUCCEED = "will run if its predecessors succeed"
    DEPENDS = "depends"
    SKIPPED = "skipped"


class Ambiguity(Struct, frozen=True):
    """The execution was started in the run `run_id` and its end is not known: it is not to run without further ado."""

    run_id: str
    rule: OnAmbiguous

    def told(self, node_id: str) -> str:
        """What is known of it, and which rule that meets."""
        started = f"{node_id} was started in run {self.run_id[:8]}, whose log does not tell how that ended"
        return f"{started} (on_ambiguous: {self.rule.value})"


class Decision(Struct, frozen=True):
    """The answer and its reasons. `key` is None while a part is not known yet; `restored` is what to reuse.

    `ambiguity` says that instead of running it fails, or waits until someone was asked. `changed` are the parts of the
    input hash that are not what they were in the latest outcome, if there is one; those of secrets are not among them.
    """

    answer: Answer
    reasons: tuple[str, ...] = ()
    key: InputKey | None = None
    restored: RecordedOutcome | None = None
    ambiguity: Ambiguity | None = None
    changed: tuple[str, ...] = ()


def first_decision(parts: Parts) -> Decision:
    """The decision of a run that resumes none."""
    return Decision(Answer.WILL_RUN, (), input_key(parts))


def decide(
    original: RecordedOutcomes,
    path: ExecutionPath,
    parts: Parts,
    unknown: Mapping[str, str],
    unfit: Unfit,
    policy: ReusePolicy,
) -> Decision:
    """Decide for one execution.

    `parts` are the parts of its input hash that are known, `unknown` maps each that is not to what it waits for.
    `unfit` says why today's state would not take an output, if it would not: then running it shall say so.
    """
    made = _decide_unknown(original, path, parts, unknown, policy) if unknown else None
    made = made or _decide_known(original, path, parts, unfit, policy)
    started_in = original.open_since(path)
    if started_in is None or made.answer is Answer.RESTORED:
        return made
    return _ambiguous(made, started_in, policy)


def _decide_known(
    original: RecordedOutcomes, path: ExecutionPath, parts: Parts, unfit: Unfit, policy: ReusePolicy
) -> Decision:
    key = input_key(parts)
    if not policy.cache:
        return Decision(Answer.WILL_RUN, ("cache: false",), key)
    recorded = original.recorded(path, policy.equals)
    hit = next((outcome for outcome in reversed(recorded) if outcome.input_hash == key.hash), None)
    if hit is not None and hit.produced:
        hit = replace(hit, produced=original.latest_produced(path, hit))
    if hit is None:
        changed = _changed_since_latest(recorded, parts)
        return Decision(Answer.WILL_RUN, _why(original, path, parts, recorded, {}, policy), key, changed=changed)
    try:
        refused = _refused(hit, unfit, policy)
    except NotYetKnownError as error:
        return Decision(Answer.DEPENDS, (f"its set_once fields come from {error}",), key)
    return Decision(Answer.WILL_RUN, refused, key) if refused else Decision(Answer.RESTORED, (), key, hit)


def _refused(hit: RecordedOutcome, unfit: Unfit, policy: ReusePolicy) -> tuple[str, ...]:
    """Why an outcome with the right key is not used. Raises NotYetKnownError (plans only)."""
    if hit.not_restorable is not None:
        return (f"not restorable: {hit.not_restorable}",)
    stale_files = policy.stale_files(hit.produced) if policy.stale_files is not None else ()
    if stale_files:
        return stale_files
    reloaded = _reloaded(hit, policy)
    if reloaded:
        return reloaded
    refused = unfit(hit.output)
    return () if refused is None else (f"not restorable: {refused}",)


def _reloaded(outcome: RecordedOutcome, policy: ReusePolicy) -> tuple[str, ...]:
    """What is different about the modules that it loaded although its input hash does not name them."""
    return policy.reloaded(outcome.loaded) if outcome.loaded and policy.reloaded is not None else ()


def _decide_unknown(
    original: RecordedOutcomes, path: ExecutionPath, parts: Parts, unknown: Mapping[str, str], policy: ReusePolicy
) -> Decision:
    if not policy.cache:
        waits = any(name.startswith("edges.") for name in unknown)  # only edges carry skips and failures
        return Decision(Answer.IF_PREDECESSORS_SUCCEED if waits else Answer.WILL_RUN, ("cache: false",))
    recorded = original.recorded(path, policy.equals)
    if any(_could_hit(outcome, parts, unknown) and not _reloaded(outcome, policy) for outcome in recorded):
        return Decision(Answer.DEPENDS, tuple(f"{name} comes from {source}" for name, source in unknown.items()))
    why = _why(original, path, parts, recorded, unknown, policy)
    if recorded and not _changed(recorded[-1], parts):
        why = _reloaded(recorded[-1], policy) or why
    return Decision(Answer.IF_PREDECESSORS_SUCCEED, why, changed=_changed_since_latest(recorded, parts))


def _ambiguous(made: Decision, run_id: str, policy: ReusePolicy) -> Decision:
    """The decision for what was started before and has no end that anyone knows of."""
    started = f"started but not ended in run {run_id[:8]}"
    if policy.on_ambiguous is OnAmbiguous.RERUN:
        told = f"{started}; what it does may be done already" if policy.has_effects else started
        return replace(made, reasons=(told, *made.reasons))
    ambiguity = Ambiguity(run_id, policy.on_ambiguous)
    told = f"{started}; on_ambiguous: {policy.on_ambiguous.value}"
    if policy.on_ambiguous is OnAmbiguous.ASK:
        return replace(made, answer=Answer.DEPENDS, reasons=(told, *made.reasons), ambiguity=ambiguity)
    return replace(made, reasons=(told, *made.reasons), ambiguity=ambiguity)


def _could_hit(outcome: RecordedOutcome, known: Parts, unknown: Mapping[str, str]) -> bool:
    """Whether the parts that are known leave it open that this outcome's hash is met."""
    return outcome.not_restorable is None and not _changed(outcome, known) and not _gone(outcome, known, unknown)


def _changed_since_latest(recorded: list[RecordedOutcome], parts: Parts) -> tuple[str, ...]:
    if not recorded:
        return ()
    secret = {*input_key(parts).keyed, *recorded[-1].keyed_parts}
    return tuple(name for name in _changed(recorded[-1], parts) if name not in secret)


def _changed(outcome: RecordedOutcome, known: Parts) -> list[str]:
    key = input_key(known)
    return [
        name
        for name, digest in key.parts.items()
        if outcome.input_parts.get(name) != digest or outcome.keyed_parts.get(name) != key.keyed.get(name)
    ]


def _gone(outcome: RecordedOutcome, known: Parts, unknown: Mapping[str, str]) -> list[str]:
    """What an outcome had received and this execution will not, whatever becomes known."""
    return [name for name in outcome.input_parts if name not in known and name not in unknown]


def _why(
    original: RecordedOutcomes,
    path: ExecutionPath,
    parts: Parts,
    recorded: list[RecordedOutcome],
    unknown: Mapping[str, str],
    policy: ReusePolicy,
) -> tuple[str, ...]:
    """Why no outcome fits. What was started and did not end has its reason already."""
    if recorded:
        return _why_not(recorded[-1], original, path, parts, unknown)
    end = original.ends.get(path)
    if end is RecordedEnd.FAILED:
        return (f"failed in the original run: {_first_line(original.errors.get(path, ''))}",)
    if original.open_since(path) is not None:
        return ()
    if end is not None:
        return (f"was {end.value} in the original run",)
    if _may_be_old(original, path, policy):
        return (f"{INCOMPARABLE}: item",)
    return ("new item" if original.lists.is_new(path, policy.index) else "not reached in the original run",)


INCOMPARABLE = "a secret cannot be compared here"
"""Why what comes from a secret runs again: it was hashed with the key of another user or machine, or with none."""


def _may_be_old(original: RecordedOutcomes, path: ExecutionPath, policy: ReusePolicy) -> bool:
    """Whether the item may be one of the original's, whose paths were made with another key."""
    if policy.keyed is None or policy.keyed in original.keys or not path[0]:
        return False
    return original.has_parts((path[0][:-1], path[0][-1][1]))


def _why_not(
    latest: RecordedOutcome, original: RecordedOutcomes, path: ExecutionPath, parts: Parts, unknown: Mapping[str, str]
) -> tuple[str, ...]:
    """What has become of the parts of the latest outcome."""
    changed, today = _changed(latest, parts), input_key(parts).keyed
    secret = [name for name in changed if _is_incomparable(name, latest, today, original, path)]
    why = [
        f"{name} changed" if name in latest.input_parts else f"{name} is new" for name in changed if name not in secret
    ]
    if secret:
        why.append(f"{INCOMPARABLE}: {', '.join(sorted(secret))}")
    why += [f"{name} is gone" for name in _gone(latest, parts, unknown)]
    return tuple(why) or ("its inputs changed",)


def _is_incomparable(
    name: str, latest: RecordedOutcome, today: Mapping[str, str], original: RecordedOutcomes, path: ExecutionPath
) -> bool:
    """Whether nobody can say that a part changed: it is hashed with another key than it was, or only now or then."""
    if name in latest.input_parts:
        return latest.keyed_parts.get(name) != today.get(name)
    # Earlier engines left the secret args of the run out.
    section, _, arg = name.partition(".")
    was_given = arg in original.started.args or any(kind == ScopeKind.EXPERIENCE.value for kind, *_ in path[0])
    return name in today and section == "runArgs" and not latest.keyed_parts and was_given


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:160]
