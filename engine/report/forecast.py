"""The forecast of a run (`oe run --plan`): its steps with their commands, files and hosts."""

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
from engine.log.humanize import plural
from engine.nodes.cli_agents.programs import PROGRAMS


class NamedPath(Struct, frozen=True):
    """A file that the experience names. `may_come`: an earlier step may write it."""

    shown: str
    exists: bool
    may_come: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether a run will not find the file."""
        return not self.exists and not self.may_come

    @property
    def note(self) -> str:
        """The note after its name."""
        if self.exists:
            return ""
        return " (not there yet)" if self.may_come else " (missing)"


class Step(Struct, frozen=True):
    """One vertex. `after`: the vertices that it waits for, `conditions`: of its edges, `notes`: how often it runs.

    `commands` are programs with arguments, `inside` the steps of a pipeline, loop or nested experience.
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


class Environment(Struct, frozen=True):
    """The interpreters of tools and the host of the LLM provider."""

    python: str
    node: str
    llm_host: str


def commands_of(spec: KindSpec, environment: Environment) -> tuple[tuple[str, ...], ...]:
    """The programs that a node with this spec starts."""
    if isinstance(spec, ToolSpec):
        interpreter = (
            environment.node if spec.impl.partition(":")[0].endswith(JAVASCRIPT_SUFFIXES) else environment.python
        )
        return ((interpreter, spec.impl),)
    if isinstance(spec, CliAgentSpec) and spec.provider in PROGRAMS:
        program = PROGRAMS[spec.provider]
        return ((program.name, *program.arguments(spec)),)
    if isinstance(spec, DatasetSpec) and spec.source.get("type") == "mcp-resource":
        return ((f"MCP server {spec.source.get('server', '?')}",),)
    return ()


def hosts_of(spec: KindSpec, environment: Environment) -> tuple[str, ...]:
    """The hosts that a node with this spec connects to, not counting those of its programs."""
    if isinstance(spec, (AgentSpec, SkillSpec)):
        return (environment.llm_host,)
    if isinstance(spec, DatasetSpec) and spec.source.get("type") == "http":
        return (_host(spec.source),)
    return ()


def nested_path(spec: KindSpec) -> str | None:
    """The path of the nested experience of a node with this spec, if any."""
    return spec.impl if isinstance(spec, ExperienceSpec) else None


def forecast_lines(name: str, steps: tuple[Step, ...]) -> Iterator[str]:
    """The forecast as text: each step with what it touches, then all programs, hosts and missing files."""
    yield f"{name}: {plural(len(steps), 'step')} (nothing is run)"
    yield from _step_lines(steps, "")
    everything = list(_all(steps))
    missing = _distinct(file.shown for step in everything for file in step.files if file.is_missing)
    yield ""
    yield f"programs  {_listed(command[0] for step in everything for command in step.commands)}"
    yield f"hosts     {_listed(host for step in everything for host in step.hosts)}"
    if missing:
        yield f"missing   {', '.join(missing)}"


def forecast_to_json(name: str, steps: tuple[Step, ...]) -> dict[str, Json]:
    """The forecast as JSON."""
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
    """The host of a URL, or the whole text if the run has to fill it in."""
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
