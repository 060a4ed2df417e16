"""Failures of the shown runs as diagnostics: at the nodes of open experiences, and in the files that errors point to.

Those of an experience are merged with its problems (diagnostics.py). Other files are not the server's documents: nobody
pulls their diagnostics, so they are pushed to every client.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from lsprotocol import types
from msgspec import Struct, field

from engine.experience.problems import Severity
from engine.owned_tasks import OwnedTasks
from engine.syntax import Encoding
from engine.visible import visible
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.failures import HREF, NODE_FAILED, PlacedFailure, Seen, placed_failures
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.diagnostics import SEVERITIES, Diagnostics
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.failure_details import DetailedFailure, FailureDetails
from oe_lsp.server.session.shown_runs import ShownRuns
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.positions import Positions

log = logging.getLogger(__name__)

_INTERVAL_S = 0.25
_MOST = 100
"""Failures of one experience that are shown."""


class _Known(Struct, eq=False):
    """One open experience: what is known of its shown run, and its failures that are shown."""

    seen: Seen = Seen()
    failures: tuple[DetailedFailure, ...] = ()
    due: asyncio.Event = field(default_factory=asyncio.Event)


class FailureDiagnostics:
    """A source of `diagnostics`, with one task for each open experience; changes meanwhile are one change.

    `severities` returns the user's current overrides by code.
    """

    def __init__(
        self,
        client: Client,
        documents: Documents,
        shown: ShownRuns,
        diagnostics: Diagnostics,
        details: FailureDetails,
        capabilities: Capabilities,
        encoding: Encoding,
        severities: Callable[[], Mapping[str, Severity | None]],
    ) -> None:
        self._client = client
        self._documents = documents
        self._shown = shown
        self._diagnostics = diagnostics
        self._details = details
        self._capabilities = capabilities
        self._encoding = encoding
        self._severities = severities
        self._known: dict[str, _Known] = {}
        self._in_files: dict[str, dict[str, list[types.Diagnostic]]] = {}
        """By the URI of a file, and of the experience whose node failed there."""
        self._tasks = OwnedTasks()
        shown.subscribe(self._on_run)
        documents.subscribe(self._on_snapshot)
        diagnostics.add(self._items)

    def severities_changed(self) -> None:
        """Bring the diagnostics in other files up to date."""
        for known in self._known.values():
            known.due.set()

    def close_document(self, uri: str) -> None:
        """Remove what an experience that was closed shows in other files."""
        known = self._known.pop(uri, None)
        if known is not None:
            known.due.set()
        self._publish_in_files(uri, {})

    async def close(self) -> None:
        """Stop looking for failures."""
        await self._tasks.close()

    def _on_run(self, uri: str) -> None:
        run = self._shown.get(uri)
        known = self._known.get(uri)
        if known is None:
            if run is None or uri not in self._documents:
                return
            known = self._known[uri] = _Known()
            self._tasks.spawn(self._keep(uri, known), f"show the failures of {uri}")
        if run is not None:
            known.seen = known.seen.update(run)
        known.due.set()

    async def _on_snapshot(self, snapshot: Snapshot) -> None:
        known = self._known.get(snapshot.uri)
        if known is not None and known.failures:
            known.due.set()  # their nodes may have moved

    async def _keep(self, uri: str, known: _Known) -> None:
        while True:
            await known.due.wait()
            known.due.clear()
            if self._known.get(uri) is not known:
                return
            try:
                await self._update(uri, known)
            except Exception:  # a failure that cannot be shown does not end showing others
                log.exception("the failures of %s cannot be shown", uri)
            await asyncio.sleep(_INTERVAL_S)

    async def _update(self, uri: str, known: _Known) -> None:
        snapshot, run = await self._documents.snapshot(uri), self._shown.get(uri)
        if snapshot is None:
            return
        failed = known.seen.failed(run)[:_MOST] if run is not None else ()
        found = await self._details.read(run, failed, snapshot) if run is not None and failed else ()
        if self._known.get(uri) is not known:
            return
        if found != known.failures:
            known.failures = found
            await self._diagnostics.refresh(uri)
        if found or any(uri in shown for shown in self._in_files.values()):
            await self._update_files(snapshot, known)

    async def _update_files(self, snapshot: Snapshot, known: _Known) -> None:
        found = await asyncio.to_thread(self._found_in_files, snapshot, known.failures)
        if self._known.get(snapshot.uri) is known:
            self._publish_in_files(snapshot.uri, found)

    def _found_in_files(
        self, snapshot: Snapshot, failures: Sequence[DetailedFailure]
    ) -> dict[str, list[types.Diagnostic]]:
        at = Positions(snapshot.analysis.lines, self._encoding)
        found: dict[str, list[types.Diagnostic]] = {}
        for placed, detailed in self._placed(failures, snapshot):
            origin, failure = detailed.origin, placed.failure
            if origin is not None and origin.is_shown:
                node = types.Location(snapshot.uri, at.range(placed.span))
                related = [(node, f"The node that failed: {visible(failure.node_id)}"), *detailed.documents]
                item = self._item(placed, origin.range, failure.message_elsewhere, related)
                found.setdefault(origin.uri, []).append(item)
        return found

    def _publish_in_files(self, uri: str, found: Mapping[str, list[types.Diagnostic]]) -> None:
        """Replace what an experience shows in other files, which may show failures of others, too."""
        before = {file for file, shown in self._in_files.items() if uri in shown}
        for file in sorted(before | set(found)):
            shown = self._in_files.setdefault(file, {})
            if shown.get(uri) == found.get(file):
                continue
            if file in found:
                shown[uri] = found[file]
            else:
                del shown[uri]
            items = [item for items in shown.values() for item in items]
            if not shown:
                del self._in_files[file]
            self._client.notify(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, types.PublishDiagnosticsParams(file, items))

    def _items(self, snapshot: Snapshot) -> list[types.Diagnostic]:
        known = self._known.get(snapshot.uri)
        if known is None or not known.failures:
            return []
        at = Positions(snapshot.analysis.lines, self._encoding)
        items = []
        for placed, detailed in self._placed(known.failures, snapshot):
            related = []
            if placed.stage is not None:
                related.append((types.Location(snapshot.uri, at.range(placed.stage)), "The part that failed"))
            if detailed.origin is not None:
                related.append((detailed.origin.location, "Raised here"))
            related += detailed.documents
            items.append(self._item(placed, at.range(placed.span), placed.failure.message, related))
        return items

    def _placed(
        self, failures: Sequence[DetailedFailure], snapshot: Snapshot
    ) -> Iterator[tuple[PlacedFailure, DetailedFailure]]:
        details = {each.failure.node_id: each for each in failures}
        for placed in placed_failures([each.failure for each in failures], snapshot, self._severities()):
            yield placed, details[placed.failure.node_id]

    def _item(
        self, placed: PlacedFailure, range_: types.Range, message: str, related: list[tuple[types.Location, str]]
    ) -> types.Diagnostic:
        information = [types.DiagnosticRelatedInformation(location, what) for location, what in related]
        return types.Diagnostic(
            range=range_,
            severity=SEVERITIES[placed.severity],
            code=NODE_FAILED,
            code_description=types.CodeDescription(href=HREF),
            source="oe",
            message=message,
            related_information=(information or None) if self._capabilities.related_information else None,
        )
