"""What a run keeps secret: the keys that its environment holds, and the args that the experience marks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from engine.core.composition import Composition
from engine.expressions import Json
from engine.log.secrets import Secrets
from engine.log.weak_secrets import weakness
from engine.nodes.dataset import variables_of
from engine.nodes.environment import LLM_KEYS
from engine.spec.args import secret_values


class FoundSecrets(Struct, frozen=True):
    """The secrets of a run; and the variables whose values are not looked for, with the reason."""

    secrets: Secrets
    ignored: Mapping[str, str]

    def warnings(self) -> Iterator[str]:
        """At most one, for the person who set the variables."""
        if self.ignored:
            named = ", ".join(f"{name} ({reason})" for name, reason in self.ignored.items())
            yield f"not looked for, and so masked nowhere, since it cannot be a secret: {named}"


def no_secrets() -> FoundSecrets:
    """Of a run that has none."""
    return FoundSecrets(Secrets(), {})


def find_secrets(
    composition: Composition, args: Mapping[str, Json], environment: Mapping[str, str] = os.environ
) -> FoundSecrets:
    """The keys of providers, what datasets take from the environment, and the args marked as secret."""
    set_ = {name: environment[name] for name in _variables(composition) if environment.get(name, "").strip()}
    ignored = {name: reason for name, value in set_.items() if (reason := weakness(value)) is not None}
    keys = [form for name, value in set_.items() if name not in ignored for form in (value, value.strip())]
    return FoundSecrets(Secrets([*keys, *secret_values(composition.experience, args)]), ignored)


def _variables(composition: Composition) -> Iterable[str]:
    named = (name for within in composition.walk() for name in variables_of(within.experience.nodes, within.home))
    return dict.fromkeys((*LLM_KEYS, *named))
