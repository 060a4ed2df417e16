"""Keywords of JSON Schema in linear time, which jsonschema checks with backtracking or in quadratic time.

Imported only to check a value. The messages are those of jsonschema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema.exceptions import ValidationError

from engine.experience.json_schema.patterns import matches
from engine.experience.json_schema.step_limit import as_set, spend

Errors = Iterator[ValidationError]


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Errors:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any) -> Errors:
    if not isinstance(instance, dict):
        return
    for pattern, inner in patterns.items():
        for key, member in instance.items():
            if _matches(pattern, key):
                yield from validator.descend(member, inner, path=key, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict):
        return
    described = _described(instance, schema)
    extras = [key for key in instance if key not in described]
    if isinstance(rule, dict):
        for key in extras:
            yield from validator.descend(instance[key], rule, path=key)
    elif not rule and extras:
        yield ValidationError(f"Additional properties are not allowed {_unexpected(extras)}")


def _unevaluated_properties(validator: Any, rule: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict):
        return
    others = {key: inner for key, inner in schema.items() if key != "unevaluatedProperties"}
    evaluated = _evaluated(validator, instance, others)
    extras = [key for key in instance if key not in evaluated and not _is_valid(validator.descend(instance[key], rule))]
    if extras:
        yield ValidationError(f"Unevaluated properties are not allowed {_unexpected(extras)}")


def _enum(_validator: Any, choices: Sequence[Any], instance: Any, _schema: Any) -> Errors:
    if _key(instance) not in as_set(choices, _key):
        yield ValidationError(f"{instance!r} is not one of {choices!r}")


def _unique_items(_validator: Any, rule: Any, instance: Any, _schema: Any) -> Errors:
    if rule and isinstance(instance, list) and len(set(map(_key, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


RULES: Mapping[str, Callable[[Any, Any, Any, Any], Errors]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "enum": _enum,
    "uniqueItems": _unique_items,
}


def _described(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    """The keys that `properties` or `patternProperties` covers."""
    found = {key for key in schema.get("properties", ()) if key in instance}
    for pattern in schema.get("patternProperties", ()):
        found |= {key for key in instance if key not in found and _matches(pattern, key)}
    return found


def _evaluated(validator: Any, instance: Mapping[str, Any], schema: Any) -> set[str]:
    """The keys of a value that are evaluated by a schema, including the subschemas it matches."""
    if not isinstance(schema, dict):
        return set()
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        return set(instance)
    found = _described(instance, schema)
    for reference in (schema.get("$ref"), schema.get("$dynamicRef")):
        if reference is not None:
            target = validator._resolver.lookup(reference)
            inner = validator.evolve(schema=target.contents, _resolver=target.resolver)
            found |= _evaluated(inner, instance, target.contents)
    for inner in _applicable(schema, instance):
        if _is_valid(validator.descend(instance, inner)):
            found |= _evaluated(validator, instance, inner)
    if "if" in schema:
        holds = _is_valid(validator.descend(instance, schema["if"]))
        found |= _evaluated(validator, instance, schema["if"]) if holds else set()
        found |= _evaluated(validator, instance, schema.get("then" if holds else "else"))
    return found


def _applicable(schema: Mapping[str, Any], instance: Mapping[str, Any]) -> Iterator[Any]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword, ())
    yield from (inner for key, inner in schema.get("dependentSchemas", {}).items() if key in instance)


def _matches(pattern: str, text: str) -> bool:
    spend(1 + (len(text) >> 10))
    return matches(pattern, text)


def _is_valid(errors: Errors) -> bool:
    return next(errors, None) is None


def _unexpected(keys: list[str]) -> str:
    return f"({', '.join(map(repr, keys))} {'was' if len(keys) == 1 else 'were'} unexpected)"


def _key(value: Any) -> Any:
    """Equal for values that are equal in JSON Schema: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return "object", frozenset((key, _key(member)) for key, member in value.items())
    if isinstance(value, list):
        return "array", *map(_key, value)
    return ("boolean", value) if isinstance(value, bool) else value
