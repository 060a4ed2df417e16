"""Schemas of state fields that refer to local files: faulty `$ref`s (OE208), and bundling the files into the schema.

A run checks values against bundled schemas and reads no file for that while it runs (docs/format.md, State).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.checks.contexts import DocumentContext
from engine.experience.files.json_text import NotJson, parse_json
from engine.experience.files.port import NO_FILES, Entry, Files
from engine.experience.model import Experience, StateField
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import texts
from engine.expressions import Json

_OF_A_FILE = frozenset({"$id", "$schema"})
"""Keys that say where a schema is from: inside another schema they would change what its references mean."""


class UnusableSchemaError(Exception):
    """A schema refers to something unusable. The message is for the user: what, why, what to do."""


def check_schema_references(document: DocumentContext) -> Iterator[Problem]:
    """OE208: each `$ref` of a field that leads, directly or through other files, to something unreadable."""
    fields, files = document.parts.fields, document.files
    if files is NO_FILES:
        return
    for position, item in enumerate(fields.items):
        for reference in item.refs:
            reason = _why_unreadable(reference.text, item.model.schema if item.model else {}, files)
            if reason is not None:
                place = fields.place(position, reference.span)
                yield Problem(Code.UNREADABLE_REFERENCE, Severity.ERROR, reason, place)


def _why_unreadable(reference: str, schema: Mapping[str, Json], files: Files) -> str | None:
    bundle = _Bundle(files)
    try:
        first = bundle.rewritten({"$ref": reference}, None)["$ref"]
    except UnusableSchemaError as error:
        return str(error)
    whole = _with_definitions(schema, bundle)
    if "$id" in str(schema):  # which makes references relative to it
        return None
    pointers = [first, *(text for steps, text in texts(bundle.definitions) if steps[-1] == "$ref")]
    return next((reason for pointer in pointers if (reason := _why_nowhere(pointer, whole, bundle))), None)


def _why_nowhere(pointer: str, whole: Mapping[str, Json], bundle: _Bundle) -> str | None:
    """Why a reference within a bundled schema leads nowhere; None if it leads somewhere, or that is unknown."""
    seen: set[str] = set()
    here = pointer
    while here.startswith("#/") or here == "#":
        if here in seen:
            return f"this `$ref` leads back to itself: {bundle.shown(here)}; replace one reference by a schema"
        seen.add(here)
        found = _found_at(whole, here)
        if found is _NOTHING:
            return f"this `$ref` leads to {bundle.shown(here)}, which does not exist; correct it"
        further = found.get("$ref") if isinstance(found, Mapping) else None
        if not isinstance(further, str):
            return None
        here = further
    return None


def _found_at(whole: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(whole, Mapping) and name in whole:
            whole = whole[name]
        elif isinstance(whole, list) and name.isdigit() and int(name) < len(whole):
            whole = whole[int(name)]
        else:
            return _NOTHING
    return whole


_NOTHING = object()


def with_local_schemas(experience: Experience, files: Files) -> Experience:
    """`experience` with the local files that the schemas of its fields refer to bundled into them.

    Raises UnusableSchemaError if such a file is missing, outside the experience's folder, or not JSON.
    """
    fields = tuple(_whole(state_field, files) for state_field in experience.fields)
    return experience if fields == experience.fields else replace(experience, fields=fields)


def _whole(state_field: StateField, files: Files) -> StateField:
    bundle = _Bundle(files)
    schema = bundle.rewritten(state_field.schema, None)
    return replace(state_field, schema=_with_definitions(schema, bundle)) if bundle.definitions else state_field


def _with_definitions(schema: Mapping[str, Json], bundle: _Bundle) -> dict[str, Json]:
    own = schema.get("$defs")
    return {**schema, "$defs": {**(own if isinstance(own, dict) else {}), **bundle.definitions}}


class _Bundle(Struct):
    """The files that a schema refers to, directly or through one another, as its `definitions`."""

    files: Files
    definitions: dict[str, Json] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    def rewritten(self, value: Any, file: str | None) -> Any:
        """A part of a schema with its references rewritten; `file` is where it is, None for the experience itself."""
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

    def shown(self, pointer: str) -> str:
        """A reference within the bundled schema, as it is written in the experience."""
        for path, key in self._keys.items():
            if pointer == f"#/$defs/{key}" or pointer.startswith(f"#/$defs/{key}/"):
                rest = pointer.removeprefix(f"#/$defs/{key}")
                return f"`{path}#{rest}`" if rest else f"`{path}`"
        return f"`{pointer}`"

    def _reference(self, reference: str, file: str | None) -> str:
        named, _, place = reference.partition("#")
        if named:
            key = self._key_of(self._found(named, file), named, file)
        elif file is None:
            return reference
        else:
            key = self._keys[file]
        return f"#/$defs/{key}{place}"

    def _found(self, named: str, file: str | None) -> str:
        if _has_scheme(named):
            raise _unusable(
                named, file, "is not a local file, and nothing is downloaded; save it in the experience's folder"
            )
        folder = "" if file is None else posixpath.dirname(file)
        path = posixpath.normpath(posixpath.join(folder, unquote(named)))
        if not self.files.is_inside(path):
            raise _unusable(named, file, "is outside the experience's folder; copy it there")
        return path

    def _key_of(self, path: str, named: str, file: str | None) -> str:
        if path not in self._keys:
            key = self._keys[path] = f"file-{len(self._keys) + 1}"  # before it is read: it may refer to itself
            self.definitions[key] = True
            try:
                self.definitions[key] = self.rewritten(self._read(path, named, file), path)
            except RecursionError:
                raise _unusable(named, file, "is nested too deeply; flatten it") from None
        return self._keys[path]

    def _read(self, path: str, named: str, file: str | None) -> Any:
        text = self.files.text(path)
        if text is None:
            raise _unusable(named, file, _why_not(self.files.entry(path)))
        content = parse_json(text)
        if isinstance(content, NotJson):
            raise _unusable(named, file, f"is not JSON: {content.reason}; correct it")
        return content


def _why_not(entry: Entry) -> str:
    if entry is Entry.NOTHING:
        return "does not exist; create it or correct the `$ref`"
    if entry is Entry.FOLDER:
        return "is a folder; name a file in it"
    return "cannot be read as UTF-8 text of at most 5 MiB; check its permissions and its encoding"


def _has_scheme(named: str) -> bool:
    try:
        return bool(urlsplit(named).scheme)
    except ValueError:
        return True


def _unusable(named: str, file: str | None, what: str) -> UnusableSchemaError:
    where = "this `$ref` refers to" if file is None else f"this `$ref` leads to `{file}`, which refers to"
    return UnusableSchemaError(f"{where} `{named}`, which {what}")
