"""What the providers of offers get to see: the place, its rule in the schema, and what is around it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from engine.experience.files.port import Files
from engine.experience.model import Experience
from engine.experience.source.locate import Steps
from engine.syntax import NodeKind, View
from oe_lsp.ide.completion.place.place import Place, beside_dashes, place_at
from oe_lsp.ide.document.cursor import descend, item_around, path_is
from oe_lsp.ide.document.experience_index import Facts
from oe_lsp.ide.document.schema_lookup import rule_at, types_of
from oe_lsp.ide.document.snapshot import Snapshot

MOST_NAMES = 200
"""How many names of a kind are offered at once: with more, the editor asks again as more is typed."""


class Request(Struct, frozen=True):
    """`rule` is that of the value at the place's path, None where the schema says nothing. `files` is the disk."""

    snapshot: Snapshot
    place: Place
    rule: Mapping[str, Any] | None
    files: Files
    facts: Facts

    @property
    def experience(self) -> Experience:
        """The experience, as far as it can be read."""
        return self.facts.experience

    @property
    def node(self) -> View | None:
        """The node that the place is in; None outside of nodes."""
        root = self.snapshot.analysis.tree.root
        inside = root is not None and path_is(self.place.steps, "graph.nodes.*.**")
        return item_around(root, self.place.steps) if root is not None and inside else None

    @property
    def present(self) -> frozenset[str]:
        """The keys that the mapping at the place has already; the one that is being typed is none."""
        root = self.snapshot.analysis.tree.root
        view = descend(root, self.place.steps) if root else None
        if view is None or not isinstance(view.value, dict):
            return self.place.keys
        written = frozenset(key for key in view.value if isinstance(key, str))
        touched = view.path_to(self.place.span.start)[1:2]
        typed = {key.value for key in touched if key.kind is NodeKind.SCALAR and view.key(key.value) == key}
        return (written - typed) | self.place.keys

    def likely(self, names: Collection[str]) -> Iterable[str]:
        """The names; where they are many, those that an editor would not drop for what is typed."""
        if len(names) <= MOST_NAMES:
            return names
        typed = _SEPARATORS.split(self.place.before)[-1].casefold()
        return islice((name for name in names if not typed or _is_inside(typed, name.casefold())), MOST_NAMES)

    def is_at(self, *patterns: str) -> bool:
        """Whether the path of the place is one of these; see `path_is`."""
        return any(path_is(self.place.steps, pattern) for pattern in patterns)


_SEPARATORS = re.compile(r"[^A-Za-z0-9_-]")


def _is_inside(typed: str, name: str) -> bool:
    """Whether the letters typed are in the name, in their order."""
    letters = iter(name)
    return all(letter in letters for letter in typed)


def requests_at(snapshot: Snapshot, offset: int, files: Files) -> Iterator[Request]:
    """The requests at an offset: none where nothing can be offered, two where both a key and a dash may follow."""
    lines = snapshot.analysis.lines
    place = place_at(snapshot.text, lines, offset)
    if place is None:
        return
    yield _request(snapshot, place, files)
    beside = beside_dashes(snapshot.text, lines, place)
    item = _request(snapshot, beside, files) if beside else None
    if item is not None and item.rule is not None and types_of(item.rule) == {"array"}:
        yield item


def _request(snapshot: Snapshot, place: Place, files: Files) -> Request:
    root = snapshot.analysis.tree.root

    def value_at(steps: Steps) -> Any:
        found = descend(root, steps) if root else None
        return found.value if found else None

    return Request(snapshot, place, rule_at(place.steps, value_at), files, Facts(snapshot.analysis))
