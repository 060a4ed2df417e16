"""Errors inside nested experiences, and nesting without end, reported at the node that nests them (OE307, OE606).

The faulty file shows its own problems where they are when it is open; here they are one problem for a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.experience.nested.nested_files import MAX_DEPTH, NestedFile, NestedReference
from engine.experience.problems import Code, OtherFile, Problem, Related, Severity

_Errors = Mapping[str, tuple[Problem, ...]]
_MOST_PLACES = 5


def check_nested(
    references: tuple[NestedReference, ...], own: str, nested: Mapping[str, NestedFile], errors: _Errors
) -> Iterator[Problem]:
    """One problem at most for each node of the experience at `own` that nests another.

    `nested` are the files of nested experiences, `errors` their errors, both by path from the folder of `own`.
    """
    hops = {own: references, **{path: file.references for path, file in nested.items()}}
    chains = _with_long_chains(hops)
    for reference in references:
        if reference.path in chains[MAX_DEPTH]:
            yield _endless_or_deep(own, reference, hops, chains, nested)
        elif faulty := _with_errors(reference.path, nested, errors):
            yield _broken_inside(reference, faulty, nested, errors)


def _with_long_chains(hops: Mapping[str, tuple[NestedReference, ...]]) -> list[frozenset[str]]:
    """At position n, the experiences from which a chain of n references leads further in."""
    chains = [frozenset(hops) | {each.path for references in hops.values() for each in references}]
    for _ in range(MAX_DEPTH):
        longer = (path for path, references in hops.items() if any(each.path in chains[-1] for each in references))
        chains.append(frozenset(longer))
    return chains


def _endless_or_deep(
    own: str,
    first: NestedReference,
    hops: Mapping[str, tuple[NestedReference, ...]],
    chains: list[frozenset[str]],
    nested: Mapping[str, NestedFile],
) -> Problem:
    path, related = [own, first.path], list[Related]()
    for left in reversed(range(MAX_DEPTH)):
        if path[-1] in path[:-1]:
            break
        here = path[-1]
        hop = next(reference for reference in hops[here] if reference.path in chains[left])
        related.append(Related(hop.span, f"`{here}` nests `{hop.path}`", _file(here, nested)))
        path.append(hop.path)
    shown = " → ".join(path)
    if path[-1] in path[:-1]:
        message = f"the nested experiences form a cycle: {shown}; remove one of them, or use a loop to repeat a node"
    else:
        message = f"experiences are nested more than {MAX_DEPTH} levels deep: {shown}; merge some of them"
    return Problem(Code.ENDLESS_NESTING, Severity.ERROR, message, first.span, tuple(related))


def _with_errors(path: str, nested: Mapping[str, NestedFile], errors: _Errors) -> list[str]:
    """The files with errors among the one at the path and those nested in it, outer ones first."""
    reached, faulty = [path], []
    for here in reached:
        if (file := nested.get(here)) is not None:
            reached += [each.path for each in file.references if each.path not in reached]
            faulty += [here] if errors[here] else []
    return faulty


def _broken_inside(
    reference: NestedReference, faulty: list[str], nested: Mapping[str, NestedFile], errors: _Errors
) -> Problem:
    at = faulty[0]
    first, *others = errors[at]
    line = nested[at].parsed.tree.lines.position(first.span.start).line + 1
    which = f"`{at}`" if at == reference.path else f"`{at}`, which is nested in `{reference.path}`,"
    count = f"{len(others) + 1} errors, the first" if others else "an error"
    message = f"{which} has {count} on line {line}: {first.message.rstrip('.')}; this node fails until that is fixed"
    places = [
        Related(error.span, f"{error.code.value} {error.message}", _file(path, nested))
        for path in faulty
        for error in errors[path]
    ]
    return Problem(Code.BROKEN_NESTED, Severity.WARNING, message, reference.span, tuple(places[:_MOST_PLACES]))


def _file(path: str, nested: Mapping[str, NestedFile]) -> OtherFile | None:
    return OtherFile(path, nested[path].parsed.text) if path in nested else None
