"""The file that the error of a node points to, by its path from the folder of the experience."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from engine.experience.model import ExperienceSpec
from oe_lsp.ide.document.experience_index import ExperienceIndex
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.failures import Failure, is_nested


def failing_file(failure: Failure, snapshot: Snapshot, files: Iterable[str]) -> str | None:
    """The path, with `/`; None where the error points to no file, or to which is not certain.

    Errors in a nested experience name files from its own folder: `files` are the paths of those that the run used.
    """
    place = failure.location
    if place is None or not is_nested(failure.executions[0]):
        return None if place is None else place.file
    folder = _nested_folder(failure.node_id, snapshot)
    if folder is None:
        return None
    below = folder + "/" if folder else ""
    found = [file for file in files if file.startswith(below) and f"/{file}".endswith(f"/{place.file}")]
    return found[0] if len(found) == 1 else None


def _nested_folder(vertex: str, snapshot: Snapshot) -> str | None:
    """The folder of a nested experience; None where the vertex is none any more."""
    nodes = ExperienceIndex(snapshot.analysis).experience.nodes
    spec = next((node.spec for node in nodes if node.id == vertex), None)
    if not isinstance(spec, ExperienceSpec):
        return None
    path = posixpath.normpath(spec.impl)
    folder = posixpath.dirname(path) if path.endswith((".yaml", ".yml")) else path
    return "" if folder == "." else folder
