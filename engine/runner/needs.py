"""Finds what the nodes that may run need and this machine lacks."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from engine.cache.plan.pending import Pending
from engine.nodes.requirements import Machine, Requirement, requirements_of
from engine.scheduler.composition import Composition


class Need(Struct, frozen=True):
    """One thing that is missing: `kind` and `name` of the requirement, what is wrong and how to mend it (`message`),
    and the addresses of the nodes that need it. `stops` are those of them that certainly run, and wait for nothing.
    """

    kind: str
    name: str
    message: str
    nodes: tuple[str, ...]
    stops: tuple[str, ...] = ()


def needs_of(executions: Iterable[Pending], machine: Machine) -> tuple[Need, ...]:
    """What `executions` need and `machine` lacks. Looks only at PATH, the environment and mcp.json."""
    problems: dict[Requirement, str | None] = {}
    nodes: dict[Requirement, dict[str, bool]] = {}
    for each in executions:
        for requirement in requirements_of(each.node, each.home, machine.provider):
            if requirement not in problems:
                problems[requirement] = machine.lacks(requirement)
            if problems[requirement] is not None:
                by_address = nodes.setdefault(requirement, {})
                by_address[each.address] = by_address.get(each.address, False) or each.is_first
    return tuple(_need(requirement, problems[requirement] or "", found) for requirement, found in nodes.items())


def needs_of_all(composition: Composition, machine: Machine) -> tuple[Need, ...]:
    """What any node of `composition` needs, whether it would run or not."""
    return needs_of(
        (
            Pending(node, "/".join([*(nesting.node.id for nesting in within.nested_by), node.id]), within.home)
            for within in composition.walk()
            for node in within.experience.nodes
        ),
        machine,
    )


def _need(requirement: Requirement, message: str, nodes: dict[str, bool]) -> Need:
    stops = tuple(address for address, is_first in nodes.items() if is_first)
    return Need(requirement.kind.value, requirement.name, message, tuple(nodes), stops)
