"""The fingerprints and imports of experiences' files, kept as long as the process lives."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from engine.cache.keys.fingerprints import Fingerprints, Known
from engine.cache.keys.imports.local_modules import Imports


class Sources(Struct, frozen=True):
    """Fingerprints and imports. Plans and runs that share them read each file once, until it changes."""

    fingerprints: Fingerprints
    imports: Imports


def new_sources(remembered: Mapping[str, Known]) -> Sources:
    """Sources that know only what an earlier process `remembered` (see engine.cache.keys.fingerprint_store)."""
    fingerprints = Fingerprints(remembered)
    return Sources(fingerprints, Imports(fingerprints))
