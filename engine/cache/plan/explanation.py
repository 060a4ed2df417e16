"""Explains why a node runs again: values of changed input parts, before and now. Reads files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from msgspec import UNSET, Struct

from engine.cache.decisions.execution_path import ExecutionPath, path_of
from engine.experience.analyse import analyse
from engine.expressions import MISSING, Json, Missing
from engine.log.events.events import NodeCached, NodeCompleted, NodeFailed, ScopeKind
from engine.log.reading.reader import Log
from engine.log.secrets.masking import Secrets
from engine.log.storage.blobs import BlobLostError, Blobs, blobs_of
from engine.log.values.input_values import InputValues, ValueLostError
from engine.log.values.large_values import fetched

CurrentValue = Callable[[str], "Json | Missing"]
"""Gives the current value of a part such as `args.city` or `prompt prompts/a.md`; MISSING where it is not known."""


class Change(Struct, frozen=True):
    """A changed input part: its value before and now, text for files; MISSING where it is not known."""

    part: str
    before: Json | Missing
    after: Json | Missing


class Explainer:
    """Finds the earlier values of parts in `logs`, the newest first. Masks `secrets`."""

    def __init__(self, logs: Iterable[Log], secrets: Secrets | None = None) -> None:
        self._secrets = secrets or Secrets()
        self._logged = [_LoggedParts(log) for log in logs]
        self._shared: dict[tuple[object, ...], Change] = {}

    def changes(
        self, path: ExecutionPath, node_id: str, parts: Iterable[str], today: CurrentValue
    ) -> tuple[Change, ...]:
        """The changes of `parts` of the execution at `path`; those of which neither value is known are left out."""
        logged = next((logged for logged in self._logged if path in logged.ends), None)
        if logged is None:
            return ()
        found = (self._change(logged, path, node_id, part, today) for part in parts)
        return tuple(change for change in found if change.before is not MISSING or change.after is not MISSING)

    def _change(
        self, logged: _LoggedParts, path: ExecutionPath, node_id: str, part: str, today: CurrentValue
    ) -> Change:
        """The change of one part. Items of a node share one object for what they have in common."""
        if is_received(part):
            return self._masked(Change(part, logged.before(path, node_id, part), today(part)))
        shared = node_id, path[0][:-1], part
        if shared not in self._shared:
            self._shared[shared] = self._masked(Change(part, logged.before(path, node_id, part), today(part)))
        return self._shared[shared]

    def _masked(self, change: Change) -> Change:
        return Change(change.part, self._shown(change.before), self._shown(change.after))

    def _shown(self, value: Json | Missing) -> Json | Missing:
        return value if value is MISSING or not self._secrets.are_in(value) else self._secrets.masked_value(value)


class _LoggedParts:
    """The values of input parts that one log holds."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._blobs: Blobs = blobs_of(log.path)
        self._texts: dict[str, Json | Missing] = {}

    @cached_property
    def ends(self) -> dict[ExecutionPath, NodeCached | NodeCompleted | NodeFailed]:
        """The latest outcome or failure at each path that has input parts."""
        return {
            path_of(event.node_id, event.scope): event
            for event in (record.event for record in self._log.records)
            if isinstance(event, (NodeCached, NodeCompleted, NodeFailed)) and event.input_parts is not None
        }

    def before(self, path: ExecutionPath, node_id: str, part: str) -> Json | Missing:
        """The value of the part; MISSING where the log does not have it."""
        end = self.ends[path]
        section, _, name = part.partition(".")
        if part not in (end.input_parts or {}):
            return MISSING
        is_nested = any(kind == ScopeKind.EXPERIENCE.value for kind, *_ in path[0])
        if section == "spec":
            return MISSING if is_nested else self._spec.get(node_id, {}).get(name, MISSING)
        if section == "runArgs":
            return MISSING if is_nested else self._run_arg(name)
        if is_received(part):
            return self._value(end, section, name)
        return self._text((end.input_parts or {})[part])

    def _value(self, end: NodeCached | NodeCompleted | NodeFailed, section: str, name: str) -> Json | Missing:
        received = self._inputs.behind(end)
        if received is None:
            return MISSING
        if section == "item":
            logged = MISSING if received.item is UNSET else received.item
        else:
            logged = getattr(received, VALUE_SECTIONS[section]).get(name, MISSING)
        try:
            return self._inputs.value(logged) if logged is not MISSING else MISSING
        except ValueLostError:
            return MISSING

    def _run_arg(self, name: str) -> Json | Missing:
        logged = self._log.started.args.get(name, MISSING)
        try:
            return fetched(logged, self._blobs.read) if logged is not MISSING else MISSING
        except (BlobLostError, ValueError):
            return MISSING

    def _text(self, digest: str) -> Json | Missing:
        if digest not in self._texts:
            content = self._blobs.find(digest)
            self._texts[digest] = MISSING if content is None else content.decode("utf-8", "replace")
        return self._texts[digest]

    @cached_property
    def _inputs(self) -> InputValues:
        return InputValues(self._log.records, self._blobs.read)

    @cached_property
    def _spec(self) -> Mapping[str, Mapping[str, Json]]:
        """The keys of each node as experience.yaml had them then."""
        text = self._text(self._log.started.spec_hash or "")
        experience = analyse(text).experience if isinstance(text, str) else None
        return {node.id: node.source for node in experience.nodes} if experience is not None else {}


VALUE_SECTIONS = {"args": "args", "inputs": "given", "source": "given", "reads": "reads", "edges": "edges"}
"""The field of a logged input that holds the values of a section of parts."""


def is_received(part: str) -> bool:
    """Whether a part is a value that an execution receives, and not a key or file of its node."""
    return part == "item" or part.partition(".")[0] in VALUE_SECTIONS
