"""What each incoming message is handed to: a coroutine for each, most of them a word to the session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from oe_lsp.server.transport.paths import path_of

if TYPE_CHECKING:
    from oe_lsp.server.experience_server import ExperienceServer
    from oe_lsp.server.features.navigation import Navigation
    from oe_lsp.server.features.structure import Structure
    from oe_lsp.server.transport import custom_messages as messages
    from oe_lsp.server.transport import protocol

Handler = Callable[..., Awaitable[Any]]


async def initialized(ls: ExperienceServer, _: types.InitializedParams) -> None:
    """The client is ready for requests of ours."""
    ls.open_session()


async def shutdown(ls: ExperienceServer, _: None) -> None:
    """Runs before pygls stops accepting requests."""
    await ls.close_session()


async def did_open(ls: ExperienceServer, params: types.DidOpenTextDocumentParams) -> None:
    """Begins to check an experience."""
    (await ls.session()).opened(params.text_document)


async def did_change(ls: ExperienceServer, params: types.DidChangeTextDocumentParams) -> None:
    """Checks the new text, which the protocol made of the changes; pygls's own document may be newer already."""
    session = await ls.session()
    uri = params.text_document.uri
    if uri in session.documents and params.content_changes:
        session.documents.update(uri, params.text_document.version, params.content_changes[-1].text)


async def did_close(ls: ExperienceServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forgets an experience."""
    (await ls.session()).closed(params.text_document.uri)


async def did_save(ls: ExperienceServer, params: types.DidSaveTextDocumentParams) -> None:
    """Looks again at the files that experiences name: one of them may have been saved."""
    (await ls.session()).files_changed([params.text_document.uri])


async def did_change_files(ls: ExperienceServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Looks again at the files that experiences name."""
    (await ls.session()).files_changed(change.uri for change in params.changes)


async def did_change_configuration(ls: ExperienceServer, params: types.DidChangeConfigurationParams) -> None:
    """Takes new settings."""
    (await ls.session()).configure(params.settings)


async def did_change_folders(ls: ExperienceServer, _: types.DidChangeWorkspaceFoldersParams) -> None:
    """Follows the runs of the workspace's folders, which pygls keeps."""
    paths = [path_of(uri) for uri in ls.workspace.folders]
    (await ls.session()).look_in(path for path in paths if path is not None)


async def code_lens(ls: ExperienceServer, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """Offers to run, resume and cancel; above experiences only."""
    session = await ls.session()
    uri = params.text_document.uri
    return await session.requests.lenses(uri) if uri in session.documents else None


async def completion(ls: ExperienceServer, params: types.CompletionParams) -> types.CompletionList | None:
    """Offers what can be written at a position."""
    return await (await ls.session()).editing.complete(params)


async def hover(ls: ExperienceServer, params: types.HoverParams) -> types.Hover | None:
    """Says what stands at a position."""
    return await (await ls.session()).editing.hover(params)


async def diagnostic(ls: ExperienceServer, params: types.DocumentDiagnosticParams) -> protocol.Plain:
    """Says what is wrong in a document, to clients that ask."""
    report = await (await ls.session()).diagnosis.report(params)
    return await asyncio.to_thread(ls.protocol.plain, report)


def navigation(method: Callable[[Navigation], Handler]) -> Handler:
    """A handler that asks the session's navigation."""

    async def ask(ls: ExperienceServer, params: Any) -> Any:
        return await method((await ls.session()).navigation)(params)

    return ask


def structure(method: Callable[[Structure], Handler]) -> Handler:
    """A handler that asks the session about the structure of documents: answers are as large as those are."""

    async def ask(ls: ExperienceServer, params: Any) -> Any:
        found = await method((await ls.session()).structure)(params)
        return await asyncio.to_thread(ls.protocol.plain, found)

    return ask


async def progress_cancelled(ls: ExperienceServer, params: types.WorkDoneProgressCancelParams) -> None:
    """Cancels the run that a progress belongs to."""
    (await ls.session()).cancel_by_token(params.token)


async def runs(ls: ExperienceServer, request: Any) -> messages.RunsResult:
    """`oe/runs`."""
    return await (await ls.session()).requests.runs(request)


async def run_state(ls: ExperienceServer, request: Any) -> messages.RunStateResult:
    """`oe/runState`."""
    return await (await ls.session()).requests.run_state(request)


async def plan(ls: ExperienceServer, request: Any) -> messages.PlanResult:
    """`oe/plan`."""
    return await (await ls.session()).requests.plan(request)


async def run_experience(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.runExperience`."""
    return await ls.run_command((await ls.session()).commands.run_experience(arguments))


async def resume_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.resumeRun`."""
    return await ls.run_command((await ls.session()).commands.resume_run(arguments))


async def cancel_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.cancelRun`."""
    return await ls.run_command((await ls.session()).commands.cancel_run(arguments))


async def inspect_run(ls: ExperienceServer, *arguments: Any) -> Any:
    """`oe.inspectRun`."""
    return await ls.run_command((await ls.session()).commands.inspect_run(arguments))
