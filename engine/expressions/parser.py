"""Parses tokens into an expression tree, and finds every mistake in one pass. Never raises.

Precedence, from loosest to tightest: `||`, `&&`, one comparison or `in`, `!`, then values, calls and parentheses.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from engine.expressions.cursor import Cursor
from engine.expressions.functions import FUNCTIONS, Function
from engine.expressions.lexer import ExpressionError, Token, TokenKind, tokenize
from engine.expressions.paths import Path, suggestion
from engine.expressions.tree import And, Call, Compare, Expression, In, Literal, Not, Operator, Or, PathRef
from engine.syntax.spans import Span


class ParsedExpression(Struct, frozen=True):
    """The tree of an expression, or None when there are errors, so that a tree can always be evaluated.

    Errors are in the order of the text. All tokens are kept, with an empty END token last.
    """

    tree: Expression | None
    errors: tuple[ExpressionError, ...]
    tokens: tuple[Token, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every path in the text, in order, even where the expression is broken or half-typed."""
        return tuple(token.path for token in self.tokens if token.path is not None)


def parse_expression(text: str) -> ParsedExpression:
    """Parse a `when` or `until` (docs/format.md, Expressions); spans are relative to `text`. Never raises.

    An empty text is an error; callers for which it means "no condition" check that first.
    """
    tokens, lexical_errors = tokenize(text)
    cursor = Cursor(tokens)
    tree = _Parser(cursor).whole()
    errors = sorted((*lexical_errors, *cursor.errors), key=lambda error: (error.span.start, error.span.end))
    return ParsedExpression(None if errors else tree, tuple(errors), tokens)


_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_FOREIGN_WORDS = {"none": "null", "nil": "null", "nul": "null", "undefined": "null"}
_VALUES = (
    TokenKind.PATH,
    TokenKind.NUMBER,
    TokenKind.STRING,
    TokenKind.NAME,
    TokenKind.UNKNOWN,
    TokenKind.OPEN,
)
_COMPARISONS = {operator.value: operator for operator in Operator}
_LARGEST_EXACT_INTEGER = 2**53


class _Parser:
    """A recursive descent parser. Its methods report what cannot be part of a tree, and return None for it."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def whole(self) -> Expression | None:
        cursor = self._cursor
        if cursor.at(TokenKind.END):
            cursor.error(Span(0, cursor.here().span.end), "missing expression; write one such as $.field == true")
            return None
        tree = self._or()
        while not cursor.at(TokenKind.END):
            self._stray_mark()
        return tree

    def _stray_mark(self) -> None:
        """Report a `)` or `,` outside of parentheses; `_or` reads everything else."""
        cursor = self._cursor
        mark = cursor.advance()
        if mark.kind is TokenKind.CLOSE:
            cursor.error(mark.span, "unmatched ); remove it")
        else:
            cursor.error(mark.span, _STRAY_COMMA)
        if _is_sign(cursor.here()) and not cursor.at_operator("!"):
            cursor.advance()
            self._or()
        elif not cursor.at(TokenKind.CLOSE, TokenKind.COMMA, TokenKind.END):
            self._or()

    def _or(self) -> Expression | None:
        start = self._cursor.here().span.start
        operands = self._joined("||", self._and)
        if operands is None or len(operands) == 1:
            return operands[0] if operands else None
        return Or(operands, self._cursor.span_from(start))

    def _and(self) -> Expression | None:
        start = self._cursor.here().span.start
        operands = self._joined("&&", self._comparison)
        if operands is None or len(operands) == 1:
            return operands[0] if operands else None
        return And(operands, self._cursor.span_from(start))

    def _joined(self, sign: str, operand: Callable[[], Expression | None]) -> tuple[Expression, ...] | None:
        operands = [operand()]
        while self._cursor.at_operator(sign):
            self._cursor.advance()
            operands.append(operand())
        return _complete(operands)

    def _comparison(self) -> Expression | None:
        cursor = self._cursor
        start = cursor.here().span.start
        left = self._operand()
        if not _compares(cursor.here()):
            return left
        sign = cursor.advance()
        right = self._operand()
        while _compares(cursor.here()):
            cursor.error(cursor.advance().span, "comparisons cannot be chained; join two with &&")
            self._operand()
        if left is None or right is None:
            return None
        span = cursor.span_from(start)
        if sign.kind is TokenKind.KEYWORD:
            return In(left, right, span)
        return Compare(_COMPARISONS[sign.text], left, right, span)

    def _operand(self) -> Expression | None:
        operand = self._unary()
        return None if self._leftovers() else operand

    def _leftovers(self) -> bool:
        """Skip text that follows a value without an operator; return whether there was any."""
        cursor = self._cursor
        first = cursor.here()
        while _begins_value(cursor.here()) or cursor.at_operator("!"):
            if cursor.at(TokenKind.OPEN):
                cursor.skip_group()
            else:
                cursor.advance()
        if cursor.here() is first:
            return False
        if first.kind is not TokenKind.UNKNOWN:  # the lexer reported that one
            why = "; expressions have no arithmetic" if first.text.startswith("-") else ""
            message = f"missing operator, such as && or ==, before this{why}"
            cursor.error(cursor.span_from(first.span.start), message)
        return True

    def _unary(self) -> Expression | None:
        start = self._cursor.here().span.start
        if not self._cursor.at_operator("!"):
            return self._atom()
        self._cursor.advance()
        operand = self._cursor.nested(self._unary)
        return None if operand is None else Not(operand, self._cursor.span_from(start))

    def _atom(self) -> Expression | None:
        cursor = self._cursor
        unreadable = cursor.at(TokenKind.UNKNOWN)
        while cursor.at(TokenKind.UNKNOWN):
            cursor.advance()
        if unreadable and not _begins_value(cursor.here()):
            return None  # the lexer reported the text in the place of the value
        if cursor.at(TokenKind.OPEN):
            return self._group()
        return self._call_or_bare_word() if cursor.at(TokenKind.NAME) else self._single_token()

    def _single_token(self) -> Expression | None:
        token = self._cursor.here()
        if not _begins_value(token):
            self._missing_value()
            return None
        self._cursor.advance()
        if token.kind is TokenKind.PATH:
            return None if token.path is None else PathRef(token.path, token.span)
        if token.kind is TokenKind.NUMBER:
            return self._number(token)
        if token.kind is TokenKind.STRING:
            return Literal(token.text[1:-1], token.span)
        return Literal(_LITERALS[token.text], token.span)

    def _number(self, token: Token) -> Expression | None:
        """Read a number as the public engine does: what follows a second point is ignored."""
        value = float(".".join(token.text.split(".")[:2]))
        if math.isinf(value):
            self._cursor.error(token.span, "number too large; write one up to 1e308")
            return None
        is_exact = value.is_integer() and abs(value) <= _LARGEST_EXACT_INTEGER
        return Literal(int(value) if is_exact else value, token.span)

    def _group(self) -> Expression | None:
        cursor = self._cursor
        opening = cursor.advance()
        inside = cursor.nested(self._or)
        while cursor.at(TokenKind.COMMA):
            cursor.error(cursor.advance().span, _STRAY_COMMA)
            cursor.nested(self._or)
        return inside if self._closes(opening) else None

    def _call_or_bare_word(self) -> Expression | None:
        cursor = self._cursor
        name = cursor.advance()
        function = FUNCTIONS.get(name.text)
        if not cursor.at(TokenKind.OPEN):
            cursor.error(name.span, _about_bare_word(name.text, function))
            return None
        if function is None:
            cursor.error(name.span, _about_unknown_function(name.text))
        return self._call(name, function)

    def _call(self, name: Token, function: Function | None) -> Expression | None:
        opening = self._cursor.advance()
        arguments = self._arguments()
        if not self._closes(opening) or function is None:
            return None
        span = self._cursor.span_from(name.span.start)
        if len(arguments) != len(function.parameters):
            given = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
            self._cursor.error(span, f"{function.signature} called with {given}")
            return None
        good = _complete(arguments)
        return None if good is None else Call(function.name, good, span)

    def _arguments(self) -> list[Expression | None]:
        if self._cursor.at(TokenKind.CLOSE):
            return []
        arguments = [self._cursor.nested(self._or)]
        while self._cursor.at(TokenKind.COMMA):
            self._cursor.advance()
            arguments.append(self._cursor.nested(self._or))
        return arguments

    def _closes(self, opening: Token) -> bool:
        if self._cursor.at(TokenKind.CLOSE):
            self._cursor.advance()
            return True
        self._cursor.error(opening.span, "unclosed (; add )")
        return False

    def _missing_value(self) -> None:
        cursor = self._cursor
        before, here = cursor.before(), cursor.here()
        if before is not None and _is_sign(before):
            cursor.error(before.span, f"missing value after {before.text}")
        elif _is_sign(here) or before is None:
            cursor.error(here.span, f"missing value before {here.text}")
        else:
            cursor.error(before.span, f"missing value after {before.text}")


_STRAY_COMMA = "unexpected comma; commas only separate the arguments of a function"


def _complete(parts: list[Expression | None]) -> tuple[Expression, ...] | None:
    good = tuple(part for part in parts if part is not None)
    return good if len(good) == len(parts) else None


def _begins_value(token: Token) -> bool:
    return token.kind in _VALUES or (token.kind is TokenKind.KEYWORD and token.text in _LITERALS)


def _is_sign(token: Token) -> bool:
    return token.kind is TokenKind.OPERATOR or (token.kind is TokenKind.KEYWORD and token.text == "in")


def _compares(token: Token) -> bool:
    return _is_sign(token) and (token.text in _COMPARISONS or token.text == "in")


def _about_unknown_function(name: str) -> str:
    known = ", ".join(sorted(FUNCTIONS))
    return f"unknown function {name}{suggestion(name, FUNCTIONS)} (known are {known})"


def _about_bare_word(word: str, function: Function | None) -> str:
    if function is not None:
        return f"{word} is a function; call it: {function.signature}"
    lower = word.lower()
    literal = lower if lower in _LITERALS else _FOREIGN_WORDS.get(lower)
    if literal is not None:
        return f"unknown word {word}; did you mean {literal}?"
    return f'unknown word {word}; write "{word}" for text or $.{word} for a state field'
