"""What a path finds where it stands: a value of which something is known, or certainly nothing.

The rules are those of engine/scheduler/state/inputs.py and engine/nodes/prompts.py, which look when it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from engine.experience.files.port import NO_FILES, Files
from engine.experience.graph.node_context import Around
from engine.experience.json_schema.inference import ANYTHING, Nowhere, inside, known_by, known_of_field
from engine.experience.json_schema.messages import closest, did_you_mean, listed
from engine.experience.nested.declarations import Declarations
from engine.experience.problems import Severity
from engine.expressions import Path, Root, Step, parse_reference
from engine.expressions.kinds import Known
from engine.expressions.values import ValueKind
from engine.syntax import Span

_NUMBER = Known(frozenset({ValueKind.NUMBER}))
_TEXT = Known(frozenset({ValueKind.TEXT}))


class World(Struct, frozen=True):
    """What every part of an experience may name: the state's fields and the run args, each with its schema.

    `args`, always of an object, is None where none are declared. `files` answers for all that lies on disk, `nested`
    for what nested experiences declare, by `impl`.
    """

    fields: Mapping[str, Mapping[str, Any]]
    args: Mapping[str, Any] | None
    files: Files = NO_FILES
    nested: Mapping[str, Declarations] = field(default_factory=dict)


class Scope(Struct, frozen=True):
    """What one place may name: `item` is the schema of `$item`, None where there is none.

    `senders` is None where the edges are not all known.
    """

    senders: frozenset[str] | None
    item: Mapping[str, Any] | None = None
    in_pipeline: bool = False
    in_loop: bool = False


class Found(Struct, frozen=True):
    """A value, and what is known of it."""

    known: Known = field(default_factory=Known)
    schema: Mapping[str, Any] = field(default_factory=lambda: ANYTHING)


class Lost(Struct, frozen=True):
    """Nothing: which part of the path is wrong, why, and what was probably meant."""

    span: Span
    reason: str
    suggestion: str | None = None
    severity: Severity = Severity.WARNING


def scope_of(around: Around, *, edges_known: bool, item: Mapping[str, Any] | None = None) -> Scope:
    """The scope of what runs there; `item` is known where it runs for items."""
    senders = around.senders if edges_known else None
    return Scope(senders, item, in_pipeline=bool(around.item_of), in_loop=around.in_loop)


def scope_of_condition(around: Around, *, edges_known: bool) -> Scope:
    """The scope of a `when`, which is asked before anything of its target runs."""
    return Scope(around.senders if edges_known else None)


def look(path: Path, scope: Scope, world: World) -> Found | Lost:
    """What the path finds. A field that nobody declares is another problem, and counts as found here."""
    if path.root is Root.STATE:
        return _in_state(path, world)
    if path.root is Root.ARGS:
        return _in_args(path, world)
    if path.root is Root.EDGES:
        return _in_edges(path, scope)
    if path.root is Root.ITEM:
        return _no_item(path) if scope.item is None else _inside(scope.item, path.steps)
    return _in_place(path, scope)


def items_of(source: str, scope: Scope, world: World) -> Mapping[str, Any]:
    """The schema of the items that a reference to a list gives."""
    path = parse_reference(source)
    found = look(path, scope, world) if path is not None else None
    items = found.schema.get("items") if isinstance(found, Found) else None
    return items if isinstance(items, dict) else ANYTHING


def stray(word: str, names: Iterable[str]) -> tuple[str | None, str]:
    """What was probably meant instead of a word, and how a message ends that says so, or lists what there is."""
    known = frozenset(names)
    suggestion = closest(word, known)
    return suggestion, did_you_mean(suggestion) or _there_is(known)


def _names_in(declared: Mapping[str, Any]) -> frozenset[str]:
    """The names that are declared; those of the same declaration as before are not gathered again."""
    known, names = _last_names[0]
    if known is not declared:
        names = frozenset(map(str, declared))
        _last_names[0] = (declared, names)
    return names


_last_names: list[tuple[Mapping[str, Any], frozenset[str]]] = [({}, frozenset())]


@lru_cache(maxsize=8)
def _there_is(names: frozenset[str]) -> str:
    return f"; there is {listed(sorted(names))}" if names else ""


def _in_state(path: Path, world: World) -> Found | Lost:
    rules = world.fields.get(str(path.steps[0].value)) if path.steps else None
    if rules is None:
        return Found()
    if len(path.steps) == 1:
        return Found(known_of_field(rules), rules)
    return _inside(ANYTHING if rules.get("type") == "null" else rules, path.steps[1:])


def _in_place(path: Path, scope: Scope) -> Found | Lost:
    """`$index`, `$pipeline`, `$iter` and `$loop`: what an execution runs inside."""
    if path.root is Root.INDEX:
        return _scalar(path, _NUMBER) if scope.item is not None else _no_item(path)
    if path.root is Root.PIPELINE:
        reason = "only the stages of a pipeline know `$pipeline`"
        return _scalar(path, _TEXT) if scope.in_pipeline else Lost(path.span, reason)
    if path.root in (Root.ITER, Root.LOOP):
        known = _NUMBER if path.root is Root.ITER else _TEXT
        return _scalar(path, known) if scope.in_loop else Lost(path.span, f"only a loop knows `{path.root.value}`")
    return Found()


def _inside(schema: Mapping[str, Any], steps: tuple[Step, ...]) -> Found | Lost:
    inner = inside(schema, steps)
    if not isinstance(inner, Nowhere):
        return Found(known_by(inner), inner)
    suggestion, end = stray(str(inner.step.value), inner.names)
    return Lost(inner.step.span, inner.reason + (end if inner.names else ""), suggestion)


def _in_args(path: Path, world: World) -> Found | Lost:
    if world.args is None:
        return Found()
    schema = world.args
    named = schema.get("properties")
    names = named if isinstance(named, dict) else {}
    if path.steps and str(path.steps[0].value) not in names:
        step = path.steps[0]
        suggestion, end = stray(str(step.value), _names_in(names))
        reason = f"the experience declares no arg `{step.value}`{end}"
        closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
        return Lost(step.span, reason, suggestion, Severity.WARNING if closed else Severity.INFORMATION)
    return _inside(schema, path.steps)


def _in_edges(path: Path, scope: Scope) -> Found | Lost:
    if not path.steps or scope.senders is None or str(path.steps[0].value) in scope.senders:
        return Found()
    step = path.steps[0]
    suggestion, end = stray(str(step.value), scope.senders)
    return Lost(step.span, f"no edge leads here from `{step.value}`{end}", suggestion)


def _no_item(path: Path) -> Lost:
    return Lost(path.span, f"only a node with `for_each` and the stages of a pipeline know `{path.root.value}`")


def _scalar(path: Path, known: Known) -> Found | Lost:
    if not path.steps:
        return Found(known)
    return Lost(path.steps[0].span, f"there is nothing inside `{path.root.value}`")
