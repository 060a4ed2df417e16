"""References and conditions: paths that are never set, comparisons that never hold, sources that are not lists.

OE503 to OE506. Undeclared fields are OE401, malformed references OE502.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import Unset, resolve
from engine.experience.model import Edge, Loop, Node, Pipeline
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate, span_inside, texts
from engine.expressions import Expression, Path, ValueKind, parse_reference, paths_of
from engine.expressions.kinds import Known, oddities, words
from engine.syntax import View


def check_fan_out_source(node: ItemContext[Node]) -> Iterator[Problem]:
    """OE505 and OE506 for the `for_each.source` of a node."""
    if node.model.for_each is not None:
        yield from _check_list(node, node.model.for_each.source, ("for_each", "source"))


def check_pipeline_items(pipeline: ItemContext[Pipeline]) -> Iterator[Problem]:
    """OE505 and OE506 for the `items` of a pipeline."""
    return _check_list(pipeline, pipeline.model.items, ("items",))


def check_node_references(node: ItemContext[Node]) -> Iterator[Problem]:
    """OE505 for the references in the `args`, `inputs` and `source` of a node, at any depth."""
    for key in ("args", "inputs", "source"):
        if key in node.model.source:
            yield from _check_references(node, key)


def check_when(edge: ItemContext[Edge]) -> Iterator[Problem]:
    """OE503 to OE505 for the `when` of an edge."""
    if edge.model.when is not None:
        yield from _check_condition(edge, "when", edge.model.when)


def check_until(loop: ItemContext[Loop]) -> Iterator[Problem]:
    """OE503 to OE505 for the `until` of a loop."""
    if loop.model.until is not None:
        yield from _check_condition(loop, "until", loop.model.until)


def _check_condition(item: ItemContext[Edge] | ItemContext[Loop], key: str, condition: Expression) -> Iterator[Problem]:
    """Paths that are never set hide everything else in their condition."""
    scalar = locate(item.view, (key,)).value
    if scalar is None:
        return
    known: dict[Path, Known] = {}
    any_unset = False
    for path in paths_of(condition):
        found = resolve(path, item.scope, item.env)
        if isinstance(found, Unset):
            any_unset = True
            yield _unset_problem(scalar, path, found)
        else:
            known[path] = found.known
    if any_unset:
        return
    for odd in oddities(condition, lambda path: known.get(path) or Known()):
        code = Code.NEVER_TRUE if odd.never else Code.WRONG_OPERAND
        yield Problem(code, Severity.WARNING, odd.message, span_inside(scalar, odd.span))


def _check_references(node: ItemContext[Node], key: str) -> Iterator[Problem]:
    for steps, text in texts(node.model.source[key], (key,)):
        path = parse_reference(text)
        found = resolve(path, node.inner, node.env) if path is not None else None
        scalar = locate(node.view, steps).value if isinstance(found, Unset) else None
        if path is not None and scalar is not None and isinstance(found, Unset):
            yield _unset_problem(scalar, path, found)


def _check_list(item: ItemContext[Node] | ItemContext[Pipeline], text: str, steps: Steps) -> Iterator[Problem]:
    path, scalar = parse_reference(text), locate(item.view, steps).value
    if path is None or scalar is None:
        return
    found = resolve(path, item.scope, item.env)
    if isinstance(found, Unset):
        yield _unset_problem(scalar, path, found)
    elif ValueKind.LIST not in found.known.kinds:
        message = f"expected a list, but `{path}` is {words(found.known.kinds)}"
        yield Problem(Code.NOT_A_LIST, Severity.WARNING, message, scalar.span)


def _unset_problem(scalar: View, path: Path, unset: Unset) -> Problem:
    data = {"suggestion": unset.suggestion} if unset.suggestion else {}
    message = f"`{path}` is never set: {unset.reason}"
    return Problem(Code.UNKNOWN_PATH, unset.severity, message, span_inside(scalar, unset.span), data=data)
