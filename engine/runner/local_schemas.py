"""Schemas of state fields that refer to local files, made whole before a run begins (docs/format.md, State).

What is checked while a run goes on is then one value against one schema, and reads no file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from engine.expressions import Json
from engine.regular_files import read_text
from engine.spec.model import Experience, StateField

_MOST_BYTES = 5 * 1024 * 1024
_OF_A_FILE = frozenset({"$id", "$schema"})
"""What says where a schema is from: once it is part of another one, that would lead its references astray."""


class UnusableSchemaError(Exception):
    """A field's schema refers to what cannot be used. The message is for the user: which field, what, what to do."""


def with_local_schemas(experience: Experience, directory: Path) -> Experience:
    """`experience`, with what the schemas of its fields refer to in files of `directory` put into them.

    Raises UnusableSchemaError where such a file is missing, outside of `directory`, or no JSON.
    """
    fields = tuple(_whole(state_field, directory) for state_field in experience.fields)
    return experience if fields == experience.fields else replace(experience, fields=fields)


def _whole(state_field: StateField, directory: Path) -> StateField:
    bundle = _Bundle(directory.absolute(), f"state.schema.{state_field.name}")
    schema = bundle.rewritten(state_field.schema, None)
    if not bundle.definitions:
        return state_field
    own = schema.get("$defs")
    definitions = {**(own if isinstance(own, dict) else {}), **bundle.definitions}
    return replace(state_field, schema={**schema, "$defs": definitions})


class _Bundle(Struct):
    """The files that the schema called `name` refers to, directly or through one another, as `definitions` of it."""

    directory: Path
    name: str
    definitions: dict[str, Json] = field(default_factory=dict)
    _keys: dict[Path, str] = field(default_factory=dict)

    def rewritten(self, value: Any, file: Path | None) -> Any:
        """A part of a schema that stands in `file`, None where it stands in the experience."""
        if isinstance(value, list):
            return [self.rewritten(member, file) for member in value]
        if not isinstance(value, Mapping):
            return value
        return {
            key: self._reference(member, file)
            if key == "$ref" and isinstance(member, str)
            else self.rewritten(member, file)
            for key, member in value.items()
            if file is None or key not in _OF_A_FILE
        }

    def _reference(self, reference: str, file: Path | None) -> str:
        named, _, place = reference.partition("#")
        if named:
            key = self._key_of(self._found(named, file))
        elif file is None:
            return reference
        else:
            key = self._key_of(file)
        return f"#/$defs/{key}{place}"

    def _found(self, named: str, file: Path | None) -> Path:
        if urlsplit(named).scheme:
            raise self._unusable(named, "is no local file, and nothing is fetched; save it in the experience's folder")
        base = self.directory if file is None else file.parent
        path = Path(os.path.normpath(base / unquote(named)))
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.directory)):
            raise self._unusable(named, "lies outside the experience's folder; copy it into it")
        return path

    def _key_of(self, file: Path) -> str:
        if file not in self._keys:
            key = self._keys[file] = f"file-{len(self._keys) + 1}"  # before it is read: it may refer to itself
            self.definitions[key] = True
            self.definitions[key] = self.rewritten(self._read(file), file)
        return self._keys[file]

    def _read(self, file: Path) -> Any:
        named = Path(os.path.relpath(file, self.directory)).as_posix()
        try:
            return json.loads(read_text(file, _MOST_BYTES))
        except FileNotFoundError:
            raise self._unusable(named, "does not exist; create it or correct the `$ref`") from None
        except OSError as error:
            raise self._unusable(named, f"cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise self._unusable(named, f"is not JSON: {error}") from error

    def _unusable(self, named: str, what: str) -> UnusableSchemaError:
        return UnusableSchemaError(f"{self.name} refers to {named}, which {what}.")
