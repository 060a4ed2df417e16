"""Tells whether a node has effects outside the run (docs/format.md, Keys beyond the public format). Pure."""

from __future__ import annotations

from engine.experience.model import DatasetSpec, Effects, Kind, Node


def has_external_effects(node: Node) -> bool:
    """As `effects` says. By default tools and datasets have none, except HTTP datasets that send; all others have."""
    if node.effects is not None:
        return node.effects is Effects.EXTERNAL
    if isinstance(node.spec, DatasetSpec):
        source = node.spec.source
        # A method given by a reference is known only at run time.
        return source.get("type") == "http" and str(source.get("method", "GET")).upper() != "GET"
    return node.kind is not Kind.TOOL
