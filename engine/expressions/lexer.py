"""Splits an expression into tokens with offsets; only whitespace is in none. Never raises; knows no grammar."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from engine.expressions.paths import Path, scan_path
from engine.syntax.spans import Span


class TokenKind(Enum):
    """Kinds of tokens, for the parser and for semantic highlighting."""

    PATH = "path"
    NUMBER = "number"
    STRING = "string"
    KEYWORD = "keyword"
    NAME = "name"
    OPERATOR = "operator"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"
    UNKNOWN = "unknown"
    END = "end"


class Token(Struct, frozen=True):
    """One token. `text` is corrected (`==` for `=`); `path` is the valid beginning of a PATH, if any."""

    kind: TokenKind
    text: str
    span: Span
    path: Path | None = None


class ExpressionError(Struct, frozen=True):
    """A mistake in an expression; the message says what to write instead."""

    span: Span
    message: str


KEYWORDS = ("true", "false", "null", "in")


def tokenize(text: str) -> tuple[tuple[Token, ...], tuple[ExpressionError, ...]]:
    """The tokens of `text`, with an empty END token last, and the mistakes in single tokens."""
    tokens: list[Token] = []
    errors: list[ExpressionError] = []
    at = _skip_space(text, 0)
    while at < len(text):
        token, problem = _token_at(text, at)
        tokens.append(token)
        if problem is not None:
            errors.append(problem)
        at = _skip_space(text, token.span.end)
    tokens.append(Token(TokenKind.END, "", Span(len(text), len(text))))
    return tuple(tokens), tuple(errors)


_Read: TypeAlias = tuple[Token, ExpressionError | None]

_SPACE = re.compile(r"[ \t\r\n]*")
_CORRECTIONS = {
    "===": "==",
    "!==": "!=",
    "=": "==",
    "&": "&&",
    "|": "||",
    "and": "&&",
    "or": "||",
    "not": "!",
}
_MARKS = {"(": TokenKind.OPEN, ")": TokenKind.CLOSE, ",": TokenKind.COMMA}
_HINTS = {
    **dict.fromkeys("+-*/%", "; expressions have no arithmetic"),
    **dict.fromkeys("{}", "; remove {{ }}"),
    "[": "; expressions have no list literals: compare with each value and join with ||",
}


def _skip_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _read_path(match: re.Match[str]) -> _Read:
    scan = scan_path(match.string, match.start())
    span = Span(match.start(), scan.end)
    token = Token(TokenKind.PATH, match.string[span.start : span.end], span, scan.path)
    if scan.problem is None or scan.problem_span is None:
        return token, None
    return token, ExpressionError(scan.problem_span, scan.problem)


def _read_string(match: re.Match[str]) -> _Read:
    token = _token(TokenKind.STRING, match)
    if match.group("close"):
        return token, None
    message = f"unclosed text; add {token.text[0]} at its end"
    return token, ExpressionError(token.span, message)


def _read_mark(match: re.Match[str]) -> _Read:
    return _token(_MARKS[match.group()], match), None


def _read_word(match: re.Match[str]) -> _Read:
    if match.group() in _CORRECTIONS:
        return _read_operator(match)
    return _token(TokenKind.KEYWORD if match.group() in KEYWORDS else TokenKind.NAME, match), None


def _read_number(match: re.Match[str]) -> _Read:
    return _token(TokenKind.NUMBER, match), None


def _read_operator(match: re.Match[str]) -> _Read:
    token = _token(TokenKind.OPERATOR, match)
    meant = _CORRECTIONS.get(token.text)
    if meant is None:
        return token, None
    error = ExpressionError(token.span, f"write {meant} instead of {token.text}")
    return replace(token, text=meant), error


def _read_unknown(match: re.Match[str]) -> _Read:
    token = _token(TokenKind.UNKNOWN, match)
    shown = token.text if token.text.isprintable() else f"character U+{ord(token.text[0]):04X}"
    return token, ExpressionError(token.span, f"unexpected {shown}{_HINTS.get(token.text[0], '')}")


def _token(kind: TokenKind, match: re.Match[str]) -> Token:
    return Token(kind, match.group(), Span(*match.span()))


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Read]], ...] = (
    (re.compile(r"\$"), _read_path),
    (re.compile(r"(?:\"[^\"]*|'[^']*)(?P<close>[\"'])?"), _read_string),
    (re.compile(r"[(),]"), _read_mark),
    (re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), _read_word),
    (re.compile(r"-?[0-9][0-9.]*"), _read_number),
    (re.compile(r"===|!==|==|!=|>=|<=|&&|\|\||[<>!=&|]"), _read_operator),
    (re.compile(r"\[[^\]]*\]?|\{+|\}+|.", re.DOTALL), _read_unknown),
)


def _token_at(text: str, at: int) -> _Read:
    """The token at `at`, by the first pattern that matches; the last one matches any character."""
    matches = ((pattern.match(text, at), read) for pattern, read in _READERS)
    return next(read(match) for match, read in matches if match is not None)
