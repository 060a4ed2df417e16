"""Decides between pull and push diagnostics. Never both: clients would show each problem twice."""

from __future__ import annotations

from lsprotocol import types


def pulls_diagnostics(capabilities: types.ClientCapabilities) -> bool:
    """True for clients that can pull diagnostics and refresh them.

    Problems change without an edit, too, when a file that the experience names is saved or a setting changes. A client
    without `workspace.diagnostics.refreshSupport` (Neovim up to 0.11) would show outdated problems until the next edit,
    so diagnostics are pushed to it, if it takes them at all.
    """
    document, workspace = capabilities.text_document, capabilities.workspace
    if document is None or document.diagnostic is None:
        return False
    can_refresh = bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)
    return can_refresh or document.publish_diagnostics is None
