"""`oe state`: shows the persisted state, resets it, or rebuilds it from the logs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from engine.cli.options import OeError, examples, experience_folder, experience_option
from engine.cli.output.printing import print_json, print_text
from engine.cli.output.tables import Column, console, print_table
from engine.expressions import MISSING
from engine.json_types import Json
from engine.log.events.timestamps import moment
from engine.log.humanize import age, plural
from engine.log.storage.run_store import RunStore
from engine.log.writing.run_order import take_place
from engine.log.writing.writer import timestamp, utc_now
from engine.state.rebuild import catch_up
from engine.state.rebuild import rebuild as rebuild_from_logs
from engine.state.store import Change, FieldValue, StateError, StateStore

_SHORT = 8
_SHOWN = 200

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class _ShowByDefault(click.Group):
    """`oe state FIELD` is short for `oe state show FIELD`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_complete = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_complete else ["show", *args])


@click.group(
    "state",
    cls=_ShowByDefault,
    subcommand_metavar="[FIELD] | reset | rebuild",
    epilog=examples(
        ("oe state", "the value of every field"),
        ("oe state findings | jq length", "one value as JSON"),
        ("oe state findings --history", "the changes by each run"),
        ("oe state reset --field findings --yes", "reset one field"),
    ),
)
def command() -> None:
    """Show the persisted state: each field's last value, its run and its node.

    A run starts from the defaults of the fields. Fields with `persist: true`
    (with `oe run --keep-state`: all fields) start from these values. `oe
    state FIELD` prints one value as JSON, `--history` the changes by each run.
    """


@command.command("show")
@click.argument("field", required=False)
@experience_option
@click.option("--history", is_flag=True, help="Print the changes by each run, the oldest first.")
@_as_json
def show(field: str | None, path: Path, history: bool, as_json: bool) -> int:
    """Print the value of one field, or of all (the default)."""
    try:
        store = _store(path)
        values = store.values()
        if field is not None and field not in values and not (history and store.history(field)):
            raise OeError(_unknown(field, values))
        if history:
            _print_history(store.history(field), as_json=as_json)
        elif field is not None:
            _print_json(values[field].value)
        elif as_json:
            _print_json({name: value.value for name, value in values.items()})
        else:
            _print_values(values, store)
    except StateError as error:
        raise OeError(str(error)) from error
    return 0


@command.command("reset")
@experience_option
@click.option("--field", metavar="FIELD", help="The field to reset.  [default: all fields]")
@click.option("--yes", is_flag=True, help="Confirm the reset; required.")
def reset(path: Path, field: str | None, yes: bool) -> int:
    """Delete the values and the history of one field, or of all. Does not change the run logs."""
    try:
        store = _store(path)
        values = store.values()
        if field is not None and field not in values and not store.history(field):
            raise OeError(_unknown(field, values))
        if not yes:
            named = field or ", ".join(values) or "nothing"
            raise OeError(f"this would reset {named}. Add --yes to do it.")
        ts = timestamp(utc_now())
        forgotten = store.reset(field, ts, take_place(RunStore(experience_folder(path)), ts).order)
    except OSError as error:
        raise OeError(f"nothing was reset: {error.filename or path}: {error.strerror}") from error
    except StateError as error:
        raise OeError(str(error)) from error
    print_text(f"reset {', '.join(forgotten)}" if forgotten else "there is nothing to reset")
    return 0


@command.command("rebuild")
@experience_option
def rebuild(path: Path) -> int:
    """Rebuild the state from the run logs.

    Merges every run that has ended again, in the order of their ends. Keeps
    resets and the writes of removed runs, unless the file is damaged; then it
    is moved aside.
    """
    try:
        rebuilt = rebuild_from_logs(RunStore(experience_folder(path)))
    except StateError as error:
        raise OeError(str(error)) from error
    print_text(f"merged {plural(rebuilt.runs, 'run')}")
    for run_id in rebuilt.unreadable:
        print_text(f"oe: the log of run {run_id} could not be read", err=True)
    return 0


def _store(path: Path) -> StateStore:
    """The state, up to date with the logs. Raises StateError."""
    return catch_up(RunStore(experience_folder(path)))


def _unknown(field: str, values: dict[str, FieldValue]) -> str:
    known = f"fields with a value: {', '.join(values)}" if values else "no field has a value"
    return f"no run has written '{field}' ({known})"


def _print_json(value: Json) -> None:
    print_json(value)


def _print_values(values: dict[str, FieldValue], store: StateStore) -> None:
    if not values:
        print_text(f"no state in {store.path}: no run has written to a field")
        return
    now = utc_now()
    rows = [
        (name, _shown(value.value), value.node_id, value.run_id[:_SHORT], _age(value.updated_at, now))
        for name, value in values.items()
    ]
    columns = (
        Column("field"),
        Column("value", narrowest=16),
        Column("node", rank=3),
        Column("run"),
        Column("when", rank=2),
    )
    print_table(console(), columns, rows)


def _print_history(changes: list[Change], *, as_json: bool) -> None:
    if as_json:
        _print_json([_to_json(change) for change in changes])
        return
    now = utc_now()
    rows = [
        (
            change.field,
            "" if change.old is MISSING else _shown(change.old),
            _shown(change.new),
            change.node_id,
            change.run_id[:_SHORT],
            _age(change.ts, now),
        )
        for change in changes
    ]
    columns = (
        Column("field"),
        Column("before", rank=4, narrowest=12),
        Column("after", narrowest=12),
        Column("node", rank=3),
        Column("run"),
        Column("when", rank=2),
    )
    print_table(console(), columns, rows)


def _to_json(change: Change) -> dict[str, Json]:
    fields: dict[str, Json] = {"field": change.field, "new": change.new}
    if change.old is not MISSING:
        fields["old"] = change.old
    return {**fields, "nodeId": change.node_id, "runId": change.run_id, "ts": change.ts}


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _age(ts: str, now: datetime) -> str:
    try:
        return age(moment(ts), now)
    except ValueError:
        return ts
