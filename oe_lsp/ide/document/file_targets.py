"""Resolves `impl`, `prompt`, `schema` and other file references to a file and a span in it."""

from __future__ import annotations

import posixpath

from msgspec import Struct

from engine.experience.analyse import Analysis
from engine.experience.checks.named_files import SKILL_FILE, split_impl
from engine.experience.files.port import Entry, Files
from engine.experience.source.locate import locate
from engine.expressions import parse_reference
from engine.syntax import Span, View
from oe_lsp.ide.document.cursor import Cursor, Part
from oe_lsp.ide.document.items import text_at
from oe_lsp.ide.document.tool_functions import function_span

_START = Span(0, 0)


class FileLocation(Struct, frozen=True):
    """A span in a file. `path` is relative to the experience's folder; `text` is the file's content."""

    path: str
    text: str
    span: Span


def referenced_file(value: str, node: View | None, files: Files) -> str | None:
    """Return the path of the file that a node's value refers to, or None if it does not exist.

    For the folder of a skill or an experience that is its main file.
    """
    path = posixpath.normpath(split_impl(value.strip())[0])
    if files.entry(path) is Entry.FOLDER:
        inner = _MAIN_FILES.get(text_at(node, "kind") or "")
        path = posixpath.join(path, inner) if inner else path
    return path if files.entry(path) is Entry.FILE else None


def location_in_file(scalar: View, node: View | None, files: Files) -> FileLocation | None:
    """Return the location that a node's value refers to: the function of a tool, else the start of the file."""
    value = str(scalar.value)
    path = referenced_file(value, node, files)
    if path is None:
        return None
    text = files.text(path) or ""
    impl, function = split_impl(value.strip())
    is_impl = text_at(node, "impl") == value and text_at(node, "kind") == "tool"
    found = function_span(text, function, is_python=impl.endswith(".py")) if is_impl else None
    return FileLocation(path, text, found or _START)


def location_in_child(cursor: Cursor, analysis: Analysis, files: Files) -> FileLocation | None:
    """Return where a nested experience declares the arg or output field at the cursor."""
    node = cursor.item
    if text_at(node, "kind") != "experience":
        return None
    name = str(cursor.view.value)
    if cursor.part is Part.KEY and cursor.is_at("graph.nodes.*.args.*"):
        steps = ("args", "properties", name)
    elif cursor.part is Part.VALUE and cursor.is_at("graph.nodes.*.outputs.*"):
        path = parse_reference(name)
        steps = ("state", "schema", str(path.steps[0].value) if path and path.steps else name)
    else:
        return None
    impl = text_at(node, "impl") or ""
    file = referenced_file(impl, node, files)
    inner = analysis.nested_file(impl, files) if file is not None else None
    if file is None or inner is None or (root := inner.parsed.tree.root) is None:
        return None
    key = locate(root, steps).key
    return FileLocation(file, inner.parsed.text, key.span) if key is not None and key.value == steps[-1] else None


_MAIN_FILES = {"skill": SKILL_FILE, "experience": "experience.yaml"}
