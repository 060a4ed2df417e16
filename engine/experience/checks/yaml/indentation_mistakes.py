"""Items that merge into the mapping before them, because a dash, a key or an indentation is missing.

Several keys are then twice in one mapping, and nearly every other problem there is misleading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.experience.json_schema.messages import listed
from engine.experience.problems import Code, Problem
from engine.syntax import NodeKind, Span, View

_MOST_PLACES = 5

Merged = Mapping[Span, tuple[Problem, ...]]
"""By the span of a mapping with several duplicate keys, the problems that report those."""


def merged_items(root: View, syntax: Iterable[Problem]) -> Merged:
    """The mappings with more than one duplicate key."""
    repeats = [problem for problem in syntax if problem.code is Code.DUPLICATE_KEY]
    found: dict[Span, list[Problem]] = {}
    for problem in repeats if len(repeats) > 1 else ():
        mapping = _mapping_at(root, problem.span.start)
        if mapping is not None:
            found.setdefault(mapping, []).append(problem)
    return {mapping: tuple(problems) for mapping, problems in found.items() if len(problems) > 1}


def as_one_mistake(found: Merged, root: View, syntax: Iterable[Problem]) -> Iterator[Problem]:
    """The YAML problems, with one for each such mapping: the first syntax error in it, else its duplicate keys."""
    reported: set[Span | None] = set()
    for problem in syntax:
        mapping = _mapping_at(root, problem.span.start)
        if mapping not in found or problem.code not in (Code.DUPLICATE_KEY, Code.INVALID_YAML):
            yield problem
        elif problem.code is Code.INVALID_YAML and mapping not in reported:
            reported.add(mapping)
            yield problem
    yield from (_repeated(problems, root) for mapping, problems in found.items() if mapping not in reported)


def without_misread(problems: Iterable[Problem], found: Merged, root: View) -> Iterator[Problem]:
    """The problems but for those in the entries of such a mapping, and of names that may be hidden in it."""
    unsure = {code for code, key in _DEFINED_IN.items() if root.span in found or _holds_any(root.get(key), found)}
    for problem in problems:
        is_of_entry = problem.span not in found and _mapping_at(root, problem.span.start) in found
        if not is_of_entry and problem.code not in unsure:
            yield problem


_DEFINED_IN = {Code.UNKNOWN_NODE: "graph", Code.UNDECLARED_FIELD: "state"}


def _holds_any(view: View | None, spans: Iterable[Span]) -> bool:
    return view is not None and any(view.span.contains(span.start) for span in spans)


def _repeated(repeats: tuple[Problem, ...], root: View) -> Problem:
    first, *_ = repeats
    keys = listed(dict.fromkeys(str(root.path_to(problem.span.start)[-1].value) for problem in repeats))
    message = f"{keys} are already in this mapping; add the missing dash, key or indentation above"
    related = tuple(place for problem in repeats for place in problem.related)[:_MOST_PLACES]
    return Problem(first.code, first.severity, message, first.span, related)


def _mapping_at(root: View, offset: int) -> Span | None:
    """The span of the innermost mapping around an offset."""
    return next((view.span for view in reversed(root.path_to(offset)) if view.kind is NodeKind.MAPPING), None)
