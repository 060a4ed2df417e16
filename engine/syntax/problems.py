"""What can be wrong with a text as YAML: codes and problems. Rules about experiences live in engine.experience."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from engine.syntax.spans import Span


class SyntaxCode(Enum):
    """Why a text is not one well-formed YAML document that we accept (docs/format.md, Reading)."""

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
    """One mistake: its code, what is wrong and what to do, where, and the other place that it is about."""

    code: SyntaxCode
    message: str
    span: Span
    related: Span | None = None

    def shift(self, by: int) -> SyntaxProblem:
        """Return the same problem, `by` code points further on."""
        related = self.related.shift(by) if self.related else None
        return replace(self, span=self.span.shift(by), related=related)
