"""Input of the providers: the place of the cursor, its schema rule, and the experience around it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from engine.experience.files.port import Files
from engine.experience.model import Experience
from engine.syntax import NodeKind, View
from oe_lsp.ide.completion.place.place import Place, next_list_item, place_at
from oe_lsp.ide.document.cursor import enclosing_item, path_is
from oe_lsp.ide.document.experience_index import ExperienceIndex
from oe_lsp.ide.document.schema_lookup import rule_at, types_of
from oe_lsp.ide.document.snapshot import Snapshot

MAX_NAMES = 200
"""Maximum of names of one kind in an answer; beyond it, the editor asks again with every letter."""


class Context(Struct, frozen=True):
    """`rule` is the schema rule of the value at the place's path, None if there is none."""

    snapshot: Snapshot
    place: Place
    rule: Mapping[str, Any] | None
    files: Files
    index: ExperienceIndex

    @property
    def experience(self) -> Experience:
        """The experience, without its unreadable parts."""
        return self.index.experience

    @property
    def node(self) -> View | None:
        """The node around the place; None outside of nodes."""
        root = self.snapshot.analysis.tree.root
        inside = root is not None and path_is(self.place.steps, "graph.nodes.*.**")
        return enclosing_item(root, self.place.steps) if root is not None and inside else None

    @property
    def present(self) -> frozenset[str]:
        """The keys that the mapping at the place already has, without the one being typed."""
        root = self.snapshot.analysis.tree.root
        view = root.find(self.place.steps) if root else None
        if view is None or not isinstance(view.value, dict):
            return self.place.keys
        written = frozenset(key for key in view.value if isinstance(key, str))
        touched = view.path_to(self.place.span.start)[1:2]
        typed = {key.value for key in touched if key.kind is NodeKind.SCALAR and view.key(key.value) == key}
        return (written - typed) | self.place.keys

    def matching(self, names: Collection[str]) -> Iterable[str]:
        """Return the names; of more than MAX_NAMES, those that match what is typed."""
        if len(names) <= MAX_NAMES:
            return names
        typed = _SEPARATORS.split(self.place.before)[-1].casefold()
        return islice((name for name in names if not typed or _is_subsequence(typed, name.casefold())), MAX_NAMES)

    def is_at(self, *patterns: str) -> bool:
        """Return whether the path of the place matches one of the patterns of `path_is`."""
        return any(path_is(self.place.steps, pattern) for pattern in patterns)


_SEPARATORS = re.compile(r"[^A-Za-z0-9_-]")


def _is_subsequence(typed: str, name: str) -> bool:
    """Return whether the typed letters occur in the name in order."""
    letters = iter(name)
    return all(letter in letters for letter in typed)


def contexts_at(snapshot: Snapshot, offset: int, files: Files) -> Iterator[Context]:
    """Yield the contexts at an offset: none where nothing can be offered, two where a key or a dash may follow."""
    lines = snapshot.analysis.lines
    place = place_at(snapshot.text, lines, offset)
    if place is None:
        return
    yield _context(snapshot, place, files)
    beside = next_list_item(snapshot.text, lines, place)
    item = _context(snapshot, beside, files) if beside else None
    if item is not None and item.rule is not None and types_of(item.rule) == {"array"}:
        yield item


def _context(snapshot: Snapshot, place: Place, files: Files) -> Context:
    rule = rule_at(place.steps, snapshot.analysis.tree.root)
    return Context(snapshot, place, rule, files, ExperienceIndex(snapshot.analysis))
