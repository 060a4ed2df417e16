"""The conditions for reusing an outcome, apart from equal inputs. Data only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from engine.experience.model import Node, OnAmbiguous
from engine.scheduler.effects import has_external_effects
from engine.scheduler.state.inputs import Inside

Reasons = Callable[[Mapping[str, str]], tuple[str, ...]]


class ReusePolicy(Struct, frozen=True):
    """The reuse policy of one execution.

    `cache` allows to restore it. `index` is that of its item; `equals` counts the items of the list that have the same
    value. `on_ambiguous` and `has_effects` matter where an earlier run started it and did not log its end.
    `stale_files` gives reasons for those of an outcome's produced files (path to hash) that have changed since;
    `reloaded` does the same for the modules that it loaded although its input hash does not cover them. `keyed` is the
    id of the key that made its item's key, where that comes from a secret.
    """

    cache: bool = True
    index: int | None = None
    equals: int | None = None
    on_ambiguous: OnAmbiguous = OnAmbiguous.RERUN
    has_effects: bool = False
    stale_files: Reasons | None = None
    reloaded: Reasons | None = None
    keyed: str | None = None


def reuse_policy(
    node: Node,
    inside: Inside,
    *,
    cache: bool,
    may_rerun: bool,
    stale_files: Reasons | None,
    reloaded: Reasons,
) -> ReusePolicy:
    """The reuse policy of an execution of `node`. `may_rerun`: somebody was asked and said that it may run again."""
    on_ambiguous = OnAmbiguous.RERUN if may_rerun else node.on_ambiguous
    item = inside.item
    index, equals = (item.index, item.equals) if item else (None, None)
    return ReusePolicy(
        cache, index, equals, on_ambiguous, has_external_effects(node), stale_files, reloaded, inside.keyed
    )
