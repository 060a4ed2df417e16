"""References and conditions where they stand: paths to nothing, comparisons that never hold, lists that are none.

OE503 to OE506. A field that nobody declares is OE401's.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.experience.checks.path_lookup import Found, Lost, Scope, World, look
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate, span_inside, texts
from engine.expressions import Expression, Json, Path, parse_reference, paths_of
from engine.expressions.kinds import Known, oddities, words
from engine.expressions.values import ValueKind
from engine.syntax import View


def check_condition(view: View, key: str, tree: Expression, scope: Scope, world: World) -> Iterator[Problem]:
    """A `when` or an `until`."""
    scalar = locate(view, (key,)).value
    if scalar is None:
        return
    lost = False
    for path in paths_of(tree):
        found = look(path, scope, world)
        if isinstance(found, Lost):
            lost = True
            yield lost_problem(scalar, path, found)
    if lost:
        return

    def known_of(path: Path) -> Known:
        found = look(path, scope, world)
        return found.known if isinstance(found, Found) else Known()

    for odd in oddities(tree, known_of):
        code = Code.NEVER_TRUE if odd.never else Code.WRONG_OPERAND
        yield Problem(code, Severity.WARNING, odd.message, span_inside(scalar, odd.span))


def check_references(view: View, value: Json, steps: Steps, scope: Scope, world: World) -> Iterator[Problem]:
    """The references under a key, at any depth."""
    for inner, text in texts(value, steps):
        path = parse_reference(text)
        found = look(path, scope, world) if path is not None else None
        scalar = locate(view, inner).value if isinstance(found, Lost) else None
        if path is not None and scalar is not None and isinstance(found, Lost):
            yield lost_problem(scalar, path, found)


def check_list(view: View, text: str, steps: Steps, scope: Scope, world: World) -> Iterator[Problem]:
    """A reference that must give a list. One that is no reference at all is OE502's."""
    path, scalar = parse_reference(text), locate(view, steps).value
    if path is None or scalar is None:
        return
    found = look(path, scope, world)
    if isinstance(found, Lost):
        yield lost_problem(scalar, path, found)
    elif ValueKind.LIST not in found.known.kinds:
        message = f"`{path}` is {words(found.known.kinds)}, not a list, so there is nothing to do one by one"
        yield Problem(Code.NOT_A_LIST, Severity.WARNING, message, scalar.span)


def lost_problem(scalar: View, path: Path, lost: Lost) -> Problem:
    """OE505 for a path in a scalar."""
    data = {"suggestion": lost.suggestion} if lost.suggestion else {}
    message = f"`{path}` finds nothing: {lost.reason}"
    return Problem(Code.UNKNOWN_PATH, lost.severity, message, span_inside(scalar, lost.span), data=data)
