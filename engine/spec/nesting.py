"""Nested experiences: what the one that is named declares, reads and writes, as far as its file tells.

Its own mistakes are shown in its own file. Here is only what concerns the node that nests it (OE408, OE505).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.expressions import parse_reference
from engine.spec.files import Entry, Files
from engine.spec.locate import locate
from engine.spec.model import ExperienceSpec, Node
from engine.spec.parts import Parts, read_parts
from engine.spec.problems import Code, Problem, Severity
from engine.spec.sighting import World, stray
from engine.syntax import NodeKind, View, parse

_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Child:
    """What a nested experience is to the one around it. `reads` and `writes` are those of all its nodes."""

    fields: frozenset[str]
    reads: frozenset[str]
    writes: frozenset[str]
    args: Mapping[str, Any] | None


def child_at(path: str, files: Files, depth: int = 1) -> Child | None:
    """The experience at a path; None where it cannot be read, or not all of it can be known."""
    if files.entry(path) is Entry.FOLDER:
        path = posixpath.join(path, "experience.yaml")
    text = files.text(path) if depth <= _MAX_DEPTH else None
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
                inner = child_at(posixpath.join(posixpath.dirname(path), item.flow.shares), files, depth + 1)
                if inner is None:
                    return None
                reads |= inner.reads & inner.fields
                writes |= inner.writes & inner.fields
    fields = frozenset(item.id.text for item in parts.fields.items if item.id)
    args = parts.shell.value.get("args")
    return Child(fields, frozenset(reads), frozenset(writes), args if isinstance(args, Mapping) else None)


def check_nested(view: View, node: Node, world: World) -> Iterator[Problem]:
    """What the node gives to a nested experience and takes from it, against what that declares."""
    if not isinstance(node.spec, ExperienceSpec):
        return
    child = child_at(node.spec.impl, world.files)
    if child is None:
        return
    yield from _args(view, node, node.spec.impl, child)
    if node.spec.state_scope == "shared":
        return
    for position, field in enumerate(node.writes):
        if field not in node.spec.outputs and field not in child.fields:
            yield _no_such_field(view, ("writes", position), field, node.spec, child)
    for name, source in node.spec.outputs.items():
        path = parse_reference(source) if isinstance(source, str) else None
        wanted = str(path.steps[0].value) if path is not None and path.steps else source
        if isinstance(wanted, str) and wanted not in child.fields:
            yield _no_such_field(view, ("outputs", name), wanted, node.spec, child)


def _no_such_field(view: View, steps: tuple[str | int, ...], field: str, spec: ExperienceSpec, child: Child) -> Problem:
    suggestion, end = stray(field, child.fields)
    message = f"`{spec.impl}` declares no field `{field}`, so nothing is taken from it{end}"
    data = {"suggestion": suggestion} if suggestion else {}
    return Problem(Code.WRITES_MISMATCH, Severity.WARNING, message, locate(view, steps).span, data=data)


def _args(view: View, node: Node, impl: str, child: Child) -> Iterator[Problem]:
    """The args that a nested experience asks for, and does not get: the node fails before anything runs."""
    if child.args is None:
        return
    properties = child.args.get("properties")
    named = properties if isinstance(properties, Mapping) else {}
    required = child.args.get("required")
    for name in required if isinstance(required, list) else ():
        rule = named.get(name)
        if name not in node.args and not (isinstance(rule, Mapping) and "default" in rule):
            place = locate(view, ("args",) if "args" in node.source else ("impl",))
            message = f"`{impl}` needs the arg `{name}`; give it in `args`"
            yield Problem(Code.MISSING_KEY, Severity.WARNING, message, place.key_span, data={"key": str(name)})


@lru_cache(maxsize=64)
def _read(text: str) -> Parts | None:
    root = parse(text).root
    return read_parts(root, None) if root is not None and root.kind is NodeKind.MAPPING else None
