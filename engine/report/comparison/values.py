"""The inputs and outputs of an execution that differ between two runs, as far as people may see them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum

from msgspec import UNSET, Struct

from engine.cache.plan.explanation import Change, is_received
from engine.expressions import MISSING, Missing
from engine.json_types import Json
from engine.log.events.events import Output
from engine.log.secrets.masking import MASK
from engine.log.values.input_values import InputValues, ValueLostError
from engine.report.changes import change_lines
from engine.report.executions import Execution
from engine.report.received_inputs import received

FindText = Callable[[str], "bytes | None"]
"""Gives a kept file by the first digits of its hash; None if it was not kept."""


class How(str, Enum):
    """How a value differs. INCOMPARABLE: each run hashes it with another key, or its log masks it."""

    CHANGED = "changed"
    ONLY_LEFT = "only in the left run"
    ONLY_RIGHT = "only in the right run"
    INCOMPARABLE = "comes from a secret and cannot be compared"


class ValueDifference(Struct, frozen=True):
    """A value that differs. `what` is `input`, `output`, `arg` or `state`; sides that are not known are MISSING."""

    what: str
    name: str
    how: How
    before: Json | Missing = MISSING
    after: Json | Missing = MISSING

    @property
    def is_known(self) -> bool:
        """Whether both sides can be shown."""
        return self.before is not MISSING and self.after is not MISSING


def value_lines(each: ValueDifference) -> list[str]:
    """The difference as text: `output n differs: 1 → 2`, and below it the lines that differ if they are long."""
    title = f"{each.what} {each.name}"
    if each.how is How.INCOMPARABLE:
        return [f"{title} {each.how.value}"]
    if each.how is not How.CHANGED:
        return [f"{title} is {each.how.value}"]
    lines = change_lines(Change(each.name, each.before, each.after)) if each.is_known else []
    if len(lines) == 1:
        return [f"{title} differs{lines[0].removeprefix(each.name)}"]
    return [f"{title} differs", *lines[1:]]


def input_differences(
    left: Execution, right: Execution, before: InputValues, after: InputValues, text: FindText = lambda _: None
) -> Iterator[ValueDifference]:
    """The input parts that differ, files with their `text`. Of secrets only that they do, if that can be known."""
    if not left.input_parts or not right.input_parts or dict(left.input_parts) == dict(right.input_parts):
        return
    secret = {*left.keyed_parts, *right.keyed_parts}
    sides = received(left, before), received(right, after)
    known = [{name: value for name, value in side.items() if name not in secret} for side in sides]
    both = left.input_parts.keys() & right.input_parts.keys()
    other_keys = {name for name in secret & both if left.keyed_parts.get(name) != right.keyed_parts.get(name)}
    for name in dict.fromkeys((*left.input_parts, *right.input_parts)):
        parts = left.input_parts.get(name), right.input_parts.get(name)
        if name in other_keys or parts[0] == parts[1]:
            continue
        values = [_part_value(name, *each, text) for each in zip(parts, known, strict=True)]
        yield ValueDifference("input", name, _how(parts[0] is not None, parts[1] is not None), *values)
    yield from (ValueDifference("input", name, How.INCOMPARABLE) for name in sorted(other_keys))


def output_differences(
    left: Execution, right: Execution, before: InputValues, after: InputValues
) -> Iterator[ValueDifference]:
    """The fields and the edge output that differ, if both executions have an output."""
    if left.output is not None and right.output is not None:
        yield from differences("output", written(left.output), written(right.output), before, after)


def differences(
    what: str, left: Mapping[str, Json], right: Mapping[str, Json], before: InputValues, after: InputValues
) -> Iterator[ValueDifference]:
    """The logged values that differ, by name; large ones are fetched."""
    for name in dict.fromkeys((*left, *right)):
        if name in left and name in right and left[name] == right[name]:
            continue
        values = [
            shown(side[name], values) if name in side else MISSING for side, values in ((left, before), (right, after))
        ]
        if name in left and name in right and values[0] == values[1] and values[0] is not MISSING:
            continue
        yield ValueDifference(what, name, _how(name in left, name in right), *values)


def written(output: Output | None) -> Mapping[str, Json]:
    """What an execution put out, by field, and its `edge output`."""
    if output is None:
        return {}
    edge = {"edge output": output.edge_output} if output.edge_output is not UNSET else {}
    return {**output.state_delta, **edge}


def shown(logged: Json, values: InputValues) -> Json | Missing:
    """A logged value as people may see it; MISSING if it is masked, lost or too large."""
    if logged == MASK:
        return MISSING
    try:
        return values.value(logged)
    except ValueLostError:
        return MISSING


def file_text(text: FindText, digest: str | None) -> Json | Missing:
    """The text of a kept file; MISSING if there is none."""
    content = text(digest) if digest else None
    return MISSING if content is None else content.decode("utf-8", "replace")


def _part_value(name: str, part: str | None, known: Mapping[str, Json], text: FindText) -> Json | Missing:
    """The value behind an input part: received, or the text of a file."""
    if name in known:
        return known[name] if known[name] != MASK else MISSING
    return file_text(text, part) if not is_received(name) else MISSING


def _how(in_left: bool, in_right: bool) -> How:
    if in_left and in_right:
        return How.CHANGED
    return How.ONLY_LEFT if in_left else How.ONLY_RIGHT
