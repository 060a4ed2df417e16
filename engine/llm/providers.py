"""The providers of `--llm`. A new one is a client and a line here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from msgspec import Struct

from engine.llm.answers.statuses import Account
from engine.llm.clients import anthropic_client, openai_client
from engine.llm.protocol import LLMClient
from engine.network.variables import host_of, read


class Provider(Struct, frozen=True):
    """A provider: its name in `--llm`, logs and hashes, the function that makes its client, and its account.

    Model and address come from two environment variables, else from the defaults. It is usable if one of the variables
    in `enough` is set; `no_key` says what to do if none is. `package` is its SDK, `no_package` what to do without it.
    The prices of prices.json hold at `priced_host`, or anywhere if that is empty.
    """

    name: str
    connect: Callable[[], LLMClient]
    account: Account
    model_variable: str
    default_model: str
    enough: tuple[str, ...]
    no_key: str = ""
    package: str = ""
    no_package: str = ""
    priced_host: str = ""

    @property
    def url(self) -> str:
        """The address of calls."""
        return read(os.environ, self.account.base_url) or self.account.default_url

    def model(self, named: str | None) -> str:
        """The model to use: that of the node, else that of the environment, else the default."""
        return named or read(os.environ, self.model_variable) or self.default_model

    @property
    def is_priced(self) -> bool:
        """Whether prices.json applies: other servers may give any model any name."""
        return not self.priced_host or host_of(self.url) == self.priced_host

    def set_variable(self, environment: Mapping[str, str]) -> str | None:
        """The variable that makes the provider usable; None if none is set."""
        return next((name for name in self.enough if read(environment, name)), None)


ANTHROPIC = Provider(
    "anthropic",
    anthropic_client.connect,
    anthropic_client.ACCOUNT,
    "OE_ANTHROPIC_MODEL",
    "claude-sonnet-4-6",
    enough=anthropic_client.ENOUGH,
    no_key=anthropic_client.NO_KEY,
    package=anthropic_client.PACKAGE,
    no_package=anthropic_client.NO_PACKAGE,
)
OPENAI = Provider(
    "openai",
    openai_client.connect,
    openai_client.ACCOUNT,
    "OE_OPENAI_MODEL",
    "gpt-4o-2024-11-20",
    enough=openai_client.ENOUGH,
    no_key=openai_client.NO_KEY,
    package=openai_client.PACKAGE,
    no_package=openai_client.NO_PACKAGE,
    priced_host=openai_client.PRICED_HOST,
)

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (ANTHROPIC, OPENAI)}


def usable_provider(environment: Mapping[str, str] = os.environ) -> Provider:
    """The default provider: the only one that the environment is set up for, else Anthropic."""
    usable = [provider for provider in PROVIDERS.values() if provider.set_variable(environment)]
    return usable[0] if len(usable) == 1 else ANTHROPIC
