"""Turns an error of PyYAML into one problem, from its position and the text around it.

PyYAML's messages are ignored: they differ between its two parsers, and say what a parser expected, not what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct
from yaml import MarkedYAMLError, YAMLError

from engine.syntax.problems import SyntaxCode, SyntaxProblem
from engine.syntax.spans import Span

_GOOD_ESCAPE = re.compile(
    r"\\(?:[0abt\tnvfre \"/\\N_LP\r\n]|x[0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"
    r"|U(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4})"
)
_ESCAPE = re.compile(r"\\.?", re.S)
_WORD = re.compile(r"\S*")
_PLACEHOLDER = re.compile(r"(?:^|[:\-,\[])[ ]+(\{\{.*)")
_TAG = re.compile(r"(?<=[:\-,\[])[ \t]+(![^ \t\"'\r\n]*)")
_LINE_END = re.compile(r"[\r\n]|\Z")
_TABS = re.compile(r"\t*")
_SECOND_COLON = re.compile(r":[ \t]+\S")
_CLOSERS = {"[": "]", "{": "}", '"': '"', "'": "'"}


class Failure(Struct, frozen=True):
    """Why a block is not YAML.

    `at_end`: something is open at its end, which more text might close if it contains `closer`.
    """

    code: SyntaxCode
    message: str
    span: Span
    at_end: bool = False
    closer: str = ""

    def as_problem(self) -> SyntaxProblem:
        """Return the failure as a problem of the block."""
        return SyntaxProblem(self.code, self.message, self.span)


class _Context(Struct, frozen=True):
    """The text, the offset where PyYAML stopped (`at`), and the start of what it was reading (`since`)."""

    block: str
    at: int
    since: int

    @property
    def character(self) -> str:
        return self.block[self.at : self.at + 1]

    @property
    def opener(self) -> str:
        return self.block[self.since : self.since + 1]

    @property
    def line_start(self) -> int:
        line_feed = self.block.rfind("\n", 0, self.at)
        return max(line_feed, self.block.rfind("\r", line_feed + 1, self.at)) + 1

    def to_line_end(self, start: int) -> Span:
        """From `start` to the last non-blank character of its line."""
        found = _LINE_END.search(self.block, start)
        line = self.block[start : found.start() if found else len(self.block)]
        return Span(start, start + max(len(line.rstrip()), 1))

    def word(self) -> Span:
        found = _WORD.match(self.block, self.at)
        return Span(self.at, max(found.end() if found else 0, self.at + 1))


def diagnose(block: str, error: YAMLError, innermost: int | None) -> Failure:
    """Return the failure behind PyYAML's `error` in `block`; `innermost` is the offset of the last open bracket."""
    at = since = 0
    if isinstance(error, MarkedYAMLError):
        at = min(error.problem_mark.index, len(block)) if error.problem_mark else 0
        since = min(error.context_mark.index, len(block)) if error.context_mark else at
    if at == len(block) and innermost is not None and block[since : since + 1] not in _CLOSERS:
        since = innermost
    context = _Context(block, at, since)
    return next(failure for rule in _RULES if (failure := rule(context)) is not None)


def _escape(context: _Context) -> Failure | None:
    if context.opener != '"':
        return None
    for escape in _ESCAPE.finditer(context.block, context.since, min(context.at + 2, len(context.block))):
        found = escape.start()
        if not _GOOD_ESCAPE.match(context.block, found):
            end = min(found + 2, len(context.block))
            message = "Unknown escape; write \\\\ for a backslash, or use single quotes"
            return Failure(SyntaxCode.INVALID_YAML, message, Span(found, end))
    return None


def _open_at_end(context: _Context) -> Failure | None:
    if context.character in ("[", "{") and not context.block[context.at + 1 :].strip():
        return _unclosed(_Context(context.block, context.at, context.at), at_end=True)
    if context.at < len(context.block):
        return None
    if context.opener not in _CLOSERS:
        message = "Unexpected end; complete the value"
        return Failure(SyntaxCode.INVALID_YAML, message, context.to_line_end(context.since), at_end=True)
    return _unclosed(context, at_end=True)


def _directive(context: _Context) -> Failure | None:
    if not context.block.startswith("%", context.line_start):
        return None
    message = "A line that starts with % is a YAML directive; remove it, or indent it if it is text"
    return Failure(SyntaxCode.INVALID_YAML, message, context.to_line_end(context.line_start))


def _tab(context: _Context) -> Failure | None:
    before = context.block[context.line_start : context.at + 1]
    tab = before.find("\t")
    if tab < 0 or before[:-1].strip(" \t"):
        return None
    start = context.line_start + tab
    tabs = _TABS.match(context.block, start)
    message = "Tabs are not allowed here; indent with spaces"
    return Failure(SyntaxCode.TAB_INDENT, message, Span(start, tabs.end() if tabs else start))


def _placeholder(context: _Context) -> Failure | None:
    span = context.to_line_end(context.line_start)
    value = _PLACEHOLDER.search(context.block[span.start : span.end])
    if value is None:
        return None
    message = "Unquoted {{ … }} is read as a mapping; put quotes around the whole value"
    return Failure(SyntaxCode.UNQUOTED_PLACEHOLDER, message, Span(*value.span(1)).shift(span.start))


def _reserved(context: _Context) -> Failure | None:
    tag = _TAG.search(context.block, context.line_start, context.at + 1)
    if tag is not None:
        message = "! begins a YAML tag; put quotes around the whole text"
        return Failure(SyntaxCode.INVALID_YAML, message, context.to_line_end(tag.start(1)))
    start = context.since if context.opener in "*&!" else context.at
    first = context.block[start : start + 1]
    if first not in tuple("@`%*&!"):
        return None
    message = f"{first} is reserved at the start of a YAML value; put quotes around the text"
    return Failure(SyntaxCode.INVALID_YAML, message, context.to_line_end(start))


def _flow(context: _Context) -> Failure | None:
    if context.opener not in ("[", "{") or context.since >= context.at:
        return None
    if context.since < context.line_start:
        return _unclosed(context, at_end=False)
    message = f"Expected `,` or `{_CLOSERS[context.opener]}`"
    return Failure(SyntaxCode.INVALID_YAML, message, context.word())


def _colon(context: _Context) -> Failure | None:
    if context.character != ":":
        return None
    if _SECOND_COLON.search(context.block[context.line_start : context.at]):
        message = "`: ` is not allowed in an unquoted value; put quotes around the value"
        return Failure(SyntaxCode.INVALID_YAML, message, Span(context.at, context.at + 1))
    return _indentation(context)


def _indentation(context: _Context) -> Failure:
    before = context.block[context.line_start : context.at]
    if before.strip() and context.character != ":":
        message = "Unexpected text; put quotes around it if it belongs to a value"
        return Failure(SyntaxCode.INVALID_YAML, message, context.word())
    start = context.line_start + len(before) - len(before.lstrip())
    message = "Unexpected line; check its indentation, and that each key has a colon"
    return Failure(SyntaxCode.INVALID_YAML, message, context.to_line_end(start))


def _unclosed(context: _Context, *, at_end: bool) -> Failure:
    message = f"Unclosed `{context.opener}`; add `{_CLOSERS[context.opener]}`"
    span = context.to_line_end(context.since)
    return Failure(SyntaxCode.UNCLOSED, message, span, at_end, _CLOSERS[context.opener])


# In this order: the first rule that applies decides; the last one always applies.
_RULES: tuple[Callable[[_Context], Failure | None], ...] = (
    _escape,
    _open_at_end,
    _directive,
    _tab,
    _placeholder,
    _reserved,
    _flow,
    _colon,
    _indentation,
)
