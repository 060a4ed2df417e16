"""Text that YAML drops from a value (OE109): after ` #` it is a comment, after `&` an anchor.

Comments and anchors are legitimate, so only those that read like a part of the text are reported.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from engine.experience.checks.contexts import DocumentContext
from engine.experience.problems import Code, Problem, Severity
from engine.expressions import parse_expression
from engine.syntax import NodeKind, Span, Style, Tree, View
from engine.syntax.green_tree import Entry, Mapping, Scalar

_COMMENT = re.compile(r"(?<![ \t])[ \t]+(#[^\r\n]*)")
_ALIAS = re.compile(r"\*([^\s,\[\]{}]+)")
_ANCHOR = re.compile(r"(?:^|[\s\[{,:])(&[^\s,\[\]{}]+)[ \t]+[^\s#]")
_CONDITIONS = frozenset({"when", "until"})
_PROSE = frozenset({"prompt", "system", "description", "title"})
_ASKED = frozenset({"prompt", "system"})
_FREE = frozenset({"args", "inputs", "default", "source", "extra_args", "cache_key"})
_SENTENCE_ENDS = tuple(".!?:;,\"')")
_FILE = re.compile(r"\S+\.(?:md|txt)")
_MOST = 50


def check_cut_off_text(document: DocumentContext) -> Iterator[Problem]:
    """OE109: values that end where a comment begins, or begin after an anchor, that was meant to be text."""
    tree, text = document.tree, document.text
    if " #" in text or "\t#" in text:
        yield from _cut(tree, text)
    if "&" in text:
        yield from _anchors(tree, text)


def _cut(tree: Tree, text: str) -> Iterator[Problem]:
    found = 0
    for comment in _COMMENT.finditer(text):
        line = text.rfind("\n", 0, comment.start()) + 1
        if not text[line : comment.start()].strip() or found == _MOST:
            continue
        path = tree.node_at(comment.start())
        problem = _cut_at(path, comment, text)
        if problem is not None:
            found += 1
            yield problem


def _cut_at(path: tuple[View, ...], comment: re.Match[str], text: str) -> Problem | None:
    """The problem of the innermost node of `path`, if the comment cuts it off."""
    if not path:
        return None
    value = path[-1]
    hidden = comment[1]
    keys = _keys(path, comment.start())
    is_text = value.kind is NodeKind.SCALAR and isinstance(value.value, str)
    if is_text and value.style is Style.PLAIN and value.span.end == comment.start():
        if not _reads_like_text(value.value, hidden, keys, blanks=comment.end() - len(hidden) - comment.start()):
            return None
        message = "everything after ` #` is a comment; put quotes around the whole text to keep it"
        return Problem(Code.CUT_OFF_TEXT, Severity.WARNING, message, Span(comment.start(1), comment.end(1)))
    before = text[: comment.start()].rpartition("\n")[2].rstrip()
    if before.endswith((":", "-")) and _has_no_value(value, comment) and _is_word(hidden) and _FREE & keys:
        message = "this is a comment, so the value is empty; put quotes around it if it is the value"
        return Problem(Code.CUT_OFF_TEXT, Severity.WARNING, message, Span(comment.start(1), comment.end(1)))
    return None


def _has_no_value(value: View, comment: re.Match[str]) -> bool:
    """Checks that the key or dash before the comment has no value, on this line or below."""
    entry = _entry_before(value, comment.start())
    if entry is not None:
        return entry.value is None or entry.value.kind is NodeKind.NULL
    return value.kind is NodeKind.NULL


def _reads_like_text(value: str, hidden: str, keys: frozenset[str], blanks: int) -> bool:
    """Checks that a comment reads like the rest of the text before it."""
    if hidden.startswith(("# oe:", "#oe:")) or _FILE.fullmatch(value):
        return False
    if keys & _CONDITIONS:
        return bool(parse_expression(value).errors)
    is_prose = bool(keys & _PROSE)
    if _is_word(hidden):
        return is_prose or bool(keys & _FREE and (" " in value or hidden[1].isdigit()))
    goes_on = " " in value and not value.endswith(_SENTENCE_ENDS)
    return bool(keys & _ASKED) and goes_on and blanks == 1


def _is_word(hidden: str) -> bool:
    """Checks that a word follows # directly: `#12`, `#general`."""
    return hidden[1:2].isalnum()


def _anchors(tree: Tree, text: str) -> Iterator[Problem]:
    """Unused anchors before a text: `&important news` is the text `news`."""
    repeated = set(_ALIAS.findall(text))
    for anchor in _ANCHOR.finditer(text):
        at = anchor.start(1)
        path = tree.node_at(at)
        value = path[-1] if path else None
        if value is None or value.start != at or value.kind is not NodeKind.SCALAR or value.style is not Style.PLAIN:
            continue
        if anchor[1][1:] not in repeated:
            message = (
                f"`{anchor[1]}` is an unused anchor, not part of the text; put quotes around the whole text to keep it"
            )
            yield Problem(Code.CUT_OFF_TEXT, Severity.WARNING, message, Span(at, anchor.end(1)))


def _keys(path: tuple[View, ...], offset: int) -> frozenset[str]:
    """The keys that an offset is under, at all levels."""
    entries = (_entry_before(owner, offset) for owner in path)
    return frozenset(str(entry.key.data) for entry in entries if entry is not None and isinstance(entry.key, Scalar))


def _entry_before(owner: View, offset: int) -> Entry | None:
    """The last entry of a mapping that begins before an offset; looked up, since a mapping may hold thousands."""
    if not isinstance(owner.green, Mapping):
        return None
    position = bisect_right(owner.green.entries, offset - owner.start, key=lambda entry: entry.key_at) - 1
    return owner.green.entries[position] if position >= 0 else None
