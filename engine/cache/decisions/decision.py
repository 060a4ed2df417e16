"""Decides whether to restore or run an execution, and gives the reasons (docs/design.md, Resume, The plan). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.decisions.execution_path import ExecutionPath
from engine.cache.decisions.recorded_outcomes import RecordedEnd, RecordedFailure, RecordedOutcome, RecordedOutcomes
from engine.cache.decisions.reuse_policy import ReusePolicy
from engine.cache.keys.input_hash import InputKey
from engine.experience.model import OnAmbiguous
from engine.log.events.events import Output, ScopeKind
from engine.scheduler.state.results import NotYetKnownError

Unfit = Callable[[Output], "str | None"]


class Answer(str, Enum):
    """What a resume does with a node. SKIPPED: a condition that is already known is false."""

    RESTORED = "restored"
    WILL_RUN = "will run"
    IF_PREDECESSORS_SUCCEED = "will run if its predecessors succeed"
    DEPENDS = "depends"
    SKIPPED = "skipped"


class Ambiguity(Struct, frozen=True):
    """The run `run_id` started the execution and did not log its end: it must not simply run again."""

    run_id: str
    rule: OnAmbiguous

    def message(self, node_id: str) -> str:
        """What is known, and the rule that applies, for the user."""
        started = f"{node_id} was started in run {self.run_id[:8]}, but its end is not in the log"
        return f"{started} (on_ambiguous: {self.rule.value})"


class Decision(Struct, frozen=True):
    """The answer and its reasons. `key` is None while an input part is unknown; `restored` is the outcome to reuse.

    With an `ambiguity`, it does not run but fails, or waits until somebody was asked. `changed` are the input parts
    that differ from those of the latest outcome or failure, if there is one, except those of secrets. `fails_again`: it
    failed in the original run, and none of the parts that are known differs from those that it failed with.
    """

    answer: Answer
    reasons: tuple[str, ...] = ()
    key: InputKey | None = None
    restored: RecordedOutcome | None = None
    ambiguity: Ambiguity | None = None
    changed: tuple[str, ...] = ()
    fails_again: bool = False


def first_decision(key: InputKey) -> Decision:
    """The decision of a run that resumes none."""
    return Decision(Answer.WILL_RUN, (), key)


def decide(
    original: RecordedOutcomes,
    path: ExecutionPath,
    key: InputKey,
    unknown: Mapping[str, str],
    unfit: Unfit,
    policy: ReusePolicy,
) -> Decision:
    """Decide for one execution.

    `key` is that of the known input parts; `unknown` maps the others to what they wait for. `unfit` gives the
    reason why the current state would refuse an output, or None: such an outcome is not restored, so that running the
    node reports the error.
    """
    made = _decide_unknown(original, path, key, unknown, policy) if unknown else None
    made = made or _decide_known(original, path, key, unfit, policy)
    started_in = original.open_since(path)
    if started_in is None or made.answer is Answer.RESTORED:
        return made
    return _ambiguous(made, started_in, policy)


def _decide_known(
    original: RecordedOutcomes, path: ExecutionPath, key: InputKey, unfit: Unfit, policy: ReusePolicy
) -> Decision:
    if not policy.cache:
        return _runs(Answer.WILL_RUN, ("cache: false",), original, path, key, [])
    recorded = original.recorded(path, policy.equals)
    hit = next((outcome for outcome in reversed(recorded) if _fits(outcome, key)), None)
    if hit is not None and hit.produced:
        hit = replace(hit, produced=original.latest_produced(path, hit))
    if hit is None:
        return _runs(Answer.WILL_RUN, _why(original, path, key, recorded, {}, policy), original, path, key, recorded)
    try:
        refused = _refused(hit, unfit, policy)
    except NotYetKnownError as error:
        return Decision(Answer.DEPENDS, (f"its set_once fields come from {error}",), key)
    return Decision(Answer.WILL_RUN, refused, key) if refused else Decision(Answer.RESTORED, (), key, hit)


def _fits(outcome: RecordedOutcome, key: InputKey) -> bool:
    """Whether the outcome has this key, or differs only in run args that the node does not receive."""
    return outcome.input_hash == key.hash or outcome.used_hash == (key.used or key.hash)


def _refused(hit: RecordedOutcome, unfit: Unfit, policy: ReusePolicy) -> tuple[str, ...]:
    """Reasons not to use an outcome with the right key. Raises NotYetKnownError (plans only)."""
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
    """Changes to the modules that it loaded although its input hash does not cover them."""
    return policy.reloaded(outcome.loaded) if outcome.loaded and policy.reloaded is not None else ()


def _decide_unknown(
    original: RecordedOutcomes, path: ExecutionPath, key: InputKey, unknown: Mapping[str, str], policy: ReusePolicy
) -> Decision:
    if not policy.cache:
        waits = any(name.startswith("edges.") for name in unknown)  # only edges carry skips and failures
        answer = Answer.IF_PREDECESSORS_SUCCEED if waits else Answer.WILL_RUN
        return replace(_runs(answer, ("cache: false",), original, path, key, []), key=None)
    recorded = original.recorded(path, policy.equals)
    if any(_could_hit(outcome, key, unknown) and not _reloaded(outcome, policy) for outcome in recorded):
        return Decision(Answer.DEPENDS, tuple(f"{name} comes from {source}" for name, source in unknown.items()))
    why = _why(original, path, key, recorded, unknown, policy)
    if recorded and not _changed(recorded[-1], key):
        why = _reloaded(recorded[-1], policy) or why
    return replace(_runs(Answer.IF_PREDECESSORS_SUCCEED, why, original, path, key, recorded), key=None)


def _runs(
    answer: Answer,
    why: tuple[str, ...],
    original: RecordedOutcomes,
    path: ExecutionPath,
    key: InputKey,
    recorded: list[RecordedOutcome],
) -> Decision:
    """The decision to run, with what changed since the latest outcome or, after a failure, since that."""
    failure = original.failures.get(path) if original.ends.get(path) is RecordedEnd.FAILED else None
    if failure is None or failure.input_parts is None:
        changed = _changed_since(recorded[-1], key) if recorded else ()
        return Decision(answer, why, key, changed=changed, fails_again=failure is not None)
    changed = _changed_since(failure, key)
    return Decision(answer, why, key, changed=changed, fails_again=not _changed(failure, key))


def _ambiguous(made: Decision, run_id: str, policy: ReusePolicy) -> Decision:
    """The decision for an execution that the run `run_id` started and whose end it did not log."""
    started = f"started but not ended in run {run_id[:8]}"
    if policy.on_ambiguous is OnAmbiguous.RERUN:
        reason = f"{started}; what it does may be done already" if policy.has_effects else started
        return replace(made, reasons=(reason, *made.reasons))
    ambiguity = Ambiguity(run_id, policy.on_ambiguous)
    reason = f"{started}; on_ambiguous: {policy.on_ambiguous.value}"
    if policy.on_ambiguous is OnAmbiguous.ASK:
        return replace(made, answer=Answer.DEPENDS, reasons=(reason, *made.reasons), ambiguity=ambiguity)
    return replace(made, reasons=(reason, *made.reasons), ambiguity=ambiguity)


def _could_hit(outcome: RecordedOutcome, known: InputKey, unknown: Mapping[str, str]) -> bool:
    """Whether the input hash may still turn out to be that of this outcome."""
    return outcome.not_restorable is None and not _changed(outcome, known) and not _gone(outcome, known, unknown)


def _changed_since(before: RecordedOutcome | RecordedFailure, key: InputKey) -> tuple[str, ...]:
    secret = {*key.keyed, *before.keyed_parts}
    return tuple(name for name in _changed(before, key) if name not in secret)


def _changed(before: RecordedOutcome | RecordedFailure, known: InputKey) -> list[str]:
    input_parts = before.input_parts or {}
    return [
        name
        for name, digest in known.parts.items()
        if (input_parts.get(name) != digest or before.keyed_parts.get(name) != known.keyed.get(name))
        and known.counts(name)
    ]


def _gone(outcome: RecordedOutcome, known: InputKey, unknown: Mapping[str, str]) -> list[str]:
    """Parts of an outcome that this execution will not have, whatever becomes known."""
    return [
        name for name in outcome.input_parts if name not in known.parts and name not in unknown and known.counts(name)
    ]


def _why(
    original: RecordedOutcomes,
    path: ExecutionPath,
    key: InputKey,
    recorded: list[RecordedOutcome],
    unknown: Mapping[str, str],
    policy: ReusePolicy,
) -> tuple[str, ...]:
    """The reasons why no outcome fits. An execution without a logged end already has one."""
    if recorded:
        return _why_not(recorded[-1], original, path, key, unknown)
    end = original.ends.get(path)
    if end is RecordedEnd.FAILED:
        return (f"failed in the original run: {_first_line(original.failures[path].message)}",)
    if original.open_since(path) is not None:
        return ()
    if end is not None:
        return (f"was {end.value} in the original run",)
    if _may_be_old(original, path, policy):
        return (f"{INCOMPARABLE}: item",)
    return ("new item" if original.lists.is_new(path, policy.index) else "not reached in the original run",)


INCOMPARABLE = "a secret cannot be compared here"
"""Reason to run again what comes from a secret: it was hashed with the key of another user or machine, or none."""


def _may_be_old(original: RecordedOutcomes, path: ExecutionPath, policy: ReusePolicy) -> bool:
    """Whether the item may be one of the original run, whose item keys were made with another user's key."""
    if policy.keyed is None or policy.keyed in original.keys or not path[0]:
        return False
    return original.has_parts((path[0][:-1], path[0][-1][1]))


def _why_not(
    latest: RecordedOutcome, original: RecordedOutcomes, path: ExecutionPath, key: InputKey, unknown: Mapping[str, str]
) -> tuple[str, ...]:
    """How the input parts differ from those of the latest outcome."""
    changed, today = _changed(latest, key), key.keyed
    secret = [name for name in changed if _is_incomparable(name, latest, today, original, path)]
    why = [
        f"{name} changed" if name in latest.input_parts else f"{name} is new" for name in changed if name not in secret
    ]
    if secret:
        why.append(f"{INCOMPARABLE}: {', '.join(sorted(secret))}")
    why += [f"{name} is gone" for name in _gone(latest, key, unknown)]
    return tuple(why) or ("its inputs changed",)


def _is_incomparable(
    name: str, latest: RecordedOutcome, today: Mapping[str, str], original: RecordedOutcomes, path: ExecutionPath
) -> bool:
    """Whether a part cannot be compared: hashed with another key than before, or with a key only now or only then."""
    if name in latest.input_parts:
        return latest.keyed_parts.get(name) != today.get(name)
    # Earlier engines left the secret args of the run out.
    section, _, arg = name.partition(".")
    was_given = arg in original.started.args or any(kind == ScopeKind.EXPERIENCE.value for kind, *_ in path[0])
    return name in today and section == "runArgs" and not latest.keyed_parts and was_given


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:160]
