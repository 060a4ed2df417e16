"""Requests that lead from a name to other places: definition, references, highlights, call hierarchy, rename."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from engine.experience.files.port import Files
from engine.syntax import Encoding, LineIndex, Span
from oe_lsp.ide.call_hierarchy import Call, Vertex, downstream, upstream, vertex_at
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.names.symbol_index import Access
from oe_lsp.ide.navigation import Target, definitions, highlights, references
from oe_lsp.ide.rename import Edit, Refusal, Rename, renamable_at, rename
from oe_lsp.server.session.client_capabilities import Client
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.transport import convert
from oe_lsp.server.transport.paths import path_of, uri_of
from oe_lsp.server.transport.protocol import RequestFailedError

_HIGHLIGHTS = {
    Access.DECLARES: types.DocumentHighlightKind.Write,
    Access.WRITES: types.DocumentHighlightKind.Write,
    Access.READS: types.DocumentHighlightKind.Read,
}


class Navigation:
    """Answers for the documents of one client, in what it can show.

    All is worked out in a thread: a first look at a large document takes longer than the loop may be held, and most
    answers look at files.
    """

    def __init__(self, documents: Documents, client: Client, encoding: Encoding) -> None:
        self._documents = documents
        self._client = client
        self._encoding = encoding

    async def definition(
        self, params: types.DefinitionParams
    ) -> list[types.Location] | list[types.LocationLink] | None:
        """Where what is at a position is declared; of a file, the file."""

        def find(snapshot: Snapshot) -> list[types.Location] | list[types.LocationLink]:
            found = definitions(snapshot, self._offset(snapshot, params.position), self._documents.files(snapshot.uri))
            if self._client.links_definitions:
                return [self._link(snapshot, target) for target in found]
            return [
                types.Location(link.target_uri, link.target_selection_range)
                for link in (self._link(snapshot, target) for target in found)
            ]

        return await self._documents.ask(params.text_document.uri, find)

    async def references(self, params: types.ReferenceParams) -> list[types.Location] | None:
        """All places that name what is at a position, those in the files of prompts included."""

        def find(snapshot: Snapshot) -> list[types.Location]:
            files = self._documents.files(snapshot.uri)
            found = references(
                snapshot,
                self._offset(snapshot, params.position),
                files,
                with_declaration=params.context.include_declaration,
            )
            if found is None:
                return []
            here = self._ranges(snapshot, (each.span for each in found.here))
            places = [types.Location(snapshot.uri, range_) for range_ in here]
            for path, occurrences in found.in_prompts.items():
                lines = LineIndex(files.text(path) or "")
                places += [
                    types.Location(_uri_beside(snapshot, path), convert.to_range(lines, each.span, self._encoding))
                    for each in occurrences
                ]
            return places

        return await self._documents.ask(params.text_document.uri, find)

    async def highlights(self, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight] | None:
        """All places in the document that name what is at a position."""

        def find(snapshot: Snapshot) -> list[types.DocumentHighlight]:
            return [
                types.DocumentHighlight(self._range(snapshot, each.span), _HIGHLIGHTS[each.access])
                for each in highlights(snapshot, self._offset(snapshot, params.position))
            ]

        return await self._documents.ask(params.text_document.uri, find)

    async def prepare_calls(self, params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem] | None:
        """The node, pipeline or loop at a position."""

        def find(snapshot: Snapshot) -> list[types.CallHierarchyItem] | None:
            vertex = vertex_at(snapshot, self._offset(snapshot, params.position))
            return [self._item(snapshot, vertex)] if vertex else None

        return await self._documents.ask(params.text_document.uri, find)

    async def incoming(
        self, params: types.CallHierarchyIncomingCallsParams
    ) -> list[types.CallHierarchyIncomingCall] | None:
        """What runs right before a node, by edge or by data."""

        def find(snapshot: Snapshot) -> list[types.CallHierarchyIncomingCall]:
            return [
                types.CallHierarchyIncomingCall(self._item(snapshot, call.vertex), self._because(snapshot, call))
                for call in upstream(snapshot, params.item.name)
            ]

        return await self._documents.ask(params.item.uri, find)

    async def outgoing(
        self, params: types.CallHierarchyOutgoingCallsParams
    ) -> list[types.CallHierarchyOutgoingCall] | None:
        """What runs right after a node, by edge or by data."""

        def find(snapshot: Snapshot) -> list[types.CallHierarchyOutgoingCall]:
            return [
                types.CallHierarchyOutgoingCall(self._item(snapshot, call.vertex), self._because(snapshot, call))
                for call in downstream(snapshot, params.item.name)
            ]

        return await self._documents.ask(params.item.uri, find)

    async def prepare_rename(self, params: types.PrepareRenameParams) -> types.Range | None:
        """The name at a position, where it can be changed."""

        def find(snapshot: Snapshot) -> types.Range | None:
            span = renamable_at(snapshot, self._offset(snapshot, params.position))
            return self._range(snapshot, span) if span else None

        return await self._documents.ask(params.text_document.uri, find)

    async def rename(self, params: types.RenameParams) -> types.WorkspaceEdit | None:
        """The edits that change a name everywhere; a request that fails says why."""

        def find(snapshot: Snapshot) -> types.WorkspaceEdit:
            files = self._documents.files(snapshot.uri)
            found = rename(snapshot, self._offset(snapshot, params.position), params.new_name, files)
            if isinstance(found, Refusal):
                raise RequestFailedError(found.message)
            return self._workspace_edit(snapshot, found, files)

        return await self._documents.ask(params.text_document.uri, find)

    def _offset(self, snapshot: Snapshot, position: types.Position) -> int:
        return convert.to_offset(snapshot.analysis.lines, position, self._encoding)

    def _range(self, snapshot: Snapshot, span: Span) -> types.Range:
        return convert.to_range(snapshot.analysis.lines, span, self._encoding)

    def _ranges(self, snapshot: Snapshot, spans: Iterable[Span]) -> Iterator[types.Range]:
        return (self._range(snapshot, span) for span in spans)

    def _link(self, snapshot: Snapshot, target: Target) -> types.LocationLink:
        place = target.file
        uri = _uri_beside(snapshot, place.path) if place else snapshot.uri
        lines = LineIndex(place.text) if place else snapshot.analysis.lines
        whole, name = (convert.to_range(lines, span, self._encoding) for span in (target.whole, target.name))
        return types.LocationLink(uri, whole, name, origin_selection_range=self._range(snapshot, target.origin))

    def _item(self, snapshot: Snapshot, vertex: Vertex) -> types.CallHierarchyItem:
        return types.CallHierarchyItem(
            name=vertex.id,
            kind=types.SymbolKind.Function,
            uri=snapshot.uri,
            range=self._range(snapshot, vertex.span),
            selection_range=self._range(snapshot, vertex.id_span),
            detail=vertex.detail,
        )

    def _because(self, snapshot: Snapshot, call: Call) -> list[types.Range]:
        return list(self._ranges(snapshot, call.sites))

    def _workspace_edit(self, snapshot: Snapshot, found: Rename, files: Files) -> types.WorkspaceEdit:
        """With the document's version where the client compares it, so that what is outdated is not done."""
        here = self._text_edits(snapshot.analysis.lines, found.here)
        others = {
            _uri_beside(snapshot, path): self._text_edits(LineIndex(files.text(path) or ""), edits)
            for path, edits in found.in_prompts.items()
        }
        if not self._client.takes_versioned_edits:
            return types.WorkspaceEdit(changes={snapshot.uri: here, **others})
        documents = [(snapshot.uri, snapshot.version, here), *((uri, None, edits) for uri, edits in others.items())]
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, version), edits)
                for uri, version, edits in documents
            ]
        )

    def _text_edits(self, lines: LineIndex, edits: Iterable[Edit]) -> list[types.TextEdit]:
        return [types.TextEdit(convert.to_range(lines, edit.span, self._encoding), edit.text) for edit in edits]


def _uri_beside(snapshot: Snapshot, path: str) -> str:
    """The URI of a path from an experience's folder."""
    own = path_of(snapshot.uri)
    return uri_of(own.parent / path) if own else path
