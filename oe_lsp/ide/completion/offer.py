"""A completion offer, and the text helpers that providers share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from msgspec import Struct

from engine.syntax import Span
from oe_lsp.ide import markdown
from oe_lsp.ide.completion.place.place import Place
from oe_lsp.ide.yaml_text import as_yaml


class OfferKind(Enum):
    """Kind of offer; determines its icon."""

    KEY = "key"
    VALUE = "value"
    SNIPPET = "snippet"
    VERTEX = "vertex"
    FIELD = "field"
    PHASE = "phase"
    MODEL = "model"
    FILE = "file"
    FOLDER = "folder"
    VARIABLE = "variable"
    FUNCTION = "function"
    WORD = "word"


class Offer(Struct, frozen=True):
    """`text` replaces `span`; its further lines are indented relative to the first.

    With `is_snippet` it is in LSP snippet syntax. Offers are sorted by `rank`, then by their order. The editor matches
    what is typed with `filter`. With `retriggers` it requests completion again after inserting.
    """

    label: str
    kind: OfferKind
    text: str
    span: Span
    detail: str = ""
    documentation: str = ""
    is_snippet: bool = False
    rank: int = 1
    filter: str = ""
    retriggers: bool = False

    @property
    def plain_text(self) -> str:
        """The text without snippet syntax, for clients without snippets."""
        return plain(self.text) if self.is_snippet else self.text

    @property
    def plain_documentation(self) -> str:
        """The documentation without Markdown, for clients that show plain text."""
        return markdown.plain(self.documentation)


_PLACEHOLDER = re.compile(r"\$(?:\d+|\{\d+(?::((?:[^\\}]|\\.)*))?\})")
_ESCAPED = re.compile(r"\\([$}\\])")


def plain(snippet: str) -> str:
    """Convert a snippet to text: every placeholder becomes its default."""
    return _ESCAPED.sub(r"\1", _PLACEHOLDER.sub(lambda match: match.group(1) or "", snippet))


def escaped(text: str) -> str:
    """Escape text for use in a snippet."""
    return re.sub(r"([$}\\])", r"\\\1", text)


def scalar(value: Any, place: Place) -> str:
    """Return a value as YAML at a place: inside open quotes, plain if possible, else quoted."""
    if place.quote == "'":
        return str(value).replace("'", "''")
    if place.quote == '"':
        return json.dumps(value, ensure_ascii=False)[1:-1] if isinstance(value, str) else json.dumps(value)
    return place.gap + as_yaml(value)


def unique(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the offers without those whose label and text occurred before."""
    return tuple({(offer.label, offer.text): offer for offer in reversed(list(offers))}.values())[::-1]
