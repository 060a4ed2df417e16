"""Whether a client asks for the problems of its documents, or is told. Never both: it would show each problem twice."""

from __future__ import annotations

from lsprotocol import types


def asks_for_problems(capabilities: types.ClientCapabilities) -> bool:
    """Whether it does: where it can ask, and can be told to ask again.

    What is wrong changes without an edit, too: a file is saved that the experience names, a setting is changed. A
    client that cannot be told so (Neovim up to 0.11 has no `workspace.diagnostics.refreshSupport`) would show what is
    out of date until the next edit. It is told instead, if it listens at all.
    """
    document, workspace = capabilities.text_document, capabilities.workspace
    if document is None or document.diagnostic is None:
        return False
    can_be_told_again = bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)
    return can_be_told_again or document.publish_diagnostics is None
