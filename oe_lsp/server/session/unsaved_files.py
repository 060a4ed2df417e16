"""Saves files before a run, which reads the saved ones. LSP has no request for that: some clients answer ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from engine.regular_files import read_regular
from engine.syntax import MAX_FILE_BYTES
from oe_lsp.ide.document_links import links
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.preconditions import Ask, Start
from oe_lsp.server.session.settings import OnUnsavedFiles
from oe_lsp.server.transport.client import Client
from oe_lsp.server.transport.custom_messages import SaveFilesParams
from oe_lsp.server.transport.errors import RequestFailedError
from oe_lsp.server.transport.names import SAVE_FILES
from oe_lsp.server.transport.uris import uri_beside, uri_of

_SAVE = "Save and run"
_CANCEL = "Cancel"


class UnsavedFiles:
    """`can_save`: the client answers `oe/saveFiles`. `choice` returns the current setting."""

    def __init__(
        self, client: Client, documents: Documents, choice: Callable[[], OnUnsavedFiles], *, can_save: bool
    ) -> None:
        self._client = client
        self._documents = documents
        self._choice = choice
        self._can_save = can_save

    async def check(self, start: Start) -> Ask | None:
        """See Precondition: every file of the run is saved."""
        if self._can_save and self._choice() is OnUnsavedFiles.ASK:
            names = await self._unsaved(start)
            return partial(self._ask, start, ", ".join(names)) if names else None
        await self._save(start)
        return None

    async def _ask(self, start: Start, names: str) -> Start | None:
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=f"A run reads saved files. Not saved: {names}.",
            actions=[types.MessageActionItem(_SAVE), types.MessageActionItem(_CANCEL)],
        )
        try:
            answer = await self._client.request(types.WINDOW_SHOW_MESSAGE_REQUEST, question)
        except JsonRpcException as error:
            raise RequestFailedError(f"Not run: {names} has unsaved changes. Save it first.") from error
        if answer is None or answer.title != _SAVE:
            return None
        await self._save(start)
        return start

    async def _save(self, start: Start) -> None:
        """Save the files of a run, where the client can and the user does not refuse it.

        Raises RequestFailedError where one is not saved then, or cannot be read.
        """
        if self._can_save and self._choice() is not OnUnsavedFiles.REFUSE:
            params = SaveFilesParams(await self._files_of_run(start.uri))
            try:
                is_saved = await self._client.request(SAVE_FILES, params)
            except JsonRpcException as error:
                raise RequestFailedError(f"Not run: the files could not be saved: {error}") from error
            if is_saved is not True:
                raise RequestFailedError("Not run: not all files could be saved. Save them first.")
        for name in await self._unsaved(start):
            raise RequestFailedError(f"{name} has unsaved changes, and a run reads the saved file. Save it first.")

    async def _unsaved(self, start: Start) -> list[str]:
        """The files of a run whose text in the editor differs from the disk, by their names for the user."""
        return await asyncio.to_thread(_differing, start.path, await self._open_texts(start.uri))

    async def _open_texts(self, uri: str) -> Mapping[Path, str]:
        await self._documents.snapshot(uri)  # which finds the files outside of the experience's folder
        return self._documents.open_texts_for(uri)

    async def _files_of_run(self, uri: str) -> list[str]:
        """The experience, the files that it names, and what is open in its folder: a tool may import it."""
        opened = await self._open_texts(uri)
        files = self._documents.files(uri)
        named = await self._documents.ask(uri, lambda snapshot: [link.path for link in links(snapshot, files)])
        uris = [uri, *(uri_of(path) for path in opened), *(uri_beside(uri, path) for path in named or ())]
        return list(dict.fromkeys(uris))


def _differing(path: Path, open_texts: Mapping[Path, str]) -> list[str]:
    """Blocking. Raises RequestFailedError where the experience is unreadable."""
    try:
        saved = {path: _saved_text(path)}
    except FileNotFoundError:
        raise RequestFailedError(f"{path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RequestFailedError(f"{path} cannot be read: {error}") from error
    for file in sorted(open_texts.keys() - {path}):
        with contextlib.suppress(OSError, UnicodeDecodeError):  # a new file, which no run can read
            saved[file] = _saved_text(file)
    return [os.path.relpath(file, path.parent) for file, text in saved.items() if open_texts.get(file, text) != text]


def _saved_text(path: Path) -> str:
    """Line breaks are kept, and a byte order mark is dropped, as editors do."""
    return read_regular(path, MAX_FILE_BYTES).decode("utf-8-sig")
