"""The client's capabilities and options that change what the server does, read once from `initialize`."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from msgspec import Struct

from oe_lsp.server.session.diagnostic_mode import pulls_diagnostics
from oe_lsp.server.session.settings import ClientOptions, read_client_options
from oe_lsp.server.transport.uris import path_of

_MARKDOWN = types.MarkupKind.Markdown


class Capabilities(Struct, frozen=True):
    """What the client can show and do. `roots`: the folders of its workspace. `shows_tokens`: those of progress."""

    options: ClientOptions
    roots: tuple[Path, ...]
    progress: bool
    related_information: bool
    pulls_diagnostics: bool
    diagnostic_refresh: bool
    code_lens_refresh: bool
    inlay_hint_refresh: bool
    syncs_dynamically: bool
    configuration: bool
    watches_files: bool
    snippets: bool
    adjusts_indentation: bool
    completion_markdown: bool
    hover_markdown: bool
    definition_links: bool
    nested_symbols: bool
    max_folds: int | None
    multiline_tokens: bool
    versioned_edits: bool
    link_tooltips: bool
    is_vscode: bool
    shows_tokens: bool
    message_actions: bool
    action_literals: bool
    disabled_actions: bool
    shows_documents: bool


def read_capabilities(params: types.InitializeParams) -> Capabilities:
    """The capabilities of the client that sent `params`."""
    capabilities = params.capabilities
    window, workspace, document = capabilities.window, capabilities.workspace, capabilities.text_document
    pushed = document.publish_diagnostics if document else None
    pulled = document.diagnostic if document else None
    refreshed = workspace.diagnostics if workspace else None
    lens = workspace.code_lens if workspace else None
    hint = workspace.inlay_hint if workspace else None
    synced = document.synchronization if document else None
    watched = workspace.did_change_watched_files if workspace else None
    item = document.completion.completion_item if document and document.completion else None
    modes = item.insert_text_mode_support if item else None
    formats = document.hover.content_format if document and document.hover else None
    definition, symbols = (document.definition, document.document_symbol) if document else (None, None)
    folding, tokens = (document.folding_range, document.semantic_tokens) if document else (None, None)
    link = document.document_link if document else None
    action = document.code_action if document else None
    edits = workspace.workspace_edit if workspace else None
    name = params.client_info.name.casefold() if params.client_info else ""
    uris = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
    return Capabilities(
        roots=tuple(path for path in map(path_of, uris) if path is not None),
        options=read_client_options(params.initialization_options),
        progress=bool(window and window.work_done_progress),
        related_information=bool((pushed and pushed.related_information) or (pulled and pulled.related_information)),
        pulls_diagnostics=pulls_diagnostics(capabilities),
        diagnostic_refresh=bool(refreshed and refreshed.refresh_support),
        code_lens_refresh=bool(lens and lens.refresh_support),
        inlay_hint_refresh=bool(hint and hint.refresh_support),
        syncs_dynamically=bool(synced and synced.dynamic_registration),
        configuration=bool(workspace and workspace.configuration),
        watches_files=bool(watched and watched.dynamic_registration),
        snippets=bool(item and item.snippet_support),
        adjusts_indentation=bool(modes and types.InsertTextMode.AdjustIndentation in modes.value_set),
        completion_markdown=_MARKDOWN in ((item.documentation_format if item else None) or ()),
        hover_markdown=_MARKDOWN in (formats or ()),
        definition_links=bool(definition and definition.link_support),
        nested_symbols=bool(symbols and symbols.hierarchical_document_symbol_support),
        max_folds=folding.range_limit if folding else None,
        multiline_tokens=bool(tokens and tokens.multiline_token_support),
        versioned_edits=bool(edits and edits.document_changes),
        link_tooltips=bool(link and link.tooltip_support),
        is_vscode="code" in name,
        shows_tokens=name == "helix",
        action_literals=bool(action and action.code_action_literal_support),
        disabled_actions=bool(action and action.disabled_support),
        message_actions=bool(window and window.show_message),
        shows_documents=bool(window and window.show_document and window.show_document.support),
    )
