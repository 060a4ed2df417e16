"""The starting state of a fresh run: defaults, and fields carried over from earlier runs (docs/format.md, State)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from engine.experience.model import Experience
from engine.expressions import Json
from engine.log.storage.run_store import RunStore
from engine.scheduler.state.writes import type_error
from engine.state.rebuild import catch_up


class UnfitStateError(ValueError):
    """A value to carry over no longer fits its field. The message is for the user."""


class Start(Struct, frozen=True):
    """The starting values of a run, and the fields that it carries over, with their defaults (null for none)."""

    state: Mapping[str, Json]
    carried: Mapping[str, Json] = field(default_factory=dict)


def fresh_start(experience: Experience, store: RunStore, *, keep_state: bool) -> Start:
    """The start of a fresh run. It carries over the fields with `persist`, or all with `keep_state`.

    Raises UnfitStateError, and StateError if the values cannot be read.
    """
    carried = {each.name: each.schema.get("default") for each in experience.fields if each.persist or keep_state}
    state = experience.starting_state()
    if not carried:
        return Start(state)
    kept = catch_up(store).values()
    for each in experience.fields:
        if each.name in carried and each.name in kept:
            value = kept[each.name].value
            wrong = type_error(each, value)
            if wrong is not None:
                raise UnfitStateError(
                    f"the state holds for '{each.name}' {wrong}; give the field its old type back, "
                    f"or forget the value: oe state reset --field {each.name} --yes"
                )
            state[each.name] = value
    return Start(state, carried)
