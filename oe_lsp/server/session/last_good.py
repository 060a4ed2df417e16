"""The last version of each open experience that had no errors, for pictures of a text that has some right now."""

from __future__ import annotations

from engine.experience.problems import Problem
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session.documents import Documents

_FILES = "OE6"
"""The codes of problems with the files that an experience names, without which it can be drawn."""


class LastGood:
    """Keeps one snapshot for each open experience. Errors of files that it names do not count."""

    def __init__(self, documents: Documents) -> None:
        self._snapshots: dict[str, Snapshot] = {}
        documents.subscribe(self._on_snapshot)

    def of(self, uri: str) -> Snapshot | None:
        """The newest snapshot without errors; None if there was none."""
        return self._snapshots.get(uri)

    def close_document(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._snapshots.pop(uri, None)

    async def _on_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.analysis.experience is not None and all(map(_is_about_files, snapshot.analysis.errors)):
            self._snapshots[snapshot.uri] = snapshot


def _is_about_files(problem: Problem) -> bool:
    return problem.code.value.startswith(_FILES)
