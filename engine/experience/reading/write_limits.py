"""How much a node may write, and into what, as far as the node or the field alone tells (OE403, OE407)."""

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
    """What comes as one value needs one field to go to (docs/format.md, Agents; engine/nodes says the same)."""
    wanted = _why_one(node, len(node.writes))
    if wanted is not None:
        place = locate(view, ("writes",) if "writes" in node.source else ("id",))
        yield Problem(Code.WRITES_COUNT, Severity.ERROR, wanted, place.span)


def wrong_merge(view: View, name: str, field: dict[str, Any]) -> Iterator[Problem]:
    """`array_append` on a field that is never a list, so that every write fails."""
    if field.get("merge") != Merge.ARRAY_APPEND.value:
        return
    kinds = known_of_field(field).kinds
    if ValueKind.LIST not in kinds:
        message = f"`array_append` adds to a list, but `{name}` is {words(kinds)}: every write fails"
        yield Problem(Code.WRONG_MERGE, Severity.WARNING, message, locate(view, ("merge",)).span)


def _why_one(node: Node, count: int) -> str | None:
    """Why another number of fields is wanted; None where the number is right, or free."""
    spec = node.spec
    if count == 1:
        return None
    if isinstance(spec, (AgentSpec, SkillSpec)) and spec.schema is None:
        who = "an agent" if isinstance(spec, AgentSpec) else "a skill"
        needs = f"needs exactly one field in `writes`, not {count}: name one field, or add a `schema`"
        return f"{who} without `schema` answers in text and {needs}"
    if isinstance(spec, DatasetSpec):
        return f"a dataset writes its rows to exactly one field in `writes`, not {count}: name one"
    if isinstance(spec, CliAgentSpec) and spec.output_format == "text" and count > 1:
        return f"a cli-agent writes its text to one field, not {count}: name one, or use `output_format: json`"
    return None
