"""Whether a node changes anything outside the run (docs/format.md, Keys beyond the public format). Pure."""

from __future__ import annotations

from engine.experience.model import DatasetSpec, Effects, Kind, Node


def has_external_effects(node: Node) -> bool:
    """As the node says; else tools and datasets have none, but for one that sends, and all others have some."""
    if node.effects is not None:
        return node.effects is Effects.EXTERNAL
    if isinstance(node.spec, DatasetSpec):
        source = node.spec.source
        # A method that a reference names is known only when it is asked for.
        return source.get("type") == "http" and str(source.get("method", "GET")).upper() != "GET"
    return node.kind is not Kind.TOOL
