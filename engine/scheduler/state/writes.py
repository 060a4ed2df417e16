"""Checks what a node returned before it is written: declared fields, types, `set_once`
(docs/format.md, Writes, State).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from json import dumps, loads
from typing import Any

from msgspec import UNSET, Struct, field

from engine.canonical import NotJsonError, normalise
from engine.experience.json_schema.validation import UncheckableError, errors_by, schema_error, validator_of
from engine.experience.model import Merge, Node, StateField
from engine.expressions import MISSING, Json, to_text
from engine.expressions.values import KIND_OF_TYPE, has_type
from engine.log.events.events import ErrorInfo, Output
from engine.scheduler.state.visible_state import VisibleState

_NOT_A_CONSTRAINT = frozenset({"type", "merge", "persist", "default", "description", "title", "examples"})


class Checked(Struct, frozen=True):
    """The output as the log will hold it, or the error that its node fails with; and warnings for its author."""

    output: Output
    error: ErrorInfo | None = None
    warnings: tuple[str, ...] = field(default=())


def check_output(visible_state: VisibleState, node: Node, output: Output) -> Checked:
    """Check the output of an execution of `node` against the state that it sees."""
    try:
        delta = {name: _normal(f"state_delta.{name}", value) for name, value in output.state_delta.items()}
        edge_output = UNSET if output.edge_output is UNSET else _normal("edge_output", output.edge_output)
    except NotJsonError as error:
        return Checked(output, ErrorInfo("output", f"{node.id} returned what JSON cannot hold: {error}"))
    normal = Output(delta, edge_output)
    refused = unfit(visible_state, node, delta)
    if refused is not None:
        return Checked(normal, ErrorInfo("state", refused))
    stray = [name for name in delta if name not in node.writes]
    return Checked(normal, None, tuple(_stray(name) for name in stray))


def _normal(name: str, value: Json) -> Json:
    """`value` as the log will hold it. Raises NotJsonError with the path that the author knows."""
    try:
        return normalise(value)
    except NotJsonError as error:
        raise error.inside(name) from error


def unfit(visible_state: VisibleState, node: Node, delta: Mapping[str, Json]) -> str | None:
    """Why the state refuses the writes of `node`, or None. Raises NotYetKnownError (plans only)."""
    fields = visible_state.results.fields
    for name, value in delta.items():
        refused = (
            _refused(visible_state, fields[name], node, value) if name in fields else _undeclared(fields, node, name)
        )
        if refused is not None:
            return refused
    return None


def _undeclared(fields: Mapping[str, StateField], node: Node, name: str) -> str:
    known = ", ".join(sorted(fields)) or "none"
    return (
        f"{node.id} wrote '{name}', which state.schema does not declare (declared: {known}). "
        "Declare it, or return it as edge_output."
    )


def _stray(name: str) -> str:
    return f"wrote '{name}', which its `writes` does not name; only nodes that an edge leads to from here see it"


def _refused(visible_state: VisibleState, state_field: StateField, node: Node, value: Json) -> str | None:
    wrong = type_error(state_field, value)
    if wrong is not None:
        return f"{node.id} wrote to '{state_field.name}' {wrong}"
    if state_field.merge is Merge.ARRAY_APPEND and not isinstance(value, list):
        name = state_field.name
        return f"{node.id} wrote {_shown(value)} to '{name}', but array_append takes a list: return [value]"
    if state_field.merge is Merge.SET_ONCE:
        present = visible_state.see(state_field.name)
        if present is not MISSING and present is not None and value is not None and present != value:
            clash = f"'{state_field.name}', which is set_once and already holds {_shown(present)}"
            return f"{node.id} wrote {_shown(value)} to {clash}"
    return None


def type_error(state_field: StateField, value: Json) -> str | None:
    """What is wrong with `value` for this field, as the end of a sentence. Null fits every type (facts: A.6)."""
    declared = state_field.schema.get("type")
    if value is None:
        return None
    is_checked = isinstance(declared, str) and declared in KIND_OF_TYPE and declared != "null"
    if is_checked and not has_type(value, str(declared)):
        return f"{_shown(value)}, which is not of type {declared}"
    constraints = {key: value_ for key, value_ in state_field.schema.items() if key not in _NOT_A_CONSTRAINT}
    return _constraint_error(dumps(constraints, sort_keys=True), value) if constraints else None


def _constraint_error(schema: str, value: Json) -> str | None:
    try:
        error = next(iter(errors_by(_validator(schema), value, most=1)), None)
    except UncheckableError as unknown:
        return f"a value that cannot be checked: {unknown}"
    except Exception as stumble:  # noqa: BLE001 - jsonschema fails on invalid schemas in many ways
        return f"a value that cannot be checked: {_flaw_of(schema) or repr(stumble)}"
    if error is None:
        return None
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    return f"a value that its schema refuses{' at ' + place.lstrip('.') if place else ''}: {error.message[:200]}"


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    return validator_of(loads(schema))


def _flaw_of(schema: str) -> str | None:
    """Why `schema` is not a valid JSON Schema, if that is known."""
    wrong = schema_error(loads(schema))
    if wrong is None:
        return None
    return f"its schema is no JSON Schema at {wrong.json_path.removeprefix('$.')}: {wrong.message[:200]}"


def _shown(value: Json) -> str:
    text = to_text(value)
    return text if len(text) <= 60 else text[:57] + "..."
