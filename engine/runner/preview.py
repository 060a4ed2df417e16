"""Previews a prepared run: what this machine lacks, and how many calls it may make."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.keys.secret_parts import SecretParts
from engine.cache.plan.estimate import Estimate, LastTime, estimate
from engine.cache.plan.pending import pending
from engine.cache.plan.plan import first_plan
from engine.cache.plan.plan_entries import Plan
from engine.log.events.usage_totals import add
from engine.log.reading.index import read_summaries
from engine.log.reading.summary import RunState
from engine.nodes.requirements import Machine
from engine.runner.needs import Need, needs_of, needs_of_all
from engine.runner.prepare import Preparation
from engine.scheduler.slots import LLM_KINDS
from engine.scheduler.state.results import Results

_RUNS_LOOKED_AT = 10
"""The newest runs among which the last successful one is looked for."""


class Preview(Struct, frozen=True):
    """What nodes that may run lack, and the calls that may be made."""

    needs: tuple[Need, ...] = ()
    estimate: Estimate = Estimate()


def preview(
    preparation: Preparation,
    plan: Plan,
    python: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Preview:
    """The preview of a prepared run or resume, whose plan is `plan`. `python` is the value of --python."""
    executions = tuple(pending(plan, preparation.composition))
    expected = estimate(executions, preparation.provider)
    if preparation.original is None and expected.calls:
        expected = replace(expected, last=_last_run(preparation))
    return Preview(needs_of(executions, Machine(environment, preparation.provider, python)), expected)


def plan_of_run(preparation: Preparation) -> Plan:
    """The plan of a prepared run that resumes none. Reads no files."""
    hash_of = SecretParts(preparation.found.secrets).hash
    return first_plan(Results(preparation.composition, preparation.args, preparation.start, hash_of=hash_of))


def may_lack(preparation: Preparation, python: str | None = None) -> bool:
    """Whether any node, whether it would run or not, lacks something: a quick look that saves most runs a plan."""
    return bool(needs_of_all(preparation.composition, Machine(os.environ, preparation.provider, python)))


def may_call(preparation: Preparation) -> bool:
    """Whether any node calls a model or coding agent."""
    return any(node.kind in LLM_KINDS for node in preparation.composition.all_nodes())


def _last_run(preparation: Preparation) -> LastTime | None:
    """What the newest successful run of the experience cost, with what it restored; None if there is none."""
    store = preparation.store
    with contextlib.suppress(OSError):
        newest = itertools.islice(store.run_ids(), _RUNS_LOOKED_AT)
        for run in read_summaries(store, newest):
            if run.state is RunState.SUCCESS and run.file_name == preparation.loaded.path.name:
                return LastTime(add(run.spent, run.inherited))
    return None
