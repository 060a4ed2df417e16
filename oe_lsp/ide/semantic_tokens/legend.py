"""Types of semantic tokens. Apart from the rest, since the server needs them at start-up."""

from __future__ import annotations

from enum import Enum


class TokenType(Enum):
    """Token types, by the names that every client knows (LSP 3.17, SemanticTokenTypes)."""

    VARIABLE = "variable"
    PROPERTY = "property"
    PARAMETER = "parameter"
    CLASS = "class"
    FUNCTION = "function"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    OPERATOR = "operator"
    MACRO = "macro"


LEGEND = tuple(TokenType)
"""Token types in the order of their numbers."""
