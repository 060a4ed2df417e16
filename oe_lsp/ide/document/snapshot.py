"""One version of one document with its analysis. Immutable, shared by all features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.experience import Analysis


class Snapshot(Struct, frozen=True):
    """`version` is the client's version number of `text`; `analysis` belongs to exactly this text."""

    uri: str
    version: int
    text: str
    analysis: Analysis
