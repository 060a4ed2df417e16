"""What went wrong where PyYAML gave up: from the place it names, and the text around it, to one problem.

Its words are not looked at: they differ between its two scanners, and say what a parser expected, not what to do.
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

    `at_end`: something is still open at its end, and more text might close it, if it has the `closer` in it.
    """

    code: SyntaxCode
    message: str
    span: Span
    at_end: bool = False
    closer: str = ""

    def as_problem(self) -> SyntaxProblem:
        """Return the failure as a problem of the block."""
        return SyntaxProblem(self.code, self.message, self.span)


class _Scene(Struct, frozen=True):
    """The text, where PyYAML stopped in it (`at`), and where what it was reading began (`since`)."""

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
        """From `start` to the last character of its line that is no blank."""
        found = _LINE_END.search(self.block, start)
        line = self.block[start : found.start() if found else len(self.block)]
        return Span(start, start + max(len(line.rstrip()), 1))

    def word(self) -> Span:
        found = _WORD.match(self.block, self.at)
        return Span(self.at, max(found.end() if found else 0, self.at + 1))


def diagnose(block: str, error: YAMLError, innermost: int | None) -> Failure:
    """Return the failure in `block` that PyYAML's `error` stands for; `innermost` is where the last bracket opens."""
    at = since = 0
    if isinstance(error, MarkedYAMLError):
        at = min(error.problem_mark.index, len(block)) if error.problem_mark else 0
        since = min(error.context_mark.index, len(block)) if error.context_mark else at
    if at == len(block) and innermost is not None and block[since : since + 1] not in _CLOSERS:
        since = innermost
    scene = _Scene(block, at, since)
    return next(failure for rule in _RULES if (failure := rule(scene)) is not None)


def _escape(scene: _Scene) -> Failure | None:
    if scene.opener != '"':
        return None
    for escape in _ESCAPE.finditer(scene.block, scene.since, min(scene.at + 2, len(scene.block))):
        found = escape.start()
        if not _GOOD_ESCAPE.match(scene.block, found):
            end = min(found + 2, len(scene.block))
            message = "There is no such escape; write \\\\ for a backslash, or use single quotes."
            return Failure(SyntaxCode.INVALID_YAML, message, Span(found, end))
    return None


def _open_at_end(scene: _Scene) -> Failure | None:
    if scene.character in ("[", "{") and not scene.block[scene.at + 1 :].strip():
        return _unclosed(_Scene(scene.block, scene.at, scene.at), at_end=True)
    if scene.at < len(scene.block):
        return None
    if scene.opener not in _CLOSERS:
        message = "The text ends in the middle of a value; complete it."
        return Failure(SyntaxCode.INVALID_YAML, message, scene.to_line_end(scene.since), at_end=True)
    return _unclosed(scene, at_end=True)


def _directive(scene: _Scene) -> Failure | None:
    if not scene.block.startswith("%", scene.line_start):
        return None
    message = "A line that starts with % is a directive, and an experience needs none; remove or indent it."
    return Failure(SyntaxCode.INVALID_YAML, message, scene.to_line_end(scene.line_start))


def _tab(scene: _Scene) -> Failure | None:
    before = scene.block[scene.line_start : scene.at + 1]
    tab = before.find("\t")
    if tab < 0 or before[:-1].strip(" \t"):
        return None
    start = scene.line_start + tab
    tabs = _TABS.match(scene.block, start)
    message = "YAML does not allow tabs here; indent with spaces."
    return Failure(SyntaxCode.TAB_INDENT, message, Span(start, tabs.end() if tabs else start))


def _placeholder(scene: _Scene) -> Failure | None:
    span = scene.to_line_end(scene.line_start)
    value = _PLACEHOLDER.search(scene.block[span.start : span.end])
    if value is None:
        return None
    message = "Without quotes, {{ … }} is read as a mapping; put quotes around the whole value."
    return Failure(SyntaxCode.UNQUOTED_PLACEHOLDER, message, Span(*value.span(1)).shift(span.start))


def _reserved(scene: _Scene) -> Failure | None:
    tag = _TAG.search(scene.block, scene.line_start, scene.at + 1)
    if tag is not None:
        message = "In YAML, ! begins a tag, not the text; put quotes around all of the text."
        return Failure(SyntaxCode.INVALID_YAML, message, scene.to_line_end(tag.start(1)))
    start = scene.since if scene.opener in "*&!" else scene.at
    first = scene.block[start : start + 1]
    if first not in tuple("@`%*&!"):
        return None
    message = f"Text that starts with {first} has a meaning of its own in YAML; put quotes around it."
    return Failure(SyntaxCode.INVALID_YAML, message, scene.to_line_end(start))


def _flow(scene: _Scene) -> Failure | None:
    if scene.opener not in ("[", "{") or scene.since >= scene.at:
        return None
    if scene.since < scene.line_start:
        return _unclosed(scene, at_end=False)
    message = f"Here should be a comma or {_CLOSERS[scene.opener]}."
    return Failure(SyntaxCode.INVALID_YAML, message, scene.word())


def _colon(scene: _Scene) -> Failure | None:
    if scene.character != ":":
        return None
    if _SECOND_COLON.search(scene.block[scene.line_start : scene.at]):
        message = "A value cannot have `: ` in it without quotes; put quotes around the value."
        return Failure(SyntaxCode.INVALID_YAML, message, Span(scene.at, scene.at + 1))
    return _indentation(scene)


def _indentation(scene: _Scene) -> Failure:
    before = scene.block[scene.line_start : scene.at]
    if before.strip() and scene.character != ":":
        message = "This cannot stand here; put quotes around the text if it belongs to a value."
        return Failure(SyntaxCode.INVALID_YAML, message, scene.word())
    start = scene.line_start + len(before) - len(before.lstrip())
    message = "This line does not fit what is above it; check its indentation, and that each key has its colon."
    return Failure(SyntaxCode.INVALID_YAML, message, scene.to_line_end(start))


def _unclosed(scene: _Scene, *, at_end: bool) -> Failure:
    message = f"This {scene.opener} is never closed; add the {_CLOSERS[scene.opener]} that belongs to it."
    span = scene.to_line_end(scene.since)
    return Failure(SyntaxCode.UNCLOSED, message, span, at_end, _CLOSERS[scene.opener])


# In this order: the first that knows what it sees decides; the last one always does.
_RULES: tuple[Callable[[_Scene], Failure | None], ...] = (
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
