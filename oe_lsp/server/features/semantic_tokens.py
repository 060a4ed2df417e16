"""`textDocument/semanticTokens/full`, `full/delta` and `range`."""

from __future__ import annotations

from itertools import count

from lsprotocol import types

from engine.syntax import Span
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.semantic_tokens.encoding import change_between, encoded_tokens
from oe_lsp.server.session.session import Session


class SentTokens:
    """The tokens that the client has, by document, each with its result id."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._sent: dict[str, tuple[str, list[int]]] = {}

    def get(self, uri: str, result_id: str) -> list[int] | None:
        """The tokens that were sent with a result id, unless others were sent since."""
        known_id, data = self._sent.get(uri, ("", []))
        return data if known_id == result_id else None

    def put(self, session: Session, uri: str, data: list[int]) -> str:
        """Remember what is sent for an open document; its result id."""
        result_id = str(next(self._ids))
        still_open = {each: sent for each, sent in self._sent.items() if each in session.documents}
        self._sent = {**still_open, uri: (result_id, data)}  # replaced as a whole, since threads read it
        return result_id


def full(session: Session, snapshot: Snapshot, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """All tokens of a document."""
    data = _encoded(session, snapshot)
    return types.SemanticTokens(data, session.state(SentTokens).put(session, params.text_document.uri, data))


def delta(
    session: Session, snapshot: Snapshot, params: types.SemanticTokensDeltaParams
) -> types.SemanticTokens | types.SemanticTokensDelta:
    """The difference from the tokens that the client has; all tokens, where those are not known."""
    known = session.state(SentTokens).get(snapshot.uri, params.previous_result_id)
    data = _encoded(session, snapshot)
    result_id = session.state(SentTokens).put(session, snapshot.uri, data)
    if known is None:
        return types.SemanticTokens(data, result_id)
    change = change_between(known, data)
    edits = [types.SemanticTokensEdit(change.start, change.removed, list(change.added))] if change else []
    return types.SemanticTokensDelta(edits, result_id)


def range_(session: Session, snapshot: Snapshot, params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
    """The tokens of the nodes in a range."""
    at = session.positions(snapshot.analysis.lines)
    within = Span(at.offset(params.range.start), at.offset(params.range.end))
    return types.SemanticTokens(_encoded(session, snapshot, within))


def _encoded(session: Session, snapshot: Snapshot, within: Span | None = None) -> list[int]:
    return encoded_tokens(snapshot, session.encoding, within, over_lines=session.capabilities.multiline_tokens)
