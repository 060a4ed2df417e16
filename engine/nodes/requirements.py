"""What a node needs of the machine, and whether it is there: keys, programs, servers, packages, variables.

Looks only at PATH, the environment and mcp.json; starts and imports nothing. The messages are those that the node would
fail with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from engine.experience.checks.named_files import JAVASCRIPT_SUFFIXES, split_impl
from engine.experience.model import AgentSpec, CliAgentSpec, DatasetSpec, Node, SkillSpec, ToolSpec
from engine.expressions import references
from engine.llm.clients.connection import account_problems
from engine.llm.providers import ANTHROPIC, Provider
from engine.nodes.cli_agents.programs import PROGRAMS
from engine.nodes.datasets.files import NO_PYARROW
from engine.nodes.datasets.mcp_servers import NO_MCP, find_server
from engine.nodes.datasets.source import FileSource, Format, known_source
from engine.nodes.datasets.variables import fill
from engine.nodes.kind import NodeError
from engine.nodes.workers.interpreters import find_node, find_python


class RequirementKind(str, Enum):
    """What can be required; the values stand in JSON."""

    KEY = "key"
    PROGRAM = "program"
    SERVER = "server"
    PACKAGE = "package"
    VARIABLE = "variable"


class Requirement(Struct, frozen=True):
    """One requirement. `name`: the variable of a key, a program, a server of mcp.json, a package, or an HTTP header.

    `home` is the folder of the experience, where it matters. `text` is the provider of a coding agent's program, or the
    text whose variables a header needs.
    """

    kind: RequirementKind
    name: str
    home: str = ""
    text: str = ""


class Machine(Struct, frozen=True):
    """Where a run would execute: its environment, LLM provider, and `--python`."""

    environment: Mapping[str, str] = os.environ
    provider: Provider = ANTHROPIC
    python: str | None = None

    def lacks(self, requirement: Requirement) -> str | None:
        """What is missing and how to get it; None if nothing is."""
        try:
            return self._problem(requirement)
        except NodeError as error:
            return str(error)

    def _problem(self, requirement: Requirement) -> str | None:
        kind, name = requirement.kind, requirement.name
        if kind is RequirementKind.KEY:
            return self._key_problem()
        if kind is RequirementKind.PACKAGE:
            missing = {"mcp": NO_MCP, "pyarrow": NO_PYARROW}.get(name, self.provider.no_package)
            return missing if find_spec(name) is None else None
        if kind is RequirementKind.SERVER:
            find_server(Path(requirement.home), name, self.environment)
        elif kind is RequirementKind.VARIABLE:
            fill(requirement.text, f"the header {name}", self.environment)
        elif name == _NODE:
            find_node()
        elif name == _PYTHON:
            find_python(Path(requirement.home), self.python)
        elif PROGRAMS[requirement.text].path() is None:
            return PROGRAMS[requirement.text].missing(requirement.text)
        return None

    def _key_problem(self) -> str | None:
        if self.provider.set_variable(self.environment) is None:
            return self.provider.no_key
        return next(account_problems(self.provider.account, self.environment), None)


_NODE, _PYTHON = "node", "python"


def requirements_of(node: Node, home: str, provider: Provider) -> Iterator[Requirement]:
    """What `node` needs, in an experience whose folder is `home`; agents and skills ask `provider`."""
    spec = node.spec
    if isinstance(spec, ToolSpec):
        is_javascript = split_impl(spec.impl)[0].endswith(JAVASCRIPT_SUFFIXES)
        yield Requirement(RequirementKind.PROGRAM, _NODE if is_javascript else _PYTHON, "" if is_javascript else home)
    elif isinstance(spec, (AgentSpec, SkillSpec)):
        yield Requirement(RequirementKind.KEY, provider.enough[0])
        if provider.package:
            yield Requirement(RequirementKind.PACKAGE, provider.package)
    elif isinstance(spec, CliAgentSpec) and spec.provider in PROGRAMS:
        yield Requirement(RequirementKind.PROGRAM, PROGRAMS[spec.provider].name, text=spec.provider)
    elif isinstance(spec, DatasetSpec):
        yield from _of_dataset(spec, home)


def _of_dataset(spec: DatasetSpec, home: str) -> Iterator[Requirement]:
    """What a source needs, as far as it is written out: what it refers to is not known yet."""
    type_, server, headers = (spec.source.get(key) for key in ("type", "server", "headers"))
    if type_ == "mcp-resource":
        yield Requirement(RequirementKind.PACKAGE, "mcp")
        if isinstance(server, str) and not references(server):
            yield Requirement(RequirementKind.SERVER, server, home)
    elif type_ == "http" and isinstance(headers, dict):
        texts = {name: text for name, text in headers.items() if isinstance(text, str)}
        yield from (Requirement(RequirementKind.VARIABLE, name, text=text) for name, text in texts.items())
    else:
        source = known_source(spec.source, {})
        if isinstance(source, FileSource) and source.format is Format.PARQUET:
            yield Requirement(RequirementKind.PACKAGE, "pyarrow")
