"""What an execution's author and place say about reusing an outcome, beside its inputs. Data only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from engine.experience.model import Node, OnAmbiguous
from engine.scheduler.effects import has_external_effects
from engine.scheduler.state.inputs import Inside

Reasons = Callable[[Mapping[str, str]], tuple[str, ...]]


class Terms(Struct, frozen=True):
    """The terms of one execution.

    `cache`: whether it may be restored. `index` is its item's, `equals` how many items of the list have that item's
    value. `on_ambiguous` and `has_effects`: what to do where it was started before and its end is not known. `spoiled`
    says which of the files that an outcome made (by their paths, with their hashes) are no longer what they were;
    `reloaded` the same of the modules that it loaded although its input hash does not name them. `keyed` is the id of
    the key that the place of its item was made with, where that comes from a secret.
    """

    cache: bool = True
    index: int | None = None
    equals: int | None = None
    on_ambiguous: OnAmbiguous = OnAmbiguous.RERUN
    has_effects: bool = False
    spoiled: Reasons | None = None
    reloaded: Reasons | None = None
    keyed: str | None = None


def terms_of(
    node: Node,
    inside: Inside,
    *,
    cache: bool,
    may_rerun: bool,
    spoiled: Reasons | None,
    reloaded: Reasons,
) -> Terms:
    """The terms of an execution of `node`; `may_rerun`: someone was asked already, and said that it may run again."""
    on_ambiguous = OnAmbiguous.RERUN if may_rerun else node.on_ambiguous
    item = inside.item
    index, equals = (item.index, item.equals) if item else (None, None)
    return Terms(cache, index, equals, on_ambiguous, has_external_effects(node), spoiled, reloaded, inside.keyed)
