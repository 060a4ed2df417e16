"""`workspace/didChangeWatchedFiles`, `didChangeConfiguration` and `didChangeWorkspaceFolders`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types

from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.uris import path_of


async def watched_files(session: Session, params: types.DidChangeWatchedFilesParams) -> None:
    """Analyse again: an experience may name a file that has changed."""
    session.files_changed(change.uri for change in params.changes)


async def configuration(session: Session, params: types.DidChangeConfigurationParams) -> None:
    """Apply new settings."""
    session.settings_changed(params.settings)


async def workspace_folders(session: Session, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Follow the runs in the folders that the workspace has now."""
    session.workspace.change_roots(added=_paths(params.event.added), removed=_paths(params.event.removed))


def _paths(folders: Iterable[types.WorkspaceFolder]) -> list[Path]:
    return [path for folder in folders if (path := path_of(folder.uri)) is not None]
