"""The kinds of semantic tokens. Alone here, since a server's start needs them and nothing else of highlighting."""

from __future__ import annotations

from enum import Enum


class TokenType(Enum):
    """What a token is, under the names that every client knows (LSP 3.17, SemanticTokenTypes)."""

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
"""The order that tokens refer to."""
