"""Completion: collects the offers of all providers at an offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.experience.files.port import Files
from oe_lsp.ide.completion.context import Context, contexts_at
from oe_lsp.ide.completion.offer import Offer, unique
from oe_lsp.ide.completion.place.place import Slot
from oe_lsp.ide.completion.providers.expressions import path_offers
from oe_lsp.ide.completion.providers.files import file_offers
from oe_lsp.ide.completion.providers.keys import key_offers, snippet_offers
from oe_lsp.ide.completion.providers.other_files import (
    child_arg_offers,
    child_field_offers,
    function_offers,
    server_offers,
)
from oe_lsp.ide.completion.providers.values import list_offers, name_offers, value_offers
from oe_lsp.ide.document.snapshot import Snapshot

_Provider = Callable[[Context], Iterator[Offer]]
_KEYS: tuple[_Provider, ...] = (snippet_offers, key_offers, child_arg_offers)
_VALUES: tuple[_Provider, ...] = (
    name_offers,
    value_offers,
    list_offers,
    path_offers,
    file_offers,
    function_offers,
    child_field_offers,
    server_offers,
)
_PROVIDERS_BY_SLOT: dict[Slot, tuple[_Provider, ...]] = {
    Slot.KEY: _KEYS,
    Slot.VALUE: (*_VALUES, snippet_offers),
    Slot.START: (*_KEYS, *_VALUES),
}


def complete(snapshot: Snapshot, offset: int, files: Files) -> tuple[Offer, ...]:
    """Return the offers at `offset` (code points), the likeliest first. Works on any text, however broken."""
    contexts = contexts_at(snapshot, offset, files)
    found = [
        offer
        for context in contexts
        for provider in _PROVIDERS_BY_SLOT[context.place.slot]
        for offer in provider(context)
    ]
    return tuple(sorted(unique(found), key=lambda offer: offer.rank))
