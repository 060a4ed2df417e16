"""Current values of input parts, to show how they changed. Reads files."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.cache.keys.input_parts import InputHashers
from engine.cache.plan.explanation import VALUE_SECTIONS
from engine.cache.plan.partial_decision import known_args
from engine.experience.model import Node
from engine.expressions import MISSING, Json, Missing, resolve
from engine.regular_files import read_regular
from engine.scheduler.state.inputs import Context, lookup, written_given
from engine.scheduler.state.results import NotYetKnownError

_LONGEST_TEXT = 256 * 1024


class CurrentValues(Struct, frozen=True):
    """The values of the input parts of one execution of `node` in `context`."""

    node: Node
    context: Context
    hashers: InputHashers

    def value(self, part: str) -> Json | Missing:
        """The value of a part, or the text of its file; MISSING where it is not known."""
        section, _, name = part.partition(".")
        try:
            if section in ("spec", "runArgs"):
                return self._written(section, name)
            if section in VALUE_SECTIONS or part == "item":
                return self._received(section, name)
        except NotYetKnownError:
            return MISSING
        return self._text(part)

    def _written(self, section: str, name: str) -> Json | Missing:
        return (self.node.source if section == "spec" else self.context.visible_state.results.args).get(name, MISSING)

    def _received(self, section: str, name: str) -> Json | Missing:
        if section == "item":
            return self.context.inside.item.value if self.context.inside.item is not None else MISSING
        if section == "reads":
            return self.context.visible_state.see(name)
        if section == "edges":
            return self.context.edges.get(name, MISSING)
        if section == "args":
            return known_args(self.node, lookup(self.context), {}).get(name, MISSING)
        return self._given().get(name, MISSING)

    def _given(self) -> Mapping[str, Json]:
        resolved = resolve(dict(written_given(self.node)), lookup(self.context)).value
        return resolved if isinstance(resolved, dict) else {}

    def _text(self, part: str) -> Json | Missing:
        try:
            given = self._given()
        except NotYetKnownError:
            given = {}
        path = self.hashers.of(self.context.visible_state.results).node(self.node, given, {}).files.get(part)
        try:
            if path is None:
                return MISSING
            return read_regular(path, _LONGEST_TEXT).replace(b"\r\n", b"\n").decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return MISSING
