"""What a run would do, before it does anything: the steps in order, and the commands, files and hosts of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from engine.experience.checks.named_files import JAVASCRIPT_SUFFIXES
from engine.experience.model import (
    AgentSpec,
    CliAgentSpec,
    DatasetSpec,
    ExperienceSpec,
    KindSpec,
    SkillSpec,
    ToolSpec,
)
from engine.json_types import Json
from engine.nodes.cli_agents.programs import PROGRAMS


class NamedPath(Struct, frozen=True):
    """A file as the experience names it, and whether it is there now; `may_come` from a step before."""

    shown: str
    exists: bool
    may_come: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether a run will not find it."""
        return not self.exists and not self.may_come

    @property
    def note(self) -> str:
        """What is to be said of it beside its name."""
        if self.exists:
            return ""
        return " (not there yet)" if self.may_come else " (missing)"


class Step(Struct, frozen=True):
    """One node. `after` are the vertices that it waits for, `conditions` what must hold, `notes` how often it runs.

    `commands` are programs with their arguments; `inside` are the steps of a pipeline,
    a loop or a nested experience.
    """

    id: str
    kind: str
    after: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    hosts: tuple[str, ...] = ()
    files: tuple[NamedPath, ...] = ()
    writes: tuple[str, ...] = ()
    inside: tuple[Step, ...] = ()


class Surroundings(Struct, frozen=True):
    """Where a run would happen: the programs that tools run in, and the host that language models answer at."""

    python: str
    node: str
    llm_host: str


def commands_of(spec: KindSpec, around: Surroundings) -> tuple[tuple[str, ...], ...]:
    """The programs that a node of this spec starts."""
    if isinstance(spec, ToolSpec):
        interpreter = around.node if spec.impl.partition(":")[0].endswith(JAVASCRIPT_SUFFIXES) else around.python
        return ((interpreter, spec.impl),)
    if isinstance(spec, CliAgentSpec) and spec.provider in PROGRAMS:
        program = PROGRAMS[spec.provider]
        return ((program.name, *program.arguments(spec)),)
    if isinstance(spec, DatasetSpec) and spec.source.get("type") == "mcp-resource":
        return ((f"MCP server {spec.source.get('server', '?')}",),)
    return ()


def hosts_of(spec: KindSpec, around: Surroundings) -> tuple[str, ...]:
    """The hosts that a node of this spec talks to itself; what its programs talk to, nobody knows."""
    if isinstance(spec, (AgentSpec, SkillSpec)):
        return (around.llm_host,)
    if isinstance(spec, DatasetSpec) and spec.source.get("type") == "http":
        return (_host(spec.source),)
    return ()


def nested_path(spec: KindSpec) -> str | None:
    """The path of the experience that a node of this spec runs, if it runs one."""
    return spec.impl if isinstance(spec, ExperienceSpec) else None


def forecast_lines(name: str, steps: tuple[Step, ...]) -> Iterator[str]:
    """The forecast for a person: each step with what it touches, then all programs, hosts and missing files."""
    yield f"{name}: {len(steps)} steps, nothing is run"
    yield from _step_lines(steps, "")
    everything = list(_all(steps))
    missing = _distinct(file.shown for step in everything for file in step.files if file.is_missing)
    yield ""
    yield f"programs  {_listed(command[0] for step in everything for command in step.commands)}"
    yield f"hosts     {_listed(host for step in everything for host in step.hosts)}"
    if missing:
        yield f"missing   {', '.join(missing)}"


def forecast_to_json(name: str, steps: tuple[Step, ...]) -> dict[str, Json]:
    """The forecast for a machine."""
    return {"experience": name, "steps": [_to_json(step) for step in steps]}


def _step_lines(steps: tuple[Step, ...], indent: str) -> Iterator[str]:
    width = max((len(step.id) for step in steps), default=0)
    for number, step in enumerate(steps, 1):
        said = [step.kind, *step.notes]
        if step.after:
            said.append(f"after {', '.join(step.after)}")
        said += [f"if {condition}" for condition in step.conditions]
        yield f"{indent}{number:>3}. {step.id:<{width}}  {' · '.join(said)}"
        for what, values in _touched(step).items():
            if values:
                yield f"{indent}       {what:<7} {', '.join(values)}"
        yield from _step_lines(step.inside, indent + "    ")


def _touched(step: Step) -> Mapping[str, list[str]]:
    return {
        "runs": [" ".join(command) for command in step.commands],
        "asks": list(step.hosts),
        "files": [file.shown + file.note for file in step.files],
        "writes": list(step.writes),
    }


def _all(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _all(step.inside)


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(_distinct(texts)) or "none"


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _host(source: Mapping[str, Json]) -> str:
    """The host of an address, which may be known only once the run gives it a value."""
    address = str(source.get("url") or source.get("uri") or "")
    return urlsplit(address).netloc.rpartition("@")[2] or address


def _to_json(step: Step) -> dict[str, Json]:
    return {
        "id": step.id,
        "kind": step.kind,
        "after": list(step.after),
        "conditions": list(step.conditions),
        "notes": list(step.notes),
        "commands": [list(command) for command in step.commands],
        "hosts": list(step.hosts),
        "files": [{"path": file.shown, "exists": file.exists} for file in step.files],
        "writes": list(step.writes),
        "inside": [_to_json(inner) for inner in step.inside],
    }
