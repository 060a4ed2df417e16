"""`textDocument/codeAction`: what the lenses do, and what can be done with a node, for editors without lenses.

Actions on runs are of the kind `source.oe`, those on nodes of none, so that no editor applies one by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types
from msgspec import Struct

from oe_lsp.ide.runs.node_actions import NodeAction, NodeActionKind, node_actions
from oe_lsp.server.features.code_lens import run_lenses
from oe_lsp.server.features.command_arguments import LATEST
from oe_lsp.server.features.registry import COMMANDS
from oe_lsp.server.session.client_capabilities import Capabilities
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.names import (
    CANCEL_RUN,
    COPY_COMMAND,
    OPEN_RUN_PAGE,
    PREVIEW_PROMPT,
    RESUME_RUN,
    RUN_EXPERIENCE,
    SOURCE,
)
from oe_lsp.server.transport.uris import path_of

_RUNS = 5
"""How many of the latest runs can be resumed at least."""

_STARTS = frozenset({RUN_EXPERIENCE, RESUME_RUN})
_SERVED = frozenset(command.name for command in COMMANDS)


class _Action(Struct, frozen=True):
    command: types.Command
    kind: str | None = None
    disabled: str | None = None
    has_no_run: bool = False
    data: types.LSPAny | None = None


async def code_action(
    session: Session, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command] | None:
    """The actions at a range. None for an editor that looks for them by itself: there are some on every line."""
    uri, client = params.text_document.uri, session.capabilities
    if uri not in session.documents or params.context.trigger_kind is types.CodeActionTriggerKind.Automatic:
        return None
    if path_of(uri) is None:
        return []
    lenses = await run_lenses(session, uri, max(session.settings.lens_runs, _RUNS))
    runs = [lens.command for lens in lenses if lens.command is not None]
    on_node = await session.documents.ask(uri, lambda snapshot: tuple(node_actions(snapshot, params.range.start.line)))
    untrusted = "This workspace is not trusted. Trust it first." if client.options.trusted is False else None
    found = [
        *(_Action(run, SOURCE, untrusted if run.command in _STARTS else None) for run in runs),
        _Action(_copy(uri, runs), SOURCE),
        _Action(types.Command("Open the page of the run", OPEN_RUN_PAGE, arguments=[uri, LATEST]), SOURCE),
        *_on_node(on_node or (), uri, runs, untrusted),
    ]
    return [_to_lsp(action, client) for action in found if _is_wanted(action, client, params.context.only)]


def _copy(uri: str, runs: list[types.Command]) -> types.Command:
    """Copies the command of the latest run, or of the first one."""
    run = _latest(runs)
    resumes = run is not None and run.command == RESUME_RUN
    arguments = list(run.arguments or ())[:2] if resumes and run is not None else [uri]
    return types.Command(f"Copy the command: oe {'resume' if resumes else 'run'}", COPY_COMMAND, arguments=arguments)


def _on_node(
    actions: tuple[NodeAction, ...], uri: str, runs: list[types.Command], untrusted: str | None
) -> Iterator[_Action]:
    """The actions on a node; they resume the latest run, so there must be one that has ended."""
    run = _latest(runs)
    run_id = str((run.arguments or [uri, ""])[1]) if run is not None else ""
    if run is None:
        missing: str | None = "This experience has no runs yet."
    else:
        missing = f"Run {run_id[:8]} is still running." if run.command == CANCEL_RUN else None
    for action in actions:
        if action.kind is NodeActionKind.PREVIEW:
            preview = types.Command(action.title, PREVIEW_PROMPT, arguments=[uri, action.node_id])
            yield _Action(preview, data=_data(action))
            continue
        starts = action.kind is NodeActionKind.RESUME
        arguments = [uri, run_id, {action.option: action.node_id}]
        command = types.Command(action.title, RESUME_RUN if starts else COPY_COMMAND, arguments=arguments)
        yield _Action(command, None, missing or (untrusted if starts else None), missing is not None, _data(action))


def _data(action: NodeAction) -> types.LSPAny:
    """Tells actions apart for a client that offers one of them as a command."""
    return {"kind": action.kind.value, "option": action.option, "nodeId": action.node_id}


def _latest(runs: list[types.Command]) -> types.Command | None:
    """The lens of the latest run: to resume or to cancel it."""
    return next((run for run in runs if run.command in (RESUME_RUN, CANCEL_RUN)), None)


def _is_wanted(action: _Action, client: Capabilities, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """An action that has nothing to act on is shown only where it can say so."""
    if action.command.command not in _SERVED or (action.has_no_run and not client.disabled_actions):
        return False
    own = action.kind or ""
    kinds = [kind.value if isinstance(kind, types.CodeActionKind) else kind for kind in only or ("",)]
    return any(kind in ("", own) or own.startswith(f"{kind}.") for kind in kinds)


def _to_lsp(action: _Action, client: Capabilities) -> types.CodeAction | types.Command:
    """A plain command for clients that know no more. One that cannot be disabled says why when it is refused."""
    if not client.action_literals:
        return action.command
    if action.disabled is None or not client.disabled_actions:
        return types.CodeAction(action.command.title, kind=action.kind, command=action.command, data=action.data)
    disabled = types.CodeActionDisabled(action.disabled)
    return types.CodeAction(action.command.title, kind=action.kind, disabled=disabled, data=action.data)
