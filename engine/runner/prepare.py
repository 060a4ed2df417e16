"""Prepares a run or resume: args, starting state, the original run and what it offers to restore."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from engine.cache.decisions.overrides import Overrides
from engine.cache.decisions.recorded_outcomes import RecordedOutcomes, read_outcomes
from engine.cache.keys.fingerprint_store import recall
from engine.cache.keys.input_parts import InputHashers
from engine.cache.keys.secret_parts import SecretParts
from engine.cache.keys.sources import Sources, new_sources
from engine.cache.plan.explanation import Explainer
from engine.cache.plan.plan import plan
from engine.cache.plan.plan_entries import Plan
from engine.canonical import NotJsonError, canonical
from engine.collector import paused_collector
from engine.experience.args import check_args, secret_args, secret_values
from engine.experience.graph import Graph
from engine.experience.load import Loaded
from engine.experience.model import Experience
from engine.experience.source.locate import as_json
from engine.expressions import Json
from engine.llm.budget import NO_LIMITS, BudgetLimits, CallBudget, limits_from_json, limits_to_json
from engine.llm.limits import RateLimits
from engine.llm.providers import ANTHROPIC, PROVIDERS, Provider
from engine.llm.service import LLMService
from engine.log.reading.reader import Log, read_log
from engine.log.storage.blobs import BlobLostError
from engine.log.storage.run_store import RunStore
from engine.log.values.large_values import fetched_fields
from engine.nodes.registry import Kinds
from engine.runner.find_run import ReadLog, find_logs
from engine.runner.find_run import RunRefusedError as RunRefusedError  # noqa: PLC0414 - raised by what is here
from engine.runner.load_nested import NotComposableError, compose_loaded
from engine.runner.secrets import FoundSecrets, LostSecretError, defaults_for, find_secrets, no_secrets, with_secrets
from engine.runner.starting_state import UnfitStateError, fresh_start
from engine.scheduler.activity import FindNested
from engine.scheduler.composition import Composition
from engine.scheduler.isolated import IsolatedScheduler, Target
from engine.scheduler.scheduler import Scheduler
from engine.scheduler.state.results import Results
from engine.scheduler.value_digest import HashOf
from engine.state.store import StateError

DEFAULT_CONCURRENCY = 8


class Isolated(Struct, frozen=True):
    """A run of one node alone: its address, what it received in the run `original_run_id`, and warnings about that."""

    address: str
    target: Target
    original_run_id: str
    warnings: tuple[str, ...] = ()


class Preparation(Struct, frozen=True):
    """A run that can begin.

    `args` have their defaults, `start` is the starting state, `original` is there when the run resumes another one.
    `carried` maps the fields that continue from earlier runs to their defaults. `logs` are those of the original run
    and of the runs that it resumed, newest first; `overrides` is what else the user asked for. The nodes in `may_rerun`
    may run again although an earlier run started them and did not log their end. `found` are the run's secrets.
    `asked_budget` is the budget that the command line gave, to this run or to one that it resumes.
    With `isolated`, only one node runs.
    """

    loaded: Loaded
    composition: Composition
    args: Mapping[str, Json]
    start: Mapping[str, Json]
    original: RecordedOutcomes | None = None
    carried: Mapping[str, Json] = field(default_factory=dict)
    provider: Provider = ANTHROPIC
    logs: tuple[Log, ...] = ()
    overrides: Overrides = Overrides()
    may_rerun: frozenset[str] = frozenset()
    found: FoundSecrets = field(default_factory=no_secrets)
    isolated: Isolated | None = None
    asked_budget: BudgetLimits = NO_LIMITS

    @property
    def budget(self) -> BudgetLimits:
        """The budget of the run: what the command line gave, else `runtime.budget`, limit by limit."""
        own = self.experience
        return self.asked_budget.over(BudgetLimits(own.max_cost_usd, own.max_tokens, own.max_duration_ms))

    @property
    def secret_args(self) -> frozenset[str]:
        """The names of the args that must not be logged."""
        return secret_args(self.loaded.experience)

    @property
    def experience(self) -> Experience:
        """The experience to run."""
        return self.composition.experience

    @property
    def graph(self) -> Graph:
        """Its graph."""
        return self.composition.graph

    @property
    def store(self) -> RunStore:
        """The store of its runs."""
        return RunStore(self.loaded.directory)

    @property
    def settings(self) -> dict[str, Json]:
        """The settings for the log: a resume uses them again."""
        settings: dict[str, Json] = {"llm": self.provider.name}
        if self.carried:
            hidden = self.found.secrets.are_in
            settings["carried"] = {name: None if hidden(value) else value for name, value in self.carried.items()}
        if self.asked_budget != NO_LIMITS:
            settings["budget"] = limits_to_json(self.asked_budget)
        return settings


@paused_collector()
def prepare_run(
    loaded: Loaded,
    args: Mapping[str, Json],
    *,
    keep_state: bool = False,
    llm: str | None = None,
    budget: BudgetLimits = NO_LIMITS,
) -> Preparation:
    """Prepare a fresh run. `keep_state` carries every field over; `llm` names the provider; `budget` comes before that
    of the experience. Raises RunRefusedError.
    """
    composition = _composed(loaded)
    experience = composition.experience
    checked = _checked_args(experience, args)
    try:
        start = fresh_start(experience, RunStore(loaded.directory), keep_state=keep_state)
    except (StateError, UnfitStateError) as error:
        raise RunRefusedError(str(error)) from error
    provider = PROVIDERS[llm] if llm else ANTHROPIC
    found = find_secrets(composition, checked)
    return Preparation(
        loaded,
        composition,
        checked,
        start.state,
        carried=start.carried,
        provider=provider,
        found=found,
        asked_budget=budget,
    )


@paused_collector()
def prepare_resume(
    loaded: Loaded,
    wanted: str,
    *,
    force: bool = False,
    llm: str | None = None,
    args: Mapping[str, Json] | None = None,
    budget: BudgetLimits = NO_LIMITS,
    read_log: ReadLog = read_log,
) -> Preparation:
    """Prepare the resume of the run `wanted` (an id, the beginning of one, or `latest`).

    Without `llm`, the provider is that of the original run, and so are the fields carried over. `args` replace those of
    the original run by name; each limit that `budget` lacks is the one that the original run's command line gave.
    `read_log` reads the logs.
    Raises RunRefusedError if the run is unknown, its log is unusable, or it is still running and not `force`.
    """
    composition = _composed(loaded)
    experience = composition.experience
    store = RunStore(loaded.directory)
    logs = find_logs(store, wanted, force=force, read_log=read_log)
    original = _original_in(logs)
    try:
        read = store.blobs.read
        lost = original.started.masked_state
        start = {**defaults_for(experience, lost, _carried(original)), **fetched_fields(original.started.state, read)}
        given = fetched_fields(original.started.args, read)
        changed = args or {}
        kept = {name: value for name, value in given.items() if name not in changed}
        masked = [name for name in original.started.masked_args if name not in changed]
        present = {**with_secrets(experience, kept, masked), **changed}
        filled = {name: present[name] for name in dict.fromkeys((*given, *present))}  # a prompt shows their order
    except LostSecretError as error:
        raise RunRefusedError(f"run {original.run_id} cannot be resumed: {error}") from error
    except (BlobLostError, ValueError) as error:
        raise RunRefusedError(
            f"run {original.run_id} cannot be resumed: what it began with is lost: {error}"
        ) from error
    checked = _checked_args(experience, filled)
    found = find_secrets(composition, checked)
    found.secrets.add(secret_values(experience, given))  # in plain in the log, since they were not secret then
    original.withhold(found.secrets)
    provider, carried = _provider(original, llm), _carried(original)
    asked = budget.over(limits_from_json(original.started.settings.get("budget")))
    return Preparation(
        loaded, composition, checked, start, original, carried, provider, logs=logs, found=found, asked_budget=asked
    )


def _carried(original: RecordedOutcomes) -> dict[str, Json]:
    carried = original.started.settings.get("carried")
    return carried if isinstance(carried, dict) else {}


def _provider(original: RecordedOutcomes, llm: str | None) -> Provider:
    name = llm or original.started.settings.get("llm") or ANTHROPIC.name
    if name not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise RunRefusedError(
            f"the run used the LLM provider {name}, which this oe does not know; pass --llm ({known})"
        )
    return PROVIDERS[str(name)]


def _original_in(logs: tuple[Log, ...]) -> RecordedOutcomes:
    """The outcomes that a resume can restore: those of the newest log, and more from those before it.

    A resume that was stopped while it restored has fewer outcomes than its original run.
    """
    original = read_outcomes(logs[0])
    for older in logs[1:]:
        original.add_older(read_outcomes(older))
    return original


def make_scheduler(preparation: Preparation, find_nested: FindNested, hash_of: HashOf) -> Scheduler | IsolatedScheduler:
    """The scheduler of the prepared run."""
    composition, args, isolated = preparation.composition, preparation.args, preparation.isolated
    if isolated is not None:
        return IsolatedScheduler(composition, args, isolated.target, find_nested, hash_of)
    return Scheduler(composition, args, preparation.start, find_nested, hash_of)


@paused_collector()
def make_plan(preparation: Preparation, kinds: Kinds, sources: Sources | None = None) -> Plan:
    """The plan of the prepared resume. Reads files, runs nothing. `sources` are those of an earlier plan."""
    assert preparation.original is not None
    secret_parts = SecretParts(preparation.found.secrets)
    results = Results(preparation.composition, preparation.args, preparation.start, hash_of=secret_parts.hash)
    sources = sources or new_sources(recall(preparation.store.data))
    hashers = InputHashers(kinds, preparation.composition, sources, secret_parts)
    explainer = Explainer(preparation.logs, preparation.found.secrets)
    with sources.fingerprints.moment():
        return plan(results, hashers, preparation.original, preparation.overrides, explainer)


def make_llm(preparation: Preparation, budget: CallBudget | None = None) -> LLMService:
    """The LLM of a run: its provider, within what `runtime.limits` and `budget` allow. The caller closes it."""
    experience = preparation.experience
    limits = RateLimits(experience.requests_per_minute, experience.tokens_per_minute)
    return LLMService(preparation.provider, limits, budget=budget)


def concurrency(experience: Experience, wanted: int | None) -> int:
    """The concurrency limit: `--concurrency` overrides `runtime.concurrency` (docs/format.md, Concurrency)."""
    return wanted or experience.concurrency or DEFAULT_CONCURRENCY


def _composed(loaded: Loaded) -> Composition:
    """The composition of `loaded`. Raises RunRefusedError if it cannot run."""
    _require_json(loaded)
    try:
        return compose_loaded(loaded)
    except NotComposableError as error:
        raise RunRefusedError(f"{error}\nNothing was started.") from error


def _require_json(loaded: Loaded) -> None:
    root = loaded.analysis.tree.root
    try:
        canonical(as_json(root.value) if root is not None else None)
    except NotJsonError as error:
        raise RunRefusedError(
            f"{loaded.path} holds a value that no log can hold: {error}. Write it as a text."
        ) from error


def _checked_args(experience: Experience, args: Mapping[str, Json]) -> Mapping[str, Json]:
    checked = check_args(experience, args)
    if checked.problems:
        raise RunRefusedError("the run args do not fit what the experience declares: " + "; ".join(checked.problems))
    return checked.args
