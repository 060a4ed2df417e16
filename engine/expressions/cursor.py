"""The parser's position in the tokens, and the errors that it has reported. Knows no grammar."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.expressions.lexer import ExpressionError, Token, TokenKind
from engine.syntax.spans import Span

MAX_DEPTH = 64
"""The depth to which parentheses, calls and `!` may nest, so that no text exhausts the stack."""

_Parsed = TypeVar("_Parsed")


class Cursor:
    """A position in tokens of which the last is END; it never moves past END."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.errors: list[ExpressionError] = []
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        self._gave_up = False

    def here(self) -> Token:
        """The next token."""
        return self._tokens[self._index]

    def before(self) -> Token | None:
        """The previous token, or None at the start."""
        return self._tokens[self._index - 1] if self._index else None

    def at(self, *kinds: TokenKind) -> bool:
        """Whether the next token is of one of the kinds."""
        return self.here().kind in kinds

    def at_operator(self, sign: str) -> bool:
        """Whether the next token is the operator."""
        return self.at(TokenKind.OPERATOR) and self.here().text == sign

    def advance(self) -> Token:
        """Read the next token."""
        token = self.here()
        self._index = min(self._index + 1, len(self._tokens) - 1)
        return token

    def skip_group(self) -> None:
        """Skip a group in parentheses, or to the end where it is not closed."""
        depth = 0
        while not self.at(TokenKind.END):
            depth += {TokenKind.OPEN: 1, TokenKind.CLOSE: -1}.get(self.advance().kind, 0)
            if depth == 0:
                return

    def span_from(self, start: int) -> Span:
        """From `start` to the end of the previous token."""
        before = self.before()
        return Span(start, before.span.end if before else start)

    def error(self, span: Span, message: str) -> None:
        """Report a mistake, unless parsing was given up: later ones only follow from that."""
        if not self._gave_up:
            self.errors.append(ExpressionError(span, message))

    def nested(self, parse: Callable[[], _Parsed]) -> _Parsed | None:
        """Parse one level deeper. Beyond MAX_DEPTH, report that once, move to the end and return None."""
        if self._depth == MAX_DEPTH:
            self.error(self.here().span, f"nested more than {MAX_DEPTH} levels deep; split the expression")
            self._gave_up = True
            self._index = len(self._tokens) - 1
            return None
        self._depth += 1
        parsed = parse()
        self._depth -= 1
        return parsed
