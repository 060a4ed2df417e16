"""Locates a cursor inside `{…}` or `[…]`, closed or not: the path from the first bracket, and the word."""

from __future__ import annotations

import re

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.source.locate import Steps

_TOKEN = re.compile(
    r"""(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<colon>:(?=[\s,{}\[\]"']|\Z))|(?P<space>\s+)
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?P<quote>["'])|(?P<comment>(?<=\s)\#[^\n]*)
    |(?P<word>(?:[^,{}\[\]:\s]|:(?![\s,{}\[\]"']|\Z))+)|(?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_INNER = re.compile(r"""\{[^{}]*\}|\[[^\[\]]*\]|"[^"]*"|'[^']*'""")
_KEY_AFTER = re.compile(r",\s*([A-Za-z_]\w*)\s*:")


class FlowPlace(Struct, frozen=True):
    """`steps` lead to the collection for a key, to the value for a value. The word begins at `start`.

    `quote` is the open quote before the word, or empty. `keys` are the other keys of the collection, after the cursor
    only those on its line.
    """

    steps: Steps
    is_key: bool
    start: int
    quote: str
    keys: frozenset[str]


def flow_place(text: str, start: int, cursor: int) -> FlowPlace | None:
    """Return the place of `cursor` in the flow collection at `start`; None after its end and in a comment."""
    brackets = _OpenBrackets()
    at = start
    while at < cursor:
        token = _TOKEN.match(text, at)
        if token is None or (token.lastgroup == "comment" and token.end() >= cursor):
            return None
        if token.lastgroup == "quote" or (token.lastgroup == "quoted" and token.end() > cursor):
            return brackets.place(at + 1, token.group()[0])
        brackets.take(str(token.lastgroup), token.group(), at)
        if not brackets.frames:
            return None
        at = token.end()
    found = brackets.place(cursor if brackets.word_at is None else brackets.word_at, "")
    return found and replace(found, keys=found.keys | _keys_after(text, cursor))


def _keys_after(text: str, cursor: int) -> frozenset[str]:
    """Return the keys of the collection in the rest of the cursor's line."""
    end = text.find("\n", cursor)
    rest = _INNER.sub("", text[cursor : end if end >= 0 else len(text)])
    return frozenset(match.group(1) for match in _KEY_AFTER.finditer(rest.partition("}")[0]))


class _Frame(Struct):
    is_map: bool
    key: str | None = None
    position: int = 0
    keys: set[str] = field(default_factory=set)


class _OpenBrackets:
    """The open brackets, and the word since the last separator."""

    def __init__(self) -> None:
        self.frames: list[_Frame] = []
        self.word_at: int | None = None
        self._word: list[str] = []

    def take(self, kind: str, text: str, at: int) -> None:
        match kind:
            case "open":
                self.frames.append(_Frame(text == "{"))
                self._reset_word()
            case "close":
                self.frames.pop()
                self.word_at = at  # no word begins after a bracket
            case "comma":
                self.frames[-1].key = None
                self.frames[-1].position += 1
                self._reset_word()
            case "colon" if self.frames[-1].is_map and self.frames[-1].key is None:
                self.frames[-1].key = "".join(self._word).strip().strip("\"'")
                self.frames[-1].keys.add(self.frames[-1].key)
                self._reset_word()
            case "space" | "comment":
                self._word.append(" ")
            case _:
                self.word_at = at if self.word_at is None else self.word_at
                self._word.append(text)

    def place(self, start: int, quote: str) -> FlowPlace | None:
        if not self.frames:
            return None
        *outer, last = self.frames
        steps = tuple((frame.key or "") if frame.is_map else frame.position for frame in outer)
        if last.is_map and last.key is None:
            return FlowPlace(steps, True, start, quote, frozenset(last.keys))
        return FlowPlace((*steps, last.key or last.position), False, start, quote, frozenset(last.keys))

    def _reset_word(self) -> None:
        self.word_at, self._word = None, []
