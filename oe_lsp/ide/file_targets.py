"""What the value of `impl`, `prompt`, `schema` and so on opens: which file, and what in it. Looks through a port."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from engine.spec.files import Entry, Files
from engine.spec.named_files import SKILL_FILE, split_impl
from engine.syntax import Span, View
from oe_lsp.ide.items import text_at
from oe_lsp.ide.tool_code import function_span

_START = Span(0, 0)


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A stretch of a file. `path` is from the experience's folder; `text` is what `span` counts in."""

    path: str
    text: str
    span: Span


def file_named(value: str, node: View | None, files: Files) -> str | None:
    """The file that a value of a node leads to, from the experience's folder; None where there is none.

    A folder stands for the file in it that makes it a skill or an experience.
    """
    path = posixpath.normpath(split_impl(value.strip())[0])
    if files.entry(path) is Entry.FOLDER:
        inner = _IN_FOLDERS.get(text_at(node, "kind") or "")
        path = posixpath.join(path, inner) if inner else path
    return path if files.entry(path) is Entry.FILE else None


def place_in_file(scalar: View, node: View | None, files: Files) -> FilePlace | None:
    """Where a value of a node leads: to the function of a tool, else to the start of the file."""
    value = str(scalar.value)
    path = file_named(value, node, files)
    if path is None:
        return None
    text = files.text(path) or ""
    impl, function = split_impl(value.strip())
    is_impl = text_at(node, "impl") == value and text_at(node, "kind") == "tool"
    found = function_span(text, function, is_python=impl.endswith(".py")) if is_impl else None
    return FilePlace(path, text, found or _START)


_IN_FOLDERS = {"skill": SKILL_FILE, "experience": "experience.yaml"}
