"""Paths such as `$.report.items[0]`: their grammar, and how to follow one.

The values of fields, arguments and items come from the caller, as a `Lookup`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from engine.expressions.located import Located
from engine.expressions.values import MISSING, Json, Missing
from engine.syntax.spans import Span


class Root(Enum):
    """The start of a path; the value is its text (docs/format.md, References)."""

    STATE = "$."
    ITEM = "$item"
    INDEX = "$index"
    ARGS = "$args"
    EDGES = "$edges"
    ITER = "$iter"
    LOOP = "$loop"
    PIPELINE = "$pipeline"
    BARE = ""

    @property
    def meaning(self) -> str:
        """One sentence for completion and hover: what a path with this root refers to."""
        return _MEANINGS[self]


_MEANINGS = {
    Root.STATE: "A field of the state: `$.field`, `$.field.key`, `$.list[0]`, `$.list.length`.",
    Root.ITEM: "The item of this execution of a fan-out or pipeline.",
    Root.INDEX: "The position of the item in its list, counted from 0.",
    Root.ARGS: "An argument of the run, from `--args`: `$args.name`.",
    Root.EDGES: "The edge output of a predecessor, by its node id: `$edges.node_id`.",
    Root.ITER: "The iteration of the loop, counted from 0.",
    Root.LOOP: "The id of the loop that runs this node.",
    Root.PIPELINE: "The id of the pipeline that runs this node.",
    Root.BARE: "In a prompt: an argument of the node, the edge output of a predecessor, or a declared read.",
}


class Step(Located, frozen=True, eq=False):
    """One step of a path: a key, or an index in a list. Comparisons ignore its span."""

    value: str | int
    span: Span


class Path(Located, frozen=True, eq=False):
    """A root and the steps from it: for STATE the first step is the field, for BARE the name.

    Paths to the same value are equal: comparisons ignore spans.
    """

    root: Root
    steps: tuple[Step, ...]
    span: Span

    def __str__(self) -> str:
        """The canonical text, which parses to an equal path: `$.list[0]` for `$.list.0`."""
        parts = [f"[{step.value}]" if isinstance(step.value, int) else f".{step.value}" for step in self.steps]
        tail = "".join(parts)
        return self.root.value + (tail[1:] if self.root in _FIRST_STEP_IS_A_NAME else tail)


Lookup: TypeAlias = Callable[[Path], Json | Missing]
"""Returns the value at a path, or MISSING. Its exceptions pass through every function of this package."""


class Scan(Struct, frozen=True):
    """The path at one place of a text, and the end of the text that was meant as a path.

    With a `problem`, `path` is the longest valid beginning (None when the root is invalid), and `problem_span` covers
    the first mistake.
    """

    path: Path | None
    end: int
    problem: str | None = None
    problem_span: Span | None = None


def descend(value: Json, steps: Iterable[Step]) -> Json | Missing:
    """Follow `steps` from `value` as JavaScript does; return the value there, or MISSING.

    Keys lead into objects, indexes into lists (`.0` and `[0]` are the same), and a list has a `length`.
    Strings, numbers, booleans and null have no members; an index out of range is missing.
    """
    here = value
    for step in steps:
        found = _inside(here, step.value)
        if found is MISSING:
            return MISSING
        here = found
    return here


def scan_path(text: str, start: int) -> Scan:
    """Read the path at `start`, which must be a `$`; other text may follow it. Never raises."""
    if text.startswith(Root.STATE.value, start):
        return _scan_state_path(text, start)
    name = _NAME.match(text, start + 1)
    end = name.end() if name else start + 1
    root = _NAMED_ROOTS.get(text[start:end])
    if root is None:
        return Scan(None, _end_of_rest(text, end), _unknown_root(text[start:end]), Span(start, end))
    return _scan_steps(text, start, end, root, ())


def scan_bare_path(text: str, start: int) -> Scan | None:
    """Read the path at `start` that begins with a name instead of a `$`; None where there is no name."""
    name = _NAME.match(text, start)
    if name is None:
        return None
    return _scan_steps(text, start, name.end(), Root.BARE, (Step(name.group(), Span(*name.span())),))


def suggestion(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word, such as `; did you mean length?`, or an empty text."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LATER_NAME = re.compile(r"[A-Za-z0-9_]+")
_INDEX = re.compile(r"\[(0|[1-9][0-9]{0,14})\]")
_INDEX_AS_NAME = re.compile(r"0|[1-9][0-9]{0,14}")
_REST = re.compile(r"(?:[A-Za-z0-9_.]|\[[^\]\s()]*\]?)*")
_BAD_INDEX = re.compile(r"\[[^\]\s()]*\]?")
_FIRST_STEP_IS_A_NAME = (Root.STATE, Root.BARE)
_NAMED_ROOTS = {root.value: root for root in Root if root not in _FIRST_STEP_IS_A_NAME}


def _scan_state_path(text: str, start: int) -> Scan:
    first = start + len(Root.STATE.value)
    field_name = _NAME.match(text, first)
    if field_name is not None:
        steps = (Step(field_name.group(), Span(*field_name.span())),)
        return _scan_steps(text, start, field_name.end(), Root.STATE, steps)
    word = _LATER_NAME.match(text, first)
    end = word.end() if word else first
    return Scan(
        None, _end_of_rest(text, end), "missing name of a state field after $.; write $.field", Span(start, end)
    )


def _scan_steps(text: str, start: int, at: int, root: Root, steps: tuple[Step, ...]) -> Scan:
    found = list(steps)
    problem: str | None = None
    end = at
    while problem is None and text[end : end + 1] in (".", "["):
        step, step_end = _step_at(text, end)
        if step is not None:
            found.append(step)
            at = step_end
        else:
            problem = _STEP_PROBLEMS[text[end]]
        end = step_end
    path = Path(root, tuple(found), Span(start, at))
    if problem is None:
        return Scan(path, end)
    return Scan(path, _end_of_rest(text, end), problem, Span(at, end))


def _end_of_rest(text: str, at: int) -> int:
    """The end of the text that belongs to a mistake in a path, so that one mistake is reported once."""
    rest = _REST.match(text, at)
    return rest.end() if rest else at


def _step_at(text: str, at: int) -> tuple[Step | None, int]:
    """The step at a `.` or `[`, None where it is malformed, and its end."""
    if text[at] == ".":
        name = _LATER_NAME.match(text, at + 1)
        if name is None:
            return None, at + 1
        is_index = _INDEX_AS_NAME.fullmatch(name.group())
        value = int(name.group()) if is_index else name.group()
        return Step(value, Span(*name.span())), name.end()
    index = _INDEX.match(text, at)
    if index is not None:
        return Step(int(index.group(1)), Span(*index.span(1))), index.end()
    malformed = _BAD_INDEX.match(text, at)
    return None, malformed.end() if malformed else at + 1


_STEP_PROBLEMS = {
    ".": "missing name after the dot; write $.field.name",
    "[": "invalid index; write an integer in brackets: $.list[0]",
}


def _unknown_root(word: str) -> str:
    if word == "$":
        return "missing name after $; write $.field for the state, $args.name for an argument of the run"
    roots = ", ".join(_NAMED_ROOTS)
    return f"unknown path {word}{suggestion(word, _NAMED_ROOTS)} (a path starts with $. or one of {roots})"


def _inside(value: Json, step: str | int) -> Json | Missing:
    if isinstance(value, dict):
        return value.get(str(step), MISSING)
    if not isinstance(value, list):
        return MISSING
    if step == "length":
        return len(value)
    return value[step] if isinstance(step, int) and 0 <= step < len(value) else MISSING
