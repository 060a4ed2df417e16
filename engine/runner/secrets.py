"""What a run keeps secret: the keys that its environment holds, and the args that the experience marks."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

from msgspec import Struct

from engine.experience.args import check_args, secret_args, secret_from_text, secret_values
from engine.experience.model import Experience
from engine.expressions import MISSING, Json, Missing, Path, Root, descend, resolve
from engine.log.secrets.masking import MASK, Secrets
from engine.log.secrets.weak_secrets import weakness
from engine.nodes.dataset import variables_of
from engine.nodes.processes.environment import LLM_KEYS
from engine.scheduler.composition import Composition


class FoundSecrets(Struct, frozen=True):
    """The secrets of a run; and the variables whose values are not looked for, with the reason."""

    secrets: Secrets
    ignored: Mapping[str, str]

    def learn(self, found: Composition, environment: Mapping[str, str] = os.environ) -> None:
        """Keep secret what an experience that was found after the start takes from the environment."""
        self.secrets.add(_keys(found, environment)[0])

    def warnings(self) -> Iterator[str]:
        """At most one, for the person who set the variables."""
        if self.ignored:
            named = ", ".join(f"{name} ({reason})" for name, reason in self.ignored.items())
            yield f"values that cannot be secrets are not looked for, so nothing masks them: {named}"


def no_secrets() -> FoundSecrets:
    """Of a run that has none."""
    return FoundSecrets(Secrets(), {})


def find_secrets(
    composition: Composition, args: Mapping[str, Json], environment: Mapping[str, str] = os.environ
) -> FoundSecrets:
    """The keys of providers, what datasets take from the environment, and the args marked as secret.

    Also what only a nested experience marks, as far as that is known before the run.
    """
    keys, ignored = _keys(composition, environment)
    return FoundSecrets(Secrets([*keys, *_marked(composition, args)]), ignored)


class LostSecretError(LookupError):
    """What a run began with is not in its log, since it holds a secret. The message is for the user."""


def with_secrets(experience: Experience, args: Mapping[str, Json], masked: Iterable[str]) -> dict[str, Json]:
    """The args of a logged run, those that the log masks from the environment. Raises LostSecretError.

    What the experience marks as secret only now is in the log; the environment may say otherwise.
    """
    filled = dict(args)
    lost = {*masked, *(name for name, value in args.items() if value == MASK)}  # earlier engines named none
    for name in sorted(lost | (secret_args(experience) & args.keys())):
        variable = f"OE_ARG_{name.upper()}"
        text = os.environ.get(variable)
        if text is not None:
            filled[name] = secret_from_text(experience, name, text)
        elif name in lost:
            raise LostSecretError(
                f"the arg '{name}' is or holds a secret, so the log does not have its value. "
                f"Set the environment variable {variable} and resume again."
            )
    return filled


def defaults_for(experience: Experience, masked: Iterable[str], carried: Collection[str]) -> dict[str, Json]:
    """What the fields start from that the log does not have. Raises LostSecretError where that was no default."""
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
    """The keys that are set, as they are written and as they are sent; and those that can be none, with the reason."""
    given = {name: environment[name] for name in _variables(composition) if environment.get(name, "").strip()}
    ignored = {name: reason for name, value in given.items() if (reason := weakness(value)) is not None}
    return [form for name, value in given.items() if name not in ignored for form in (value, value.strip())], ignored


def _variables(composition: Composition) -> Iterable[str]:
    named = (name for within in composition.walk() for name in variables_of(within.experience.nodes, within.home))
    return dict.fromkeys((*LLM_KEYS, *named))
