"""Experiences for tests, written as YAML and read by the real reader."""

from __future__ import annotations

from textwrap import dedent, indent

from engine.experience.analyse import analyse
from engine.experience.model import Experience


def experience(text: str) -> Experience:
    """The experience that `text` (YAML) says; it must be valid."""
    analysis = analyse(dedent(text))
    assert analysis.ok, analysis.problems
    assert analysis.experience is not None
    return analysis.experience


def yaml_graph(nodes: str, edges: str = "[]", state: str = "") -> str:
    """A whole experience.yaml around a list of nodes, a list of edges, and state fields."""
    fields = indent(dedent(state).strip() or "{}", "    ")
    return (
        "name: test\nversion: 1.0.0\n"
        f"state:\n  schema:\n{fields}\n"
        f"graph:\n  nodes:\n{indent(dedent(nodes).strip(), '    ')}\n"
        f"  edges:\n{indent(dedent(edges).strip(), '    ')}\n"
    )
