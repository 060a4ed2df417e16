"""Checks the number of fields a node writes and the merge of a field, from the item alone (OE403, OE407)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.experience.json_schema.inference import known_of_field
from engine.experience.model import AgentSpec, CliAgentSpec, DatasetSpec, Merge, Node, SkillSpec
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import locate
from engine.expressions.kinds import words
from engine.expressions.values import ValueKind
from engine.syntax import View


def wrong_count_of_writes(view: View, node: Node) -> Iterator[Problem]:
    """Reports a single result without exactly one field to write it to (docs/format.md, Agents)."""
    reason = _why_wrong(node, len(node.writes))
    if reason is not None:
        place = locate(view, ("writes",) if "writes" in node.source else ("id",))
        yield Problem(Code.WRITES_COUNT, Severity.ERROR, reason, place.span)


def wrong_merge(view: View, name: str, field: dict[str, Any]) -> Iterator[Problem]:
    """Reports `array_append` on a field that is never a list, so every write fails."""
    if field.get("merge") != Merge.ARRAY_APPEND.value:
        return
    kinds = known_of_field(field).kinds
    if ValueKind.LIST not in kinds:
        message = f"`array_append` appends to a list, but `{name}` is {words(kinds)}, so every write fails"
        yield Problem(Code.WRONG_MERGE, Severity.WARNING, message, locate(view, ("merge",)).span)


def _why_wrong(node: Node, count: int) -> str | None:
    """Why the number of fields is wrong; None if it is right."""
    spec = node.spec
    if count == 1:
        return None
    if isinstance(spec, (AgentSpec, SkillSpec)) and spec.schema is None:
        who = "an agent" if isinstance(spec, AgentSpec) else "a skill"
        return f"{who} without `schema` needs exactly one field in `writes`, not {count}; list one, or add a `schema`"
    if isinstance(spec, DatasetSpec):
        return f"a dataset needs exactly one field in `writes`, not {count}; list one"
    if isinstance(spec, CliAgentSpec) and spec.output_format == "text" and count > 1:
        return f"a cli-agent writes its text to one field, not {count}; list one, or use `output_format: json`"
    return None
