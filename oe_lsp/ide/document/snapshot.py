"""One version of one document, and what the checker says about it. Immutable, shared by all features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from engine.experience import Analysis


class Snapshot(Struct, frozen=True):
    """`version` is the client's number for `text`; `analysis` is of exactly this text."""

    uri: str
    version: int
    text: str
    analysis: Analysis
