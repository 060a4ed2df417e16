"""The args that an experience declares, for an editor that asks for them before a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from engine.experience.args import arg_from_text, secret_args, wrong_arg
from engine.experience.model import Experience
from engine.experience.source.locate import as_json
from engine.expressions import Json
from engine.log.events.events import RunStarted
from engine.log.secrets.masking import MASK


class DeclaredArg(Struct, frozen=True):
    """One arg. `last` is its value in a recorded run. None without a value, and for secrets."""

    name: str
    schema: Mapping[str, Any]
    is_required: bool
    is_secret: bool
    default: Json
    last: Json


def declared_args(experience: Experience, recorded: RunStarted | None) -> tuple[DeclaredArg, ...]:
    """The declared args, in the order of the text, with their values in the run that `recorded` began."""
    declared = experience.args_schema or {}
    rules, required, secret = declared.get("properties"), declared.get("required"), secret_args(experience)
    return tuple(
        DeclaredArg(
            name,
            rule,
            isinstance(required, list) and name in required,
            name in secret,
            as_json(rule.get("default")) if name not in secret else None,
            _recorded(recorded, name) if name not in secret else None,
        )
        for name, rule in (rules.items() if isinstance(rules, dict) else ())
        if isinstance(rule, dict)
    )


def check_arg(experience: Experience, name: str, text: str) -> tuple[Json, str | None]:
    """The value that `text` stands for, and what is wrong with it, for the user; None if it is allowed."""
    value = arg_from_text(experience, name, text)
    return value, wrong_arg(experience.args_schema or {}, name, value)


def _recorded(run: RunStarted | None, name: str) -> Json:
    if run is None or name in run.masked_args:
        return None
    value = run.args.get(name)
    return None if _is_masked(value) else value


def _is_masked(value: Json) -> bool:
    """Whether the log lacks a part of the value."""
    if isinstance(value, str):
        return MASK in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_is_masked, inner))
