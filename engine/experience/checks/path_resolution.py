"""Resolves a path without running anything: to what is known of its value, or to the reason why it is never set.

The rules are those of engine/scheduler/state/inputs.py and engine/nodes/prompts.py, which resolve paths in a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from engine.experience.files.port import NO_FILES, Files
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


class Environment(Struct, frozen=True):
    """What any item may refer to: the schemas of the state fields and of the run args, files, and nested experiences.

    `args` is the schema of an object, None if no args are declared. `nested` is by `impl`.
    """

    fields: Mapping[str, Mapping[str, Any]]
    args: Mapping[str, Any] | None
    files: Files = NO_FILES
    nested: Mapping[str, Declarations] = field(default_factory=dict)


class Scope(Struct, frozen=True):
    """What one place may refer to beside that: `item` is the schema of `$item`, None if there is no item.

    `senders` are the ids whose edge outputs arrive, None if not all edges are known.
    """

    senders: frozenset[str] | None
    item: Mapping[str, Any] | None = None
    in_pipeline: bool = False
    in_loop: bool = False


class Found(Struct, frozen=True):
    """The kinds and the schema of the value, as far as they are known."""

    known: Known = field(default_factory=Known)
    schema: Mapping[str, Any] = field(default_factory=lambda: ANYTHING)


class Unset(Struct, frozen=True):
    """A path that never has a value: its faulty part, the reason, and what was probably meant."""

    span: Span
    reason: str
    suggestion: str | None = None
    severity: Severity = Severity.WARNING


def resolve(path: Path, scope: Scope, env: Environment) -> Found | Unset:
    """Resolve a path. An undeclared field counts as found, since OE401 reports it."""
    if path.root is Root.STATE:
        return _in_state(path, env)
    if path.root is Root.ARGS:
        return _in_args(path, env)
    if path.root is Root.EDGES:
        return _in_edges(path, scope)
    if path.root is Root.ITEM:
        return _no_item(path) if scope.item is None else _inside(scope.item, path.steps)
    return _in_place(path, scope)


def items_of(source: str, scope: Scope, env: Environment) -> Mapping[str, Any]:
    """The schema of the items of the list that a reference names."""
    path = parse_reference(source)
    found = resolve(path, scope, env) if path is not None else None
    items = found.schema.get("items") if isinstance(found, Found) else None
    return items if isinstance(items, dict) else ANYTHING


def suggest(word: str, names: Iterable[str]) -> tuple[str | None, str]:
    """The name that was probably meant, and the end of a message: `; did you mean …?`, or a list of the names."""
    known = frozenset(names)
    suggestion = closest(word, known)
    return suggestion, did_you_mean(suggestion) or _available(known)


def _names_in(declared: Mapping[str, Any]) -> frozenset[str]:
    """The declared names; those of the last declaration are remembered."""
    known, names = _last_names[0]
    if known is not declared:
        names = frozenset(map(str, declared))
        _last_names[0] = (declared, names)
    return names


_last_names: list[tuple[Mapping[str, Any], frozenset[str]]] = [({}, frozenset())]


@lru_cache(maxsize=8)
def _available(names: frozenset[str]) -> str:
    return f"; available: {listed(sorted(names))}" if names else ""


def _in_state(path: Path, env: Environment) -> Found | Unset:
    rules = env.fields.get(str(path.steps[0].value)) if path.steps else None
    if rules is None:
        return Found()
    if len(path.steps) == 1:
        return Found(known_of_field(rules), rules)
    return _inside(ANYTHING if rules.get("type") == "null" else rules, path.steps[1:])


def _in_place(path: Path, scope: Scope) -> Found | Unset:
    """Resolve `$index`, `$pipeline`, `$iter` and `$loop`, which depend on what an execution runs in."""
    if path.root is Root.INDEX:
        return _scalar(path, _NUMBER) if scope.item is not None else _no_item(path)
    if path.root is Root.PIPELINE:
        reason = "it is only available in pipeline stages"
        return _scalar(path, _TEXT) if scope.in_pipeline else Unset(path.span, reason)
    if path.root in (Root.ITER, Root.LOOP):
        known = _NUMBER if path.root is Root.ITER else _TEXT
        reason = "it is only available in loops"
        return _scalar(path, known) if scope.in_loop else Unset(path.span, reason)
    return Found()


def _inside(schema: Mapping[str, Any], steps: tuple[Step, ...]) -> Found | Unset:
    inner = inside(schema, steps)
    if not isinstance(inner, Nowhere):
        return Found(known_by(inner), inner)
    suggestion, end = suggest(str(inner.step.value), inner.names)
    return Unset(inner.step.span, inner.reason + (end if inner.names else ""), suggestion)


def _in_args(path: Path, env: Environment) -> Found | Unset:
    if env.args is None:
        return Found()
    schema = env.args
    named = schema.get("properties")
    names = named if isinstance(named, dict) else {}
    if path.steps and str(path.steps[0].value) not in names:
        step = path.steps[0]
        suggestion, end = suggest(str(step.value), _names_in(names))
        reason = f"no arg `{step.value}` is declared{end}"
        closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
        return Unset(step.span, reason, suggestion, Severity.WARNING if closed else Severity.INFORMATION)
    return _inside(schema, path.steps)


def _in_edges(path: Path, scope: Scope) -> Found | Unset:
    if not path.steps or scope.senders is None or str(path.steps[0].value) in scope.senders:
        return Found()
    step = path.steps[0]
    suggestion, end = suggest(str(step.value), scope.senders)
    return Unset(step.span, f"no edge leads here from `{step.value}`{end}", suggestion)


def _no_item(path: Path) -> Unset:
    return Unset(path.span, "it is only available in fan-outs and pipeline stages")


def _scalar(path: Path, known: Known) -> Found | Unset:
    if not path.steps:
        return Found(known)
    return Unset(path.steps[0].span, f"`{path.root.value}` has no members")
