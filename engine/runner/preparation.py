"""Everything that must be known before the first event of a run:
args, starting state, the original, what can be restored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.cache.keying import Keyings
from engine.cache.original import Original, read_original
from engine.cache.plan import Plan, plan
from engine.canonical import NotJsonError, canonical
from engine.core.board import Board
from engine.core.composition import Composition
from engine.expressions import Json
from engine.graph import Graph
from engine.llm.limits import RateLimits
from engine.llm.providers import ANTHROPIC, PROVIDERS, Provider
from engine.llm.service import LLMService
from engine.log.lock import is_held
from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunNotFoundError, RunStore, is_run_id
from engine.log.view import fold
from engine.nodes.registry import Kinds
from engine.runner.composing import NotComposableError, compose_loaded
from engine.runner.starting import UnfitStateError, fresh_start
from engine.spec.args import check_args, secret_args
from engine.spec.load import Loaded
from engine.spec.locate import as_json
from engine.spec.model import Experience
from engine.state.store import StateError

DEFAULT_CONCURRENCY = 8
LATEST = "latest"


class RunRefusedError(Exception):
    """A run cannot begin; nothing was started and nothing written. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A run that can begin: `args` with their defaults, `start` the state it starts from, `original` when it
    resumes. The fields in `carried` go on from what earlier runs left; they are mapped to their defaults.
    """

    loaded: Loaded
    composition: Composition
    args: Mapping[str, Json]
    start: Mapping[str, Json]
    original: Original | None = None
    carried: Mapping[str, Json] = field(default_factory=dict)
    provider: Provider = ANTHROPIC

    @property
    def secret_args(self) -> frozenset[str]:
        """The names of the args whose values no log may hold."""
        return secret_args(self.loaded.experience)

    @property
    def experience(self) -> Experience:
        """The experience that will run."""
        return self.composition.experience

    @property
    def graph(self) -> Graph:
        """Its graph."""
        return self.composition.graph

    @property
    def store(self) -> RunStore:
        """Where its runs live."""
        return RunStore(self.loaded.directory)

    @property
    def settings(self) -> dict[str, Json]:
        """What of the command line can change a result, for the log: a resume goes by it."""
        settings: dict[str, Json] = {"llm": self.provider.name}
        if self.carried:
            settings["carried"] = dict(self.carried)
        return settings


def prepare_run(
    loaded: Loaded, args: Mapping[str, Json], *, keep_state: bool = False, llm: str | None = None
) -> Preparation:
    """Prepare a fresh run. `keep_state` carries every field over; `llm` names the provider. Raises RunRefusedError."""
    composition = _composed(loaded)
    experience = composition.experience
    checked = _checked_args(experience, args)
    try:
        start = fresh_start(experience, RunStore(loaded.directory), keep_state=keep_state)
    except (StateError, UnfitStateError) as error:
        raise RunRefusedError(str(error)) from error
    provider = PROVIDERS[llm] if llm else ANTHROPIC
    return Preparation(loaded, composition, checked, start.state, carried=start.carried, provider=provider)


def prepare_resume(loaded: Loaded, wanted: str, *, force: bool = False, llm: str | None = None) -> Preparation:
    """Prepare the resume of the run `wanted` (an id, the beginning of one, or `latest`).

    What `llm` does not say, and which fields are carried, is as in the original. Raises RunRefusedError where the run
    is unknown, its log is unusable, or it is still running and not `force`.
    """
    composition = _composed(loaded)
    experience = composition.experience
    store = RunStore(loaded.directory)
    original = find_original(store, wanted, force=force)
    start = {**experience.starting_state(), **original.started.state}
    args = _checked_args(experience, _with_secrets(experience, original.started.args))
    return Preparation(loaded, composition, args, start, original, _carried(original), _provider(original, llm))


def find_original(store: RunStore, wanted: str, *, force: bool = False) -> Original:
    """The run to resume. Raises RunRefusedError."""
    try:
        run_id = latest_ended(store) if wanted == LATEST else store.find(wanted)
        if not force and is_running(store, run_id):
            raise RunRefusedError(
                f"run {run_id} is still running. Wait for its end, cancel it with `oe cancel {run_id[:8]}`, "
                "or pass --force."
            )
        return _with_forebears(store, read_original(read_log(store.log(run_id))))
    except (RunNotFoundError, UnreadableLogError) as error:
        raise RunRefusedError(str(error)) from error
    except OSError as error:
        raise RunRefusedError(f"the run log cannot be read: {error}") from error


def _carried(original: Original) -> dict[str, Json]:
    carried = original.started.settings.get("carried")
    return carried if isinstance(carried, dict) else {}


def _provider(original: Original, llm: str | None) -> Provider:
    name = llm or original.started.settings.get("llm") or ANTHROPIC.name
    if name not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise RunRefusedError(
            f"the run used the LLM provider {name}, which this oe does not know; pass --llm ({known})"
        )
    return PROVIDERS[str(name)]


def _with_forebears(store: RunStore, original: Original) -> Original:
    """Add the outcomes of the runs that `original` resumed, as far as their logs are still there.

    A resume that was stopped while it restored holds less than what it was restoring from; what that holds is not to
    be executed again. A log that is gone or damaged is no loss: `original` is self-contained for what it did itself.
    """
    seen = {original.run_id}
    forebear = original.started.original_run_id
    while forebear is not None and is_run_id(forebear) and forebear not in seen:
        seen.add(forebear)
        try:
            older = read_original(read_log(store.log(forebear)))
        except (UnreadableLogError, OSError):
            break
        original.add_older(older)
        forebear = older.started.original_run_id
    return original


def latest_ended(store: RunStore) -> str:
    """The newest run that is not running. Raises RunNotFoundError where there is none."""
    for run_id in store.run_ids():
        if not is_running(store, run_id):
            return run_id
    raise RunNotFoundError(f"there is no run to resume in {store.runs}. `oe run` starts one.")


def is_running(store: RunStore, run_id: str) -> bool:
    """Whether the run's writer lives and has not written the run's end."""
    if not is_held(store.lock(run_id)):
        return False
    try:
        return fold(read_log(store.log(run_id)).records).finished is None
    except (UnreadableLogError, OSError):
        return True


def make_plan(preparation: Preparation, kinds: Kinds) -> Plan:
    """What resuming would restore and run. Reads files, runs nothing. The preparation must be that of a resume."""
    assert preparation.original is not None
    board = Board(preparation.composition, preparation.args, preparation.start)
    return plan(board, Keyings(kinds), preparation.original)


def make_llm(preparation: Preparation) -> LLMService:
    """The LLM of a run: its provider, within what `runtime.limits` allows. The caller closes it."""
    experience = preparation.experience
    return LLMService(preparation.provider, RateLimits(experience.requests_per_minute, experience.tokens_per_minute))


def concurrency(experience: Experience, wanted: int | None) -> int:
    """How much may go on at once: `--concurrency` beats `runtime.concurrency` (docs/format.md, Concurrency)."""
    return wanted or experience.concurrency or DEFAULT_CONCURRENCY


def cores() -> int:
    """How many tools may run at once."""
    return os.cpu_count() or 1


def _composed(loaded: Loaded) -> Composition:
    """What is to run, with all that it nests. Raises RunRefusedError where that cannot be run."""
    _require_json(loaded)
    try:
        return compose_loaded(loaded)
    except NotComposableError as error:
        raise RunRefusedError(f"{error}\nNothing was started.") from error


def _with_secrets(experience: Experience, args: Mapping[str, Json]) -> dict[str, Json]:
    """The args of the original, its secret ones from the environment: the log does not hold them."""
    filled = dict(args)
    for name in sorted(secret_args(experience) & args.keys()):
        variable = f"OE_ARG_{name.upper()}"
        value = os.environ.get(variable)
        if value is None:
            raise RunRefusedError(
                f"the arg '{name}' is a secret (writeOnly), so the log does not hold its value: "
                f"set the environment variable {variable} and resume again."
            )
        filled[name] = value
    return filled


def _require_json(loaded: Loaded) -> None:
    root = loaded.analysis.tree.root
    try:
        canonical(as_json(root.value if root is not None else None))
    except NotJsonError as error:
        raise RunRefusedError(
            f"{loaded.path} holds a value that no log can hold: {error}. Write it as a text."
        ) from error


def _checked_args(experience: Experience, args: Mapping[str, Json]) -> Mapping[str, Json]:
    checked = check_args(experience, args)
    if checked.problems:
        raise RunRefusedError("the run args do not fit what the experience declares: " + "; ".join(checked.problems))
    return checked.args
