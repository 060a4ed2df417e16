"""What is wrong inside the experiences that nodes nest, said at those nodes (OE307, OE606).

The file that is at fault shows it at its own places when it is open; here it is one problem for a node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.experience.nested.nested_files import MAX_DEPTH, Naming, NestedFile
from engine.experience.problems import Code, OtherFile, Problem, Related, Severity

_MOST_PLACES = 5


def nested_errors(named: tuple[Naming, ...], own: str, nested: Mapping[str, NestedFile]) -> Iterator[Problem]:
    """One problem at most for each node of the experience at `own` that nests another."""
    hops = {own: named, **{path: file.nests for path, file in nested.items()}}
    too_long = _with_long_chains(hops)
    for naming in named:
        if naming.path in too_long[MAX_DEPTH]:
            yield _endless_or_deep(own, naming, hops, too_long, nested)
        elif broken := _broken(naming.path, nested):
            yield _broken_inside(naming, broken, nested)


def _with_long_chains(hops: Mapping[str, tuple[Naming, ...]]) -> list[frozenset[str]]:
    """By number, the experiences from which a chain of as many hops leads further in."""
    chains = [frozenset(hops) | {naming.path for namings in hops.values() for naming in namings}]
    for _ in range(MAX_DEPTH):
        longer = (path for path, namings in hops.items() if any(each.path in chains[-1] for each in namings))
        chains.append(frozenset(longer))
    return chains


def _endless_or_deep(
    own: str,
    first: Naming,
    hops: Mapping[str, tuple[Naming, ...]],
    chains: list[frozenset[str]],
    nested: Mapping[str, NestedFile],
) -> Problem:
    way, related = [own, first.path], list[Related]()
    for left in reversed(range(MAX_DEPTH)):
        if way[-1] in way[:-1]:
            break
        here = way[-1]
        hop = next(naming for naming in hops[here] if naming.path in chains[left])
        related.append(Related(hop.span, f"`{here}` nests `{hop.path}`", _file(here, nested)))
        way.append(hop.path)
    if way[-1] in way[:-1]:
        message = f"this nests an experience in itself: {' → '.join(way)}; remove one of them, a loop repeats a node"
    else:
        message = f"this goes more than {MAX_DEPTH} experiences deep: {' → '.join(way)}; bring some of them together"
    return Problem(Code.ENDLESS_NESTING, Severity.ERROR, message, first.span, tuple(related))


def _broken(path: str, nested: Mapping[str, NestedFile]) -> list[str]:
    """The files with errors among the one at the path and those within it, outer ones first."""
    ways, broken = [path], []
    for here in ways:
        if (file := nested.get(here)) is not None:
            ways += [naming.path for naming in file.nests if naming.path not in ways]
            broken += [here] if file.analysis.errors else []
    return broken


def _broken_inside(naming: Naming, broken: list[str], nested: Mapping[str, NestedFile]) -> Problem:
    at = broken[0]
    analysis = nested[at].analysis
    errors = analysis.errors
    line = analysis.lines.position(errors[0].span.start).line + 1
    which = f"`{at}`" if at == naming.path else f"`{at}`, which is nested in `{naming.path}`,"
    first = "an error, on" if len(errors) == 1 else f"{len(errors)} errors, the first on"
    message = f"{which} has {first} line {line}: {errors[0].message.rstrip('.')}; until that is mended, this node fails"
    places = [
        Related(error.span, f"{error.code.value} {error.message}", _file(path, nested))
        for path in broken
        for error in nested[path].analysis.errors
    ]
    return Problem(Code.BROKEN_NESTED, Severity.WARNING, message, naming.span, tuple(places[:_MOST_PLACES]))


def _file(path: str, nested: Mapping[str, NestedFile]) -> OtherFile | None:
    return OtherFile(path, nested[path].analysis.text) if path in nested else None
