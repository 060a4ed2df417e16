"""The argument RUN-ID: an id, a prefix of one, or `latest`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from engine.cli.options import OeError
from engine.log.reading.reader import Log, UnreadableLogError, read_log
from engine.log.storage.run_store import RunNotFoundError, RunStore

Function = TypeVar("Function", bound=Callable[..., Any])

LATEST = "latest"


def run_id_argument(name: str, *, required: bool = True) -> Callable[[Function], Function]:
    """Add the argument RUN-ID to a command, as `name`. Shells complete it with the runs, the newest first."""
    return click.argument(name, metavar="RUN-ID" if required else "[RUN-ID]", type=_RunId(), required=required)


def run_ids_argument(name: str) -> Callable[[Function], Function]:
    """As `run_id_argument`, for one or more runs."""
    return click.argument(name, metavar="RUN-ID...", type=_RunId(), nargs=-1, required=True)


def find_run(store: RunStore, wanted: str) -> str:
    """The id of the run `wanted`; `latest` is the newest, running or not, except isolated ones. Raises OeError."""
    if wanted == LATEST:
        ids = store.whole_run_ids()
        if not ids:
            raise OeError(f"no runs in {store.runs}. `oe run` starts one.")
        return ids[0]
    try:
        return store.find(wanted)
    except RunNotFoundError as error:
        raise OeError(str(error)) from error


def read_stored(store: RunStore, run_id: str) -> Log:
    """The log of a run that `find_run` found. Raises OeError."""
    try:
        return read_log(store.log(run_id))
    except UnreadableLogError as error:
        raise OeError(str(error)) from error
    except OSError as error:
        raise OeError(f"{store.log(run_id)} cannot be read: {error.strerror}") from error


class _RunId(click.types.StringParamType):
    name = "run-id"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002
        others = sum(1 for each in ctx.command.params if isinstance(each.type, _RunId)) - 1 if ctx is not None else 0
        example = f", as in `{ctx.command_path} {LATEST}`" if ctx is not None and not others else ""
        return f"`{LATEST}` is the newest run{example}; `oe runs` lists them all."

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        path = ctx.params.get("path") or Path()
        ids = RunStore(path if path.is_dir() else path.parent).run_ids()
        return [CompletionItem(run_id) for run_id in (LATEST, *ids) if run_id.startswith(incomplete)]
