"""A run named on the command line: an id, the beginning of one, or `latest`; and how a shell completes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.cli.options import OeError
from engine.log.store import RunNotFoundError, RunStore

Function = TypeVar("Function", bound=Callable[..., Any])

LATEST = "latest"


def run_id_argument(name: str) -> Callable[[Function], Function]:
    """Give a command the argument RUN-ID under `name`. Shells complete it with the runs, the newest first."""
    return click.argument(name, metavar="RUN-ID", shell_complete=_complete)


def find_run(store: RunStore, wanted: str) -> str:
    """The id of the run `wanted`; `latest` is the newest, running or not. Raises OeError."""
    if wanted == LATEST:
        ids = store.run_ids()
        if not ids:
            raise OeError(f"no runs in {store.runs}. `oe run` starts one.")
        return ids[0]
    try:
        return store.find(wanted)
    except RunNotFoundError as error:
        raise OeError(str(error)) from error


def _complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    path = ctx.params.get("path") or Path()
    ids = RunStore(path if path.is_dir() else path.parent).run_ids()
    return [run_id for run_id in (LATEST, *ids) if run_id.startswith(incomplete)]
