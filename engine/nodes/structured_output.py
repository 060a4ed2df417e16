"""Structured output: reads the schema of a node and checks answers against it (docs/format.md, Agents)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.experience.json_schema.embedded_schemas import schema_flaws
from engine.experience.json_schema.messages import dotted
from engine.experience.json_schema.validation import UncheckableError, UnknownReferenceError, errors_in, schema_error
from engine.experience.problems import Code
from engine.expressions import Json
from engine.nodes.kind import NodeError, Watcher
from engine.nodes.node_files import NamedFile, named_file, outside_warning
from engine.regular_files import read_text
from engine.syntax import MAX_FILE_BYTES

_MAX_PROBLEMS = 20
Schema = Mapping[str, Json]


def schema_file(directory: Path, schema: Schema | str | None) -> NamedFile | None:
    """The file that `schema` names; None if it is inline or absent."""
    return named_file(directory, schema) if isinstance(schema, str) else None


def read_schema(directory: Path, schema: Schema | str, watcher: Watcher) -> Schema:
    """Reads the schema, which must describe an object. Raises NodeError if it cannot be used."""
    file = schema_file(directory, schema)
    where = "schema" if file is None else file.shown
    if file is not None and not file.inside:
        watcher.warning(outside_warning(file))
    given: Any = schema if file is None else _load(file)
    if not isinstance(given, Mapping) or given.get("type", "object") != "object":
        raise _no_schema(f"{where} must describe an object with one property per field; set `type: object`")
    read = {"type": "object", **given}
    try:
        error = schema_error(read)
    except UncheckableError as uncheckable:
        raise _no_schema(f"{where} cannot be used: {uncheckable}") from None
    if error is not None:
        raise _no_schema(f"{where} is not a valid JSON Schema: {error.json_path}: {error.message}")
    for flaw in schema_flaws(read, ()):
        if flaw.code is Code.UNSUPPORTED_PATTERN:  # reported before a model is paid for an answer
            raise _no_schema(f"{where} cannot be used: at {dotted(flaw.path)}, {flaw.message}")
    return read


def problems(schema: Schema, answer: Json) -> list[str]:
    """The problems of `answer`, one line each with its path; empty if it matches. No `$ref` is ever fetched."""
    try:
        errors = sorted(errors_in(schema, answer), key=lambda error: [str(step) for step in error.absolute_path])
    except UnknownReferenceError as error:
        message = f"schema refers to {error.reference}, which it does not contain; write the definition inline"
        raise _no_schema(message) from None
    except UncheckableError as error:
        raise _no_schema(f"the answer cannot be checked: {error}") from None
    return [f"{error.json_path}: {error.message}" for error in errors[:_MAX_PROBLEMS]]


def _load(file: NamedFile) -> Any:
    try:
        return json.loads(read_text(file.path, MAX_FILE_BYTES))
    except FileNotFoundError:
        raise _no_schema(f"{file.shown} does not exist; create it or correct `schema`") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _no_schema(f"{file.shown} is not JSON: {error}") from error


def _no_schema(message: str) -> NodeError:
    return NodeError("NoSchema", message, retryable=False)
