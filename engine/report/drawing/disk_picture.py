"""The picture of an experience with all that it nests, which is read from disk."""

from __future__ import annotations

from engine.experience.analyse import analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.load import Loaded
from engine.experience.model import Kind
from engine.report.drawing.diagram import Picture, picture_of_analysis, picture_of_loaded


def picture_with_nested(loaded: Loaded) -> Picture:
    """The picture of a loaded experience, with the graphs of nested ones as far as they can be read. Blocking."""
    files = DiskFiles(loaded.directory, loaded.path.name)
    if not any(node.kind is Kind.EXPERIENCE for node in loaded.experience.nodes):
        return picture_of_loaded(loaded)
    return picture_of_analysis(analyse(loaded.text, files=files), files) or picture_of_loaded(loaded)
