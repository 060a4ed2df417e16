"""Finds the rules of its definition that a part of an experience breaks, as paths; source/locate.py finds the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from engine.experience.json_schema.definitions import UNKNOWN_KEYS, Part, definition
from engine.expressions import Json

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

MAX_VIOLATIONS = 200
"""Nobody reads more, and each has to be located in the text: a file may consist of unknown keys."""


class Violation(Struct, frozen=True):
    """A rule that the value at `path` breaks: its keyword, its schema, and for rules about keys the key."""

    path: tuple[str | int, ...]
    keyword: str
    schema: Mapping[str, Any]
    value: Json
    key: str | None = None


def violations(part: Part, value: Json) -> tuple[Violation, ...]:
    """The rules of the definition of `part` that `value` breaks, in the schema's order: at most one for each keyword
    at each place, and MAX_VIOLATIONS in all.
    """
    if matcher(part)(value):
        return ()
    found = (_violation(error) for error in islice(validator(part).iter_errors(value), MAX_VIOLATIONS))
    return tuple({(v.path, v.keyword, v.key): v for v in found}.values())


def _violation(error: ValidationError) -> Violation:
    keyword = str(error.validator)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    key = error.message if keyword in {"required", UNKNOWN_KEYS} else None
    return Violation(tuple(error.absolute_path), keyword, schema, cast(Json, error.instance), key)


@cache
def matcher(part: Part) -> Callable[[Json], bool]:
    """Checks that a value breaks no rule of a part. False also where that cannot be told: `validator` decides then.

    jsonschema-rs, since nearly every part is valid: with jsonschema alone, a file of 100 nodes takes twice as long to
    open. It refuses what is no Unicode, such as a lone surrogate, which an escape in YAML can write.
    """
    from jsonschema_rs import Draft202012Validator

    is_valid = Draft202012Validator(definition(part)).is_valid

    def matches(value: Json) -> bool:
        try:
            return is_valid(value)
        except ValueError:
            return False

    return matches


@cache
def validator(part: Part) -> Validator:
    """Finds the rules of a part that a value breaks."""
    # Imported here, since it takes about 100 ms and valid parts do not need it.
    from jsonschema import Draft202012Validator, validators

    rules = {"required": _required, UNKNOWN_KEYS: _unknown_keys, "additionalProperties": _additional_properties}
    checker = validators.extend(Draft202012Validator, rules)  # type: ignore[no-untyped-call]
    made: Validator = checker(definition(part))
    return made


def _required(
    _validator: Validator, required: list[str], instance: Json, _schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the standard rule, with the key as the message."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, dict):
        yield from (ValidationError(key) for key in required if key not in instance)


def _unknown_keys(
    _validator: Validator, answer: str, instance: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Our own rule: keys that are neither described nor start with `x-` (docs/format.md, Unknown keys)."""
    from jsonschema.exceptions import ValidationError

    if answer != "allow" and isinstance(instance, dict):
        known = schema.get("properties", {})
        yield from (ValidationError(key) for key in instance if key not in known and not key.startswith("x-"))


def _additional_properties(
    validator: Validator, rule: Any, instance: Json, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """As the standard rule, except where `_unknown_keys` reports the same keys one by one."""
    from jsonschema import Draft202012Validator

    if UNKNOWN_KEYS not in schema:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, rule, instance, schema)
