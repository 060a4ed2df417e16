"""Everything that must be known before the first event of a run:
args, starting state, the original, what can be restored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from engine.cache.keying import Keying
from engine.cache.original import Original, read_original
from engine.cache.plan import Plan, plan
from engine.canonical import NotJsonError, canonical
from engine.expressions import Json
from engine.graph import Graph, build_graph
from engine.log.lock import is_held
from engine.log.reader import UnreadableLogError, read_log
from engine.log.store import RunNotFoundError, RunStore, is_run_id
from engine.log.view import fold
from engine.nodes.kind import NodeKind
from engine.nodes.registry import SUPPORTED
from engine.spec.args import check_args, secret_args
from engine.spec.load import Loaded
from engine.spec.locate import as_json
from engine.spec.model import Experience, Kind

DEFAULT_CONCURRENCY = 8
LATEST = "latest"


class RunRefusedError(Exception):
    """A run cannot begin; nothing was started and nothing written. The message is for the user."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """A run that can begin: `args` with their defaults, `start` the state it starts from, `original` when it
    resumes.
    """

    loaded: Loaded
    graph: Graph
    args: Mapping[str, Json]
    start: Mapping[str, Json]
    original: Original | None = None

    @property
    def secret_args(self) -> frozenset[str]:
        """The names of the args whose values no log may hold."""
        return secret_args(self.loaded.experience)

    @property
    def experience(self) -> Experience:
        """The experience that will run."""
        return self.loaded.experience

    @property
    def store(self) -> RunStore:
        """Where its runs live."""
        return RunStore(self.loaded.directory)


def prepare_run(loaded: Loaded, args: Mapping[str, Json]) -> Preparation:
    """Prepare a fresh run. Raises RunRefusedError."""
    experience = loaded.experience
    _require_supported(experience)
    _require_json(loaded)
    checked = _checked_args(experience, args)
    return Preparation(loaded, build_graph(experience), checked, experience.starting_state())


def prepare_resume(loaded: Loaded, wanted: str, *, force: bool = False) -> Preparation:
    """Prepare the resume of the run `wanted` (an id, the beginning of one, or `latest`).

    Raises RunRefusedError where the run is unknown, its log is unusable, or it is still running and not `force`.
    """
    experience = loaded.experience
    _require_supported(experience)
    _require_json(loaded)
    store = RunStore(loaded.directory)
    original = find_original(store, wanted, force=force)
    start = {**experience.starting_state(), **original.started.state}
    args = _checked_args(experience, _with_secrets(experience, original.started.args))
    return Preparation(loaded, build_graph(experience), args, start, original)


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


def make_plan(preparation: Preparation, kinds: Mapping[Kind, NodeKind]) -> Plan:
    """What resuming would restore and run. Reads files, runs nothing. The preparation must be that of a resume."""
    assert preparation.original is not None
    keying = make_keying(preparation, kinds)
    return plan(
        preparation.experience, preparation.graph, keying, preparation.args, preparation.original, preparation.start
    )


def make_keying(preparation: Preparation, kinds: Mapping[Kind, NodeKind]) -> Keying:
    """What makes the input hashes of a run. Secrets are no part of them: a rotated token changes no result."""
    args = {name: value for name, value in preparation.args.items() if name not in preparation.secret_args}
    return Keying(preparation.loaded.directory, kinds, args)


def concurrency(experience: Experience, wanted: int | None) -> int:
    """How much may go on at once: `--concurrency` beats `runtime.concurrency` (docs/format.md, Concurrency)."""
    return wanted or experience.concurrency or DEFAULT_CONCURRENCY


def cores() -> int:
    """How many tools may run at once."""
    return os.cpu_count() or 1


def _require_supported(experience: Experience) -> None:
    unsupported = [node for node in experience.nodes if node.kind not in SUPPORTED]
    if unsupported:
        named = ", ".join(f"{node.id} ({node.kind.value})" for node in unsupported[:5])
        known = ", ".join(sorted(kind.value for kind in SUPPORTED))
        raise RunRefusedError(
            f"this version of oe runs nodes of kind {known}; it cannot run {named}. Nothing was started."
        )
    if experience.pipelines or experience.loops:
        ids = [pipeline.id for pipeline in experience.pipelines] + [loop.id for loop in experience.loops]
        named = ", ".join(ids)
        raise RunRefusedError(
            f"this version of oe does not run pipelines and loops yet ({named}). Nothing was started."
        )


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
