"""Events to lines of a log and back (docs/design.md, The run log).
The only place that knows how an event looks as JSON.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from engine.expressions import Json
from engine.log import events
from engine.log.events import EVENT_TYPES, Counts, Input, Item, Output, Record, Scope, ScopeKind, Sums
from engine.log.moments import moment

_ALWAYS_WRITTEN = frozenset({"original_run_id"})
_OMITTED_DEFAULTS = (None, (), True)
_RENAMED = {"from_": "from"}
_TO_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_INPUT_FIELDS = ("args", "given", "reads", "edges")
_GREATEST = 10**15
"""No count, duration or cost is more, nor less than nothing: sums of them can be added, rounded and shown."""


class MalformedEventError(ValueError):
    """A line that is JSON of a known type, but whose fields are not what that type has."""


def encode(record: Record) -> bytes:
    """One line of the log, its line break included."""
    event = record.event
    line = {"type": event.type, "seq": record.seq, "ts": record.ts, "runId": record.run_id}
    line.update(_CONVERTER.unstructure(event))
    return _TO_LINE(line).encode() + b"\n"


def to_json(record: Record) -> dict[str, Json]:
    """The record as the JSON object that its line holds."""
    return cast("dict[str, Json]", json.loads(encode(record)))


def counts_to_json(counts: Counts) -> dict[str, Json]:
    """Counts as they stand in an event."""
    return cast("dict[str, Json]", _CONVERTER.unstructure(counts))


def sums_to_json(sums: Sums) -> dict[str, Json]:
    """Sums as they stand in an event."""
    return cast("dict[str, Json]", _CONVERTER.unstructure(sums))


def decode(line: Mapping[str, Any]) -> Record | None:
    """The record of one line's JSON object; None for a type that this version does not know.

    Raises MalformedEventError where a field of a known type is missing or has the wrong type; unknown fields
    are ignored.
    """
    event_type = EVENT_TYPES.get(line.get("type", "")) if isinstance(line.get("type"), str) else None
    if event_type is None:
        return None
    try:
        return Record(
            seq=_whole(line.get("seq"), int),
            ts=_timestamp(line.get("ts")),
            run_id=_text(line.get("runId"), str),
            event=_CONVERTER.structure(line, event_type),
        )
    except (BaseValidationError, TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise MalformedEventError(f"{line['type']} with a missing or wrong field") from error


def _timestamp(value: Any) -> str:
    moment(value)
    return cast(str, value)


def _camel(name: str) -> str:
    head, *rest = _RENAMED.get(name, name).split("_")
    return head + "".join(part.capitalize() for part in rest)


def _is_json(type_: Any) -> bool:
    """Whether an annotation is Json: resolving its recursion one level deeper makes it unequal to the alias."""
    return get_origin(type_) in (Union, UnionType) and {list, dict} <= {
        get_origin(member) for member in get_args(type_)
    }


def _strict(type_: type) -> Callable[[Any, Any], Any]:
    accepted = (int, float) if type_ is float else (type_,)

    def check(value: Any, _: Any) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and type_ is not bool):
            raise TypeError(f"not {type_.__name__}: {type(value).__name__}")
        if isinstance(value, (int, float)) and not 0 <= value <= _GREATEST:
            raise ValueError(f"out of range: {value}")
        return value

    return check


_whole = _strict(int)


def _text(value: Any, _: Any) -> Any:
    if type(value) is not str:
        raise TypeError(f"not str: {type(value).__name__}")
    return value


def _texts(value: Any, _: Any) -> Any:
    """At once, since most of what a log holds are the parts of input hashes."""
    if not isinstance(value, dict) or not all(type(text) is str for text in value.values()):
        raise TypeError("not texts by name")
    return value


def _unstructure_output(output: Output) -> dict[str, Json]:
    fields: dict[str, Json] = {"stateDelta": dict(output.state_delta)}
    if output.has_edge_output:
        fields["edgeOutput"] = output.edge_output
    return fields


def _structure_output(value: Any, _: Any) -> Output:
    delta = value["stateDelta"]
    if not isinstance(delta, dict):
        raise TypeError("stateDelta is not an object")
    return Output(delta, value.get("edgeOutput"), "edgeOutput" in value)


def _unstructure_input(received: Input) -> dict[str, Json]:
    fields: dict[str, Json] = {name: dict(values) for name in _INPUT_FIELDS if (values := getattr(received, name))}
    if received.has_item:
        fields["item"] = received.item
    return fields


def _structure_scope(value: Any, _: Any) -> tuple[Scope, ...]:
    """By hand, since every line of ten thousand items has one."""
    if not isinstance(value, list):
        raise TypeError("a scope that is no list")
    return tuple(
        Scope(
            kind=ScopeKind(step["kind"]),
            id=_text(step["id"], str),
            item=_structure_item(step["item"]) if step.get("item") is not None else None,
            iteration=_whole(step["iteration"], int) if step.get("iteration") is not None else None,
        )
        for step in value
    )


def _structure_item(value: Any) -> Item:
    return Item(_whole(value["index"], int), _text(value["key"], str))


def _structure_input(value: Any, _: Any) -> Input:
    fields = {name: value.get(name, {}) for name in _INPUT_FIELDS}
    if not all(isinstance(values, dict) for values in fields.values()):
        raise TypeError("an input with something else than objects")
    return Input(**fields, item=value.get("item"), has_item="item" in value)


def _register(converter: Converter, cls: type) -> None:
    overrides: dict[str, Any] = {
        field.name: override(
            rename=_camel(field.name),
            omit_if_default=field.name not in _ALWAYS_WRITTEN and _has_omitted_default(field),
        )
        for field in dataclasses.fields(cls)
    }
    converter.register_unstructure_hook(cls, make_dict_unstructure_fn(cls, converter, **overrides))
    converter.register_structure_hook(cls, make_dict_structure_fn(cls, converter, **overrides))


def _has_omitted_default(field: dataclasses.Field[Any]) -> bool:
    return any(field.default is default for default in _OMITTED_DEFAULTS)


def _make_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    for type_ in (int, float, bool):
        converter.register_structure_hook(type_, _strict(type_))
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook_func(lambda type_: type_ == Mapping[str, str], _texts)
    converter.register_structure_hook_func(lambda type_: type_ == tuple[Scope, ...], _structure_scope)
    for member in (events.RunStatus, events.ScopeKind):
        converter.register_structure_hook(member, lambda value, type_: type_(value))
    converter.register_structure_hook_func(_is_json, lambda value, _: value)
    converter.register_unstructure_hook_func(_is_json, lambda value: value)
    converter.register_structure_hook(Output, _structure_output)
    converter.register_unstructure_hook(Output, _unstructure_output)
    converter.register_structure_hook(Input, _structure_input)
    converter.register_unstructure_hook(Input, _unstructure_input)
    parts = (
        events.Item,
        events.Scope,
        events.Metrics,
        events.Sums,
        events.Counts,
        events.Location,
        events.ErrorInfo,
        events.EdgeEnds,
        events.Cause,
        events.ProducedBy,
        events.ExperienceRef,
        events.Wrote,
        events.Lineage,
    )
    for cls in (*parts, *EVENT_TYPES.values()):
        _register(converter, cls)
    return converter


_CONVERTER = _make_converter()
