"""Hashes values for input hashes: with the user's key where they come from a secret."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from engine.cache.keys.user_key import UserKey, user_key
from engine.canonical import hash_value, hash_with_key
from engine.expressions import Json
from engine.log.secrets.masking import Secrets
from engine.scheduler.value_digest import keyed


class SecretParts:
    """Hashes the values of one run or plan, whose secrets are `secrets`. Reads or creates the key on first use."""

    def __init__(self, secrets: Secrets, find_key: Callable[[], UserKey] = user_key) -> None:
        self.secrets = secrets
        self.problem: str | None = None
        self._find_key = find_key

    def hash(self, value: Json, shown: Json) -> str:
        """The digest of `value`, of which people may see `shown`: keyed if that is less or `value` holds a secret."""
        if (shown is value or shown == value) and not self.secrets.are_in(value):
            return hash_value(value)
        return keyed(self._key.id, hash_with_key(value, self._key.content))

    @cached_property
    def _key(self) -> UserKey:
        key = self._find_key()
        self.problem = key.problem
        return key
