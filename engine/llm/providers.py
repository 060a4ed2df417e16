"""The providers that `--llm` chooses from. A new one is a client and a line here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from msgspec import Struct

from engine.llm.anthropic_client import AnthropicClient
from engine.llm.openai_client import OpenAIClient
from engine.llm.protocol import LLMClient


class Provider(Struct, frozen=True):
    """A provider: its name in `--llm`, logs and hashes, and what makes its client.

    Its model and its address are those of two variables of the environment, else the defaults.
    """

    name: str
    connect: Callable[[], LLMClient]
    model_variable: str
    default_model: str
    url_variable: str
    default_url: str

    @property
    def url(self) -> str:
        """Where calls go."""
        return os.environ.get(self.url_variable) or self.default_url

    def model(self, named: str | None) -> str:
        """The model to use: the one that a node names, else that of the environment, else the default."""
        return named or os.environ.get(self.model_variable) or self.default_model


ANTHROPIC = Provider(
    "anthropic",
    AnthropicClient,
    "OE_ANTHROPIC_MODEL",
    "claude-sonnet-4-6",
    "ANTHROPIC_BASE_URL",
    "https://api.anthropic.com",
)
OPENAI = Provider(
    "openai", OpenAIClient, "OE_OPENAI_MODEL", "gpt-4o-2024-11-20", "OPENAI_BASE_URL", "https://api.openai.com/v1"
)

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in (ANTHROPIC, OPENAI)}
