"""What completion offers: one text for one place, with what an editor shows of it. No provider lives here."""

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
    """What an offer is; decides its icon."""

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
    """`text` replaces `span`; further lines of it begin with what they need beyond the indentation of the line.

    With `is_snippet` it is in the snippet syntax of LSP. `rank` sorts, before the order of the offers. `filter` is what
    the text before the cursor is matched with. With `retriggers` the editor asks again at once.
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
        """The text without the marks of a snippet, for editors that know none."""
        return plain(self.text) if self.is_snippet else self.text

    @property
    def plain_documentation(self) -> str:
        """The documentation without Markdown."""
        return markdown.plain(self.documentation)


_PLACEHOLDER = re.compile(r"\$(?:\d+|\{\d+(?::((?:[^\\}]|\\.)*))?\})")
_ESCAPED = re.compile(r"\\([$}\\])")


def plain(snippet: str) -> str:
    """A snippet as text: every placeholder is what it proposes."""
    return _ESCAPED.sub(r"\1", _PLACEHOLDER.sub(lambda match: match.group(1) or "", snippet))


def escaped(text: str) -> str:
    """Text inside a snippet."""
    return re.sub(r"([$}\\])", r"\\\1", text)


def scalar(value: Any, place: Place) -> str:
    """A value as YAML at a place: inside quotes that are open, plain where it can be, else quoted."""
    if place.quote == "'":
        return str(value).replace("'", "''")
    if place.quote == '"':
        return json.dumps(value, ensure_ascii=False)[1:-1] if isinstance(value, str) else json.dumps(value)
    return place.gap + as_yaml(value)


def unique(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """The offers, of those with one label and text only the first."""
    return tuple({(offer.label, offer.text): offer for offer in reversed(list(offers))}.values())[::-1]
