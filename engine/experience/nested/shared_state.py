"""The declarations of nested experiences, including the reads and writes of experiences that share their state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from engine.experience.nested.declarations import Declarations
from engine.experience.nested.nested_files import NestedFile, NestedReference


def declared_by_path(nested: Mapping[str, NestedFile]) -> Mapping[str, Declarations]:
    """The declarations of each nested file, shared ones included; without those of which something is unknown."""
    found = dict[str, Declarations | None]()
    for path in nested:
        _add(path, nested, found)
    return {path: declared for path, declared in found.items() if declared is not None}


def declared_by_impl(
    references: Iterable[NestedReference], by_path: Mapping[str, Declarations]
) -> Mapping[str, Declarations]:
    """The declarations that one experience sees, by `impl` as its nodes write it."""
    return {each.impl: by_path[each.path] for each in references if each.path in by_path}


def _add(path: str, nested: Mapping[str, NestedFile], found: dict[str, Declarations | None]) -> Declarations | None:
    """Find the declarations of one file, and first those that share its state; a cycle of shared states is unknown."""
    if path in found:
        return found[path]
    found[path] = None  # while it is being worked out, which ends cycles
    file = nested.get(path)
    if file is None or file.declares is None:
        return None
    reads, writes = file.declares.reads, file.declares.writes
    for reference in file.references:
        if reference.shares_state:
            inner = _add(reference.path, nested, found)
            if inner is None:
                return None
            reads |= inner.reads & inner.fields.keys()
            writes |= inner.writes & inner.fields.keys()
    is_alone = reads == file.declares.reads and writes == file.declares.writes
    found[path] = file.declares if is_alone else replace(file.declares, reads=reads, writes=writes)
    return found[path]
