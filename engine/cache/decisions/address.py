"""Addresses of nodes, items and iterations: `parent/child[2]`, `refine#3`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from engine.cache.decisions.execution_path import ExecutionPath, path_of
from engine.cache.decisions.recorded_lists import RecordedLists
from engine.log.events.events import Scope, ScopeKind

_STEP = re.compile(r"(?P<id>[^/\[\]#]+)(?:#(?P<iteration>\d{1,9}))?(?:\[(?P<index>\d{1,9})\])?")


class AddressError(LookupError):
    """An address leads nowhere. The message is for the user."""


class Step(Struct, frozen=True):
    """One step of an address: the `id` of a node, pipeline or loop in one experience.

    `first` and `last` restrict it to iterations of a loop, both included, without an end if `last` is None; `index`
    restricts it to an item, as the list of the original run has it.
    """

    id: str
    first: int | None = None
    last: int | None = None
    index: int | None = None


Address = tuple[Step, ...]
"""A step for each experience on the way to what is addressed, the outermost first. It stands for all inside."""


def parse_address(text: str) -> Address:
    """The address that `text` is. Raises AddressError."""
    found = [_STEP.fullmatch(part) for part in text.split("/")]
    if any(match is None for match in found):
        raise AddressError(
            f"'{text}' is no address. Write the id of a node, pipeline or loop, "
            "an item as NODE[7], an iteration as LOOP#3, a node of a nested experience as PARENT/CHILD"
        )
    return tuple(_step(match) for match in found if match is not None)


def _step(match: re.Match[str]) -> Step:
    iteration, index = (None if match[name] is None else int(match[name]) for name in ("iteration", "index"))
    return Step(match["id"], iteration, iteration, index)


class Level(Struct, frozen=True):
    """The place of an execution in one of the experiences around it: the ids that it is known by, its iteration, and
    the key and index of its item in the list of `group`. What a group as a whole does not have is None.
    """

    ids: frozenset[str]
    iteration: int | None = None
    key: str | None = None
    index: int | None = None
    group: ExecutionPath = ((), "")


Levels = tuple[Level, ...]


def levels_of(node_id: str, scope: tuple[Scope, ...]) -> Levels:
    """The levels of the execution of `node_id` inside `scope`, the outermost experience first."""
    return tuple(_levels(path_of(node_id, scope), [step.item.index if step.item else None for step in scope]))


def levels_of_path(path: ExecutionPath) -> Levels:
    """As `levels_of`, for a recorded path, which has no indexes."""
    return tuple(_levels(path, [None] * len(path[0])))


def _levels(path: ExecutionPath, indexes: list[int | None]) -> Iterator[Level]:
    steps, node_id = path
    level = Level(frozenset())
    for at, (kind, id_, key, iteration) in enumerate(steps):
        level = replace(level, ids=level.ids | {id_})
        if kind == ScopeKind.EXPERIENCE.value:
            yield level
            level = Level(frozenset())
        elif key is not None:
            level = replace(level, key=key, index=indexes[at], group=(steps[:at], id_))
        elif iteration is not None:
            level = replace(level, iteration=iteration)
    yield replace(level, ids=level.ids | {node_id})


def covers(address: Address, levels: Levels, lists: RecordedLists) -> bool:
    """Whether an execution at `levels` is, or is inside, what the address stands for. `lists` has the items' keys."""
    return len(address) <= len(levels) and all(
        step.id in level.ids and _in_iterations(step, level) and _is_item(step, level, lists)
        for step, level in zip(address, levels, strict=False)
    )


def touches(address: Address, levels: Levels, lists: RecordedLists) -> bool:
    """Whether a group at `levels` has anything inside that the address covers, or is covered by it."""
    return all(
        step.id in level.ids
        and (level.iteration is None or _in_iterations(step, level))
        and (level.key is None or _is_item(step, level, lists))
        for step, level in zip(address, levels, strict=False)
    )


def _in_iterations(step: Step, level: Level) -> bool:
    if step.first is None:
        return True
    within = level.iteration is not None and level.iteration >= step.first
    return within and (step.last is None or (level.iteration or 0) <= step.last)


def _is_item(step: Step, level: Level, lists: RecordedLists) -> bool:
    """Whether the item is the one that had this index. One that was never begun left no key: then its index decides."""
    if step.index is None:
        return True
    key = lists.reached.get(level.group, {}).get(step.index)
    return level.key is not None and (level.key == key if key is not None else level.index == step.index)
