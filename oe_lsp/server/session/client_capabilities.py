"""What the client on the other side can do and wants, read once from `initialize`."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from msgspec import Struct

from oe_lsp.server.session.diagnostic_mode import asks_for_problems
from oe_lsp.server.session.settings import ClientOptions, read_client_options
from oe_lsp.server.transport.paths import path_of

_MARKDOWN = types.MarkupKind.Markdown


class Client(Struct, frozen=True):
    """Capabilities that change what the server sends, by what they allow."""

    options: ClientOptions
    roots: tuple[Path, ...]
    shows_progress: bool
    shows_related: bool
    pulls_diagnostics: bool
    refreshes_diagnostics: bool
    refreshes_lenses: bool
    answers_configuration: bool
    watches_files: bool
    knows_snippets: bool
    adjusts_indentation: bool
    offers_markdown: bool
    hovers_markdown: bool
    links_definitions: bool
    nests_symbols: bool
    most_folds: int | None
    takes_long_tokens: bool
    takes_versioned_edits: bool
    shows_tooltips: bool
    is_vscode: bool


def read_client(params: types.InitializeParams) -> Client:
    """The client that sent `params`."""
    capabilities = params.capabilities
    window, workspace, document = capabilities.window, capabilities.workspace, capabilities.text_document
    diagnostics = document.publish_diagnostics if document else None
    pulled = document.diagnostic if document else None
    repulled = workspace.diagnostics if workspace else None
    lens = workspace.code_lens if workspace else None
    watched = workspace.did_change_watched_files if workspace else None
    item = document.completion.completion_item if document and document.completion else None
    modes = item.insert_text_mode_support if item else None
    formats = document.hover.content_format if document and document.hover else None
    definition, symbols = (document.definition, document.document_symbol) if document else (None, None)
    folding, tokens = (document.folding_range, document.semantic_tokens) if document else (None, None)
    link = document.document_link if document else None
    edits = workspace.workspace_edit if workspace else None
    uris = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
    return Client(
        roots=tuple(path for path in map(path_of, uris) if path is not None),
        options=read_client_options(params.initialization_options),
        shows_progress=bool(window and window.work_done_progress),
        shows_related=bool(
            (diagnostics and diagnostics.related_information) or (pulled and pulled.related_information)
        ),
        pulls_diagnostics=asks_for_problems(capabilities),
        refreshes_diagnostics=bool(repulled and repulled.refresh_support),
        refreshes_lenses=bool(lens and lens.refresh_support),
        answers_configuration=bool(workspace and workspace.configuration),
        watches_files=bool(watched and watched.dynamic_registration),
        knows_snippets=bool(item and item.snippet_support),
        adjusts_indentation=bool(modes and types.InsertTextMode.AdjustIndentation in modes.value_set),
        offers_markdown=_MARKDOWN in ((item.documentation_format if item else None) or ()),
        hovers_markdown=_MARKDOWN in (formats or ()),
        links_definitions=bool(definition and definition.link_support),
        nests_symbols=bool(symbols and symbols.hierarchical_document_symbol_support),
        most_folds=folding.range_limit if folding else None,
        takes_long_tokens=bool(tokens and tokens.multiline_token_support),
        takes_versioned_edits=bool(edits and edits.document_changes),
        shows_tooltips=bool(link and link.tooltip_support),
        is_vscode=bool(params.client_info and "code" in params.client_info.name.casefold()),
    )
