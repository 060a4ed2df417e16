"""The args of a run against what the experience declares (docs/format.md, Run args)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from engine.expressions import Json
from engine.spec.locate import as_json
from engine.spec.model import Experience
from engine.spec.wording import closest, did_you_mean, dotted, shown, wanted

if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True)
class CheckedArgs:
    """The args with the declared defaults filled in, and what is wrong with them, for the person who gave them.

    No problem ever shows the value of a secret.
    """

    args: dict[str, Json]
    problems: tuple[str, ...] = ()


def check_args(experience: Experience, args: Mapping[str, Json]) -> CheckedArgs:
    """Check the args of a run and fill in the defaults.

    An experience that declares no args takes any. A declaration that is no JSON Schema counts as none.
    """
    given = cast(dict[str, Json], as_json(args))
    if experience.args_schema is None:
        return CheckedArgs(given)
    schema = dict(cast(Mapping[str, Any], experience.args_schema))
    filled = _with_defaults(schema, given)
    return CheckedArgs(filled, tuple(dict.fromkeys(_problems(schema, filled))))


def secret_args(experience: Experience) -> frozenset[str]:
    """The names of the args that are marked `writeOnly: true`."""
    properties = (experience.args_schema or {}).get("properties")
    if not isinstance(properties, dict):
        return frozenset()
    return frozenset(
        name for name, rule in properties.items() if isinstance(rule, dict) and rule.get("writeOnly") is True
    )


def _with_defaults(schema: Mapping[str, Any], value: dict[str, Json]) -> dict[str, Json]:
    """The object with what its properties' `default` says for those that are not there, at any depth."""
    filled = dict(value)
    properties = schema.get("properties")
    for name, rule in properties.items() if isinstance(properties, dict) else ():
        if not isinstance(rule, dict):
            continue
        if name not in filled and "default" in rule:
            filled[name] = as_json(rule["default"])
        inner = filled.get(name)
        if isinstance(inner, dict):
            filled[name] = _with_defaults(rule, inner)
    return filled


def _problems(schema: dict[str, Any], args: dict[str, Json]) -> list[str]:
    # Imported here because it takes about 100 ms, which an experience without args should not pay.
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        errors = list(Draft202012Validator(schema).iter_errors(args))
    except (SchemaError, Unresolvable, re.error):
        return []  # the declaration is at fault, not the args
    return [message for error in errors for message in _messages(schema, error)]


def _messages(schema: Mapping[str, Any], error: ValidationError) -> Iterator[str]:
    path = tuple(error.absolute_path)
    rules = error.schema if isinstance(error.schema, Mapping) else {}
    value = cast(Json, error.instance)
    match error.validator, value:
        case "required", dict():
            missing = [key for key in rules["required"] if key not in value]
            yield from (f"the arg `{dotted((*path, key))}` is missing" for key in missing)
        case "additionalProperties", dict() if rules["additionalProperties"] is False:
            known = frozenset(rules.get("properties", ()))
            for key in value.keys() - known:
                yield f"there is no arg `{dotted((*path, key))}`{did_you_mean(closest(key, known))}"
        case "type" | "enum" | "const" | "minimum" | "maximum" | "pattern", _:
            got = "" if _is_secret(schema, path) else f", not {shown(value)}"
            yield f"the arg `{dotted(path)}` must be {wanted(rules)}{got}"
        case keyword, _:
            yield f"the arg `{dotted(path)}` does not fit: its declaration asks for `{keyword}`"


def _is_secret(schema: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Whether the value, or anything around it, is marked `writeOnly: true`; also where that is too hard to tell."""
    rule: Any = schema
    for step in path:
        inner = rule.get("items") if isinstance(step, int) else rule.get("properties", {}).get(step)
        if not isinstance(inner, dict) or inner.get("writeOnly") is True or "$ref" in inner:
            return True
        rule = inner
    return False
