"""Finds the secrets of a run: keys in its environment, and args that the experience marks."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

from msgspec import Struct

from engine.experience.args import arg_from_text, check_args, secret_args, secret_values
from engine.experience.model import Experience, Node
from engine.expressions import MISSING, Json, Missing, Path, Root, descend, resolve
from engine.log.secrets.masking import MASK, Secrets
from engine.log.secrets.weak_secrets import weakness
from engine.nodes.dataset import variables_of
from engine.nodes.processes.environment import LLM_KEYS
from engine.scheduler.composition import Composition


class FoundSecrets(Struct, frozen=True):
    """The secrets of a run; and the variables whose values cannot be masked, with the reason."""

    secrets: Secrets
    ignored: Mapping[str, str]

    def learn(self, found: Composition, environment: Mapping[str, str] = os.environ) -> None:
        """Add the secrets that an experience found after the start takes from the environment."""
        self.secrets.add(_keys(found, environment)[0])

    def warnings(self) -> Iterator[str]:
        """At most one warning, about variables whose values are not masked."""
        if self.ignored:
            named = ", ".join(f"{name} ({reason})" for name, reason in self.ignored.items())
            yield f"values that cannot be secrets are not looked for, so nothing masks them: {named}"


def no_secrets() -> FoundSecrets:
    """The secrets of a run that has none."""
    return FoundSecrets(Secrets(), {})


def find_secrets(
    composition: Composition, args: Mapping[str, Json], environment: Mapping[str, str] = os.environ
) -> FoundSecrets:
    """The keys of providers, the variables that datasets use, and the args marked as secret.

    Includes args that only a nested experience marks, if their values are known before the run.
    """
    keys, ignored = _keys(composition, environment)
    return FoundSecrets(Secrets([*keys, *_marked(composition, args)]), ignored)


def environment_secrets(nodes: Iterable[Node], home: str, environment: Mapping[str, str] = os.environ) -> Secrets:
    """The keys of providers and the variables that these nodes use, for a text that no run writes."""
    return Secrets(_values((*LLM_KEYS, *variables_of(nodes, home)), environment)[0])


class LostSecretError(LookupError):
    """An arg or starting value is not in the log, since it holds a secret. The message is for the user."""


def with_secrets(experience: Experience, args: Mapping[str, Json], masked: Iterable[str]) -> dict[str, Json]:
    """The args of a logged run; those that the log masks come from the environment. Raises LostSecretError.

    Args that the experience marks as secret only now are in the log; the environment overrides them.
    """
    filled = dict(args)
    lost = {*masked, *(name for name, value in args.items() if value == MASK)}  # earlier engines named none
    for name in sorted(lost | (secret_args(experience) & args.keys())):
        variable = f"OE_ARG_{name.upper()}"
        text = os.environ.get(variable)
        if text is not None:
            filled[name] = arg_from_text(experience, name, text)
        elif name in lost:
            raise LostSecretError(
                f"the arg '{name}' is or holds a secret, so the log does not have its value. "
                f"Set the environment variable {variable} and resume again."
            )
    return filled


def defaults_for(experience: Experience, masked: Iterable[str], carried: Collection[str]) -> dict[str, Json]:
    """The starting values of fields that the log does not have. Raises LostSecretError if they were not defaults."""
    lost = [name for name in masked if name in carried]
    if lost:
        raise LostSecretError(
            f"what earlier runs had left in {', '.join(lost)} holds a secret, so the log does not have it. "
            "Start a new run with `oe run`."
        )
    return experience.starting_state()


def _marked(composition: Composition, args: Mapping[str, Json]) -> Iterator[Json]:
    yield from secret_values(composition.experience, args)
    for node in composition.experience.nodes:
        child = composition.nested.get(node.id)
        given = resolve(dict(node.args), partial(_arg, args)).value if child is not None else None
        if child is not None and isinstance(given, dict):
            yield from _marked(child, check_args(child.experience, given).args)


def _arg(args: Mapping[str, Json], path: Path) -> Json | Missing:
    return descend(dict(args), path.steps) if path.root is Root.ARGS else MISSING


def _keys(composition: Composition, environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The values of set variables, as written and stripped; and the variables too weak to mask, with the reason."""
    return _values(_variables(composition), environment)


def _values(names: Iterable[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    given = {name: environment[name] for name in names if environment.get(name, "").strip()}
    ignored = {name: reason for name, value in given.items() if (reason := weakness(value)) is not None}
    return [form for name, value in given.items() if name not in ignored for form in (value, value.strip())], ignored


def _variables(composition: Composition) -> Iterable[str]:
    named = (name for within in composition.walk() for name in variables_of(within.experience.nodes, within.home))
    return dict.fromkeys((*LLM_KEYS, *named))
