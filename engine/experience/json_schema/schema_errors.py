"""Turns schema violations into problems: one per mistake, at the place where a person would look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from engine.experience.json_schema.definitions import UNKNOWN_KEYS, Part
from engine.experience.json_schema.messages import (
    closest,
    did_you_mean,
    dotted,
    in_parentheses,
    listed,
    rule_text,
    shown,
    wanted,
)
from engine.experience.json_schema.violations import Violation, violations
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Place, Steps, locate, missing_key_span
from engine.expressions import Json
from engine.syntax import NodeKind, Span, View


class ShownAt(Enum):
    """The text at which a mistake is shown: the value at its path, the value's key, or where a missing key belongs."""

    VALUE = "value"
    KEY = "key"
    MISSING_KEY = "missing key"


class Flaw(Struct, frozen=True):
    """A mistake in a value. `blocks`: the part cannot be read into the model until it is fixed."""

    code: Code
    message: str
    path: Steps
    shown_at: ShownAt = ShownAt.VALUE
    severity: Severity = Severity.ERROR
    blocks: bool = True
    data: Mapping[str, str] = field(default_factory=dict)

    def to_problem(self, view: View) -> Problem | None:
        """The problem at its place in the text of the value; None where the text is invalid YAML, which is reported."""
        place = locate(view, self.path)
        if place.value is not None and place.value.kind is NodeKind.ERROR:
            return None
        return Problem(self.code, self.severity, self.message, self._span(view, place), data=self.data)

    def _span(self, view: View, place: Place) -> Span:
        if self.shown_at is ShownAt.MISSING_KEY:
            return missing_key_span(view, self.path)
        return place.key_span if self.shown_at is ShownAt.KEY else place.span


def problems_of(flaws: Sequence[Flaw], view: View) -> tuple[Problem, ...]:
    """The flaws of a value as problems in its text."""
    return tuple([problem for flaw in flaws if (problem := flaw.to_problem(view))]) if flaws else ()


def find_flaws(part: Part, value: Json, subject: str) -> tuple[Flaw, ...]:
    """Checks a part against its definition. `subject` is what messages call the part, such as `an edge`."""
    found = violations(part, value)
    if not found:
        return ()
    missing = {(v.path, v.key) for v in found if v.keyword == "required"}
    flaws: list[Flaw] = []
    for violation in found:
        if violation.keyword == UNKNOWN_KEYS:
            meant = _misspelt_required_key(violation, missing)
            missing.discard((violation.path, meant))
            flaws.append(_unknown_key(violation, meant))
    for violation in found:
        if violation.keyword == "required":
            if (violation.path, violation.key) in missing:
                flaws.append(_missing_key(violation, subject))
        elif violation.keyword != UNKNOWN_KEYS:
            flaws.append(_wrong(violation, subject))
    return tuple(flaws)


def _misspelt_required_key(violation: Violation, missing: Iterable[tuple[Steps, str | None]]) -> str | None:
    """The missing required key that an unknown key is a misspelling of: one mistake, reported as an error."""
    candidates = frozenset(key for path, key in missing if path == violation.path and key)
    key = violation.key or ""
    without_colon = key.partition(" ")[0]  # `{source $.files}` is a mapping with the key `source $.files`
    return without_colon if without_colon in candidates else closest(key, candidates)


def _misspelt_discriminator(violation: Violation) -> str | None:
    """A misspelling of a missing key that decides which other keys are allowed, such as `kind`."""
    if UNKNOWN_KEYS in violation.schema:
        return None
    branches = (rule.get("then", {}) for rule in violation.schema.get("allOf", ()))
    known = {name for schema in (violation.schema, *branches) for name in schema.get("properties", {})}
    return closest(violation.key or "", frozenset(key for key in _present(violation.value) if key not in known))


def _unknown_key(violation: Violation, meant: str | None) -> Flaw:
    key = violation.key or ""
    known = [name for name in violation.schema.get("properties", {}) if name not in _present(violation.value)]
    suggestion = meant or closest(key, frozenset(known))
    ignored = violation.schema.get(UNKNOWN_KEYS) == "warn"
    hint = did_you_mean(suggestion) or (f"; available: {listed(known)}" if known else "")
    return Flaw(
        Code.UNKNOWN_KEY,
        f"unknown key `{key}`{' is ignored' if ignored and not meant else ''}{hint}",
        (*violation.path, key),
        shown_at=ShownAt.KEY,
        severity=Severity.WARNING if ignored and not meant else Severity.ERROR,
        blocks=meant is not None,
        data={"key": key} | ({"suggestion": suggestion} if suggestion else {}),
    )


def _present(value: Json) -> Iterable[str]:
    return value.keys() if isinstance(value, dict) else ()


def _missing_key(violation: Violation, subject: str) -> Flaw:
    key = violation.key or ""
    misspelt = _misspelt_discriminator(violation)
    if misspelt is not None:
        return _unknown_key(replace(violation, key=misspelt), meant=key)
    schema = violation.schema.get("properties", {}).get(key, {})
    owner = f"`{dotted(violation.path)}`" if violation.path else subject
    remedy = f"; use {wanted(schema)}" if "enum" in schema else ""
    message = f"{owner} needs `{key}`{in_parentheses(schema)}{remedy}"
    return Flaw(Code.MISSING_KEY, message, violation.path, shown_at=ShownAt.MISSING_KEY, data={"key": key})


def _wrong(violation: Violation, subject: str) -> Flaw:
    """A value of the wrong type, or one that another rule forbids."""
    name = f"`{dotted(violation.path)}`" if violation.path else subject
    value, schema = violation.value, violation.schema
    code, data = Code.WRONG_VALUE, {}
    match violation.keyword:
        case "type":
            code = Code.WRONG_TYPE
            # The pattern of a text does not help someone who wrote another type.
            asked = {key: rule for key, rule in schema.items() if key != "pattern"}
            message = f"{name} must be {wanted(asked)}, not {shown(value)}{_quotes_hint(value, schema)}"
        case "enum" | "const":
            code = Code.UNKNOWN_KIND if violation.path == ("kind",) else code
            suggestion = closest(value, frozenset(map(str, schema.get("enum", ())))) if isinstance(value, str) else None
            data = {"suggestion": suggestion} if suggestion else {}
            message = f"{name} must be {wanted(schema)}, not {shown(value)}{did_you_mean(suggestion)}"
        case "minLength" | "minItems" if not value:
            message = f"{name} must not be empty"
        case "pattern" | "minimum" | "maximum":
            message = f"{name} must be {wanted(schema)}, not {shown(value)}"
        case keyword:
            message = f"{name} violates `{rule_text(keyword, schema)}`; it is {shown(value)}"
    return Flaw(code, message, violation.path, data=data)


def _quotes_hint(value: Json, schema: Mapping[str, object]) -> str:
    """A number or a boolean was usually meant as text where text is expected."""
    if schema.get("type") == "string" and isinstance(value, (bool, int, float)):
        return "; put it in quotes"
    return ""
