"""Checks the args of a run against the declarations of the experience (docs/format.md, Run args)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from engine.experience.json_schema.messages import closest, did_you_mean, dotted, rule_text, shown, wanted
from engine.experience.json_schema.validation import UncheckableError, UnknownReferenceError, errors_in, schema_error
from engine.experience.model import Experience
from engine.experience.source.locate import as_json
from engine.expressions import Json

if TYPE_CHECKING:
    from jsonschema import ValidationError


class CheckedArgs(Struct, frozen=True):
    """The args with the declared defaults filled in, and messages for the user about mistakes in them.

    No message ever shows the value of a secret.
    """

    args: dict[str, Json]
    problems: tuple[str, ...] = ()


def check_args(experience: Experience, args: Mapping[str, Json], secret: frozenset[str] = frozenset()) -> CheckedArgs:
    """Check the args of a run and fill in the defaults. Args named in `secret` are secret, whatever is declared.

    Without declared args, any are allowed. A declaration that is not a JSON Schema is ignored.
    """
    given = cast(dict[str, Json], as_json(args))
    if experience.args_schema is None:
        return CheckedArgs(given)
    schema = dict(cast(Mapping[str, Any], experience.args_schema))
    filled = _with_defaults(schema, given)
    return CheckedArgs(filled, tuple(dict.fromkeys(_problems(schema, filled, secret))))


def wrong_arg(declared: Mapping[str, Any], name: str, value: Json) -> str | None:
    """The mistake in the value of one declared arg, as a message for the user; None if it is allowed."""
    rules = declared.get("properties")
    rule = rules.get(name) if isinstance(rules, Mapping) else None
    schema = {"$defs": declared.get("$defs", {}), "properties": {name: rule}}
    return next(iter(_problems(schema, {name: value})), None) if isinstance(rule, Mapping) else None


def secret_args(experience: Experience) -> frozenset[str]:
    """The names of the args that are, or contain, something marked `writeOnly: true`."""
    return frozenset(name for name, rule in _declared(experience).items() if _marks_secret(rule, experience))


def secret_values(experience: Experience, args: Mapping[str, Json]) -> list[Json]:
    """The values in `args` that are marked `writeOnly: true`; a whole arg if it is unclear what in it is marked."""
    rules = _declared(experience)
    return [found for name in rules.keys() & args.keys() for found in _marked(rules[name], args[name], experience)]


def without_secrets(experience: Experience, args: Mapping[str, Json], mask: str) -> Mapping[str, Json]:
    """`args` with `mask` instead of each value that is marked `writeOnly: true`; the same object if none is."""
    rules = _declared(experience)
    marked = [name for name in rules.keys() & args.keys() if _marks_secret(rules[name], experience)]
    hidden = {name: _hidden(rules[name], args[name], experience, mask) for name in marked}
    return {name: hidden.get(name, value) for name, value in args.items()} if hidden else args


def arg_from_text(experience: Experience, name: str, text: str) -> Json:
    """The value of an arg that was entered as text: parsed as JSON unless the arg is declared as a string."""
    rule = _declared(experience).get(name)
    if not isinstance(rule, dict) or rule.get("type", "string") == "string":
        return text
    try:
        return cast(Json, json.loads(text, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return text  # `check_args` then reports that it does not match the declaration


def _no_number(text: str) -> Json:
    raise ValueError(text)


def _declared(experience: Experience) -> Mapping[str, Any]:
    properties = (experience.args_schema or {}).get("properties")
    return properties if isinstance(properties, dict) else {}


def _marked(rule: Any, value: Json, experience: Experience) -> Iterator[Json]:
    if not _marks_secret(rule, experience):
        return
    if _is_marked_as_whole(rule, experience):
        yield value
        return
    properties, items = rule.get("properties"), rule.get("items")
    if isinstance(value, dict) and isinstance(properties, dict):
        for name in properties.keys() & value.keys():
            yield from _marked(properties[name], value[name], experience)
    elif isinstance(value, list):
        for member in value:
            yield from _marked(items, member, experience)


def _hidden(rule: Any, value: Json, experience: Experience, mask: str) -> Json:
    """`value` with `mask` instead of everything that `_marked` finds in it."""
    if not _marks_secret(rule, experience):
        return value
    if _is_marked_as_whole(rule, experience):
        return mask
    properties = rule.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        return {name: _hidden(properties.get(name), member, experience, mask) for name, member in value.items()}
    if isinstance(value, list):
        return [_hidden(rule.get("items"), member, experience, mask) for member in value]
    return value


def _is_marked_as_whole(rule: Any, experience: Experience) -> bool:
    """Checks that the value itself is marked, or that it is unclear what in it is."""
    if not isinstance(rule, dict):
        return True
    outside = {key: inner for key, inner in rule.items() if key not in ("properties", "items")}
    return _marks_secret(outside, experience)


def _marks_secret(rule: Any, experience: Experience) -> bool:
    """Checks that anything in a declaration is marked, including what a `$ref` leads to."""
    left, seen = [rule], set()
    while left:
        inner = left.pop()
        if isinstance(inner, list):
            left += inner
        elif isinstance(inner, dict):
            if inner.get("writeOnly") is True:
                return True
            left += inner.values()
            reference = inner.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                left.append(_referred(reference, experience))
    return False


def _referred(reference: str, experience: Experience) -> Any:
    target: Any = experience.args_schema
    for step in reference.removeprefix("#").split("/")[1:]:
        target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
    return target


def _with_defaults(schema: Mapping[str, Any], value: dict[str, Json]) -> dict[str, Json]:
    """The object with the defaults of its missing properties, at any depth."""
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


def _problems(schema: dict[str, Any], args: dict[str, Json], secret: frozenset[str] = frozenset()) -> list[str]:
    try:
        errors = [] if schema_error(schema) is not None else errors_in(schema, args)
    except UnknownReferenceError:
        return []
    except UncheckableError as error:
        return [f"the args cannot be checked: {error}"]
    return [message for error in errors for message in _messages(schema, error, secret)]


def _messages(schema: Mapping[str, Any], error: ValidationError, secret: frozenset[str]) -> Iterator[str]:
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
            got = "" if not secret.isdisjoint(path[:1]) or _is_secret(schema, path) else f", not {shown(value)}"
            yield f"the arg `{dotted(path)}` must be {wanted(rules)}{got}"
        case str() as keyword, _:
            yield f"the arg `{dotted(path)}` violates `{rule_text(keyword, rules)}`"


def _is_secret(schema: Mapping[str, Any], path: tuple[str | int, ...]) -> bool:
    """Checks that the value, or anything around it, is marked `writeOnly: true`; true if that is unclear."""
    rule: Any = schema
    for step in path:
        inner = rule.get("items") if isinstance(step, int) else rule.get("properties", {}).get(step)
        if not isinstance(inner, dict) or inner.get("writeOnly") is True or "$ref" in inner:
            return True
        rule = inner
    return False
