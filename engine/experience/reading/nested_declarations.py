"""Nested experiences: what the one that is named declares, reads and writes, as far as its file tells.

Silent where that file has mistakes: engine/experience/nested/nested_errors.py tells of those.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from engine.experience.files.port import Entry, Files
from engine.experience.nested.nested_files import FILE_NAME, MAX_DEPTH
from engine.experience.reading.parts import Parts, read_parts
from engine.syntax import NodeKind, parse


class Child(Struct, frozen=True):
    """What a nested experience is to the one around it. `fields` are declared; `reads`, `writes` are all its nodes'."""

    fields: Mapping[str, Mapping[str, Any]]
    reads: frozenset[str]
    writes: frozenset[str]
    args: Mapping[str, Any] | None


def child_at(path: str, files: Files) -> Child | None:
    """The experience at a path; None where it cannot be read, or not all of it can be known."""
    return _Looking(files, {}).at(path, depth=1)


class _Looking(Struct, frozen=True):
    """Into an experience and those that share its state, each once: the ways to them may be many."""

    files: Files
    known: dict[tuple[str, int], Child | None]

    def at(self, path: str, depth: int) -> Child | None:
        key = (posixpath.normpath(path), depth)
        if key not in self.known:
            self.known[key] = self._child(*key)
        return self.known[key]

    def _child(self, path: str, depth: int) -> Child | None:
        if self.files.entry(path) is Entry.FOLDER:
            path = posixpath.join(path, FILE_NAME)
        text = self.files.text(path) if depth <= MAX_DEPTH else None
        parts = _read(text) if text is not None else None
        if parts is None or not all(section.known_whole for section in parts.all if section.view):
            return None
        reads: set[str] = set()
        writes: set[str] = set()
        for section in parts.all:
            for item in section.items:
                for use in item.uses:
                    (writes if use.by == "writes" else reads).add(use.field)
                if item.flow is not None and item.flow.shares is not None:
                    inner = self.at(posixpath.join(posixpath.dirname(path), item.flow.shares), depth + 1)
                    if inner is None:
                        return None
                    reads |= inner.reads & inner.fields.keys()
                    writes |= inner.writes & inner.fields.keys()
        fields = {field.name: field.schema for field in parts.fields.models()}
        args = parts.shell.value.get("args")
        return Child(fields, frozenset(reads), frozenset(writes), args if isinstance(args, Mapping) else None)


@lru_cache(maxsize=64)
def _read(text: str) -> Parts | None:
    """The parts of an experience that has fields and is YAML throughout."""
    tree = parse(text)
    if tree.problems or tree.root is None or tree.root.kind is not NodeKind.MAPPING:
        return None
    parts = read_parts(tree.root, None)
    return parts if parts.fields.view is not None and all(item.model for item in parts.fields.items) else None
