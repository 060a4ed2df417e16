"""Codes and problems of a text as YAML. Rules about experiences are in engine.experience."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from engine.syntax.spans import Span


class SyntaxCode(Enum):
    """Kinds of mistakes in the YAML of a text (docs/format.md, Reading)."""

    INVALID_YAML = "invalid-yaml"
    MISSING_COLON = "missing-colon"
    UNCLOSED = "unclosed"
    TAB_INDENT = "tab-indent"
    INVALID_CHARACTER = "invalid-character"
    DUPLICATE_KEY = "duplicate-key"
    COMPLEX_KEY = "complex-key"
    UNQUOTED_PLACEHOLDER = "unquoted-placeholder"
    UNKNOWN_ALIAS = "unknown-alias"
    RECURSIVE_ALIAS = "recursive-alias"
    UNKNOWN_TAG = "unknown-tag"
    TAG_MISMATCH = "tag-mismatch"
    SEVERAL_DOCUMENTS = "several-documents"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    ALIAS_EXPANSION = "alias-expansion"


class SyntaxProblem(Struct, frozen=True):
    """One mistake: its code, a message with the remedy, its span, and a related span, such as that of the first key."""

    code: SyntaxCode
    message: str
    span: Span
    related: Span | None = None

    def shift(self, by: int) -> SyntaxProblem:
        """Return the same problem, `by` code points further on."""
        related = self.related.shift(by) if self.related else None
        return replace(self, span=self.span.shift(by), related=related)
