"""`oe run --plan`: finds out what a run would do from the experience and its files. Runs nothing."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.experience.args import without_secrets
from engine.experience.model import DatasetSpec, KindSpec, Node
from engine.expressions import MISSING, Root, descend, parse_reference
from engine.json_types import Json
from engine.log.secrets.masking import MASK
from engine.network.variables import host_of
from engine.nodes.datasets.mcp_servers import find_server
from engine.nodes.datasets.source import SqliteSource, known_source
from engine.nodes.kind import NodeError
from engine.nodes.node_files import named_file
from engine.nodes.registry import Kinds, kinds
from engine.nodes.workers.interpreters import find_python, wanted_python
from engine.report.drawing.diagram import Box, picture_of
from engine.report.forecast import Environment, NamedPath, Step, commands_of, hosts_of, nested_path
from engine.runner.prepare import Preparation
from engine.scheduler.composition import Composition


def forecast(preparation: Preparation, python: str | None) -> tuple[Step, ...]:
    """The steps of a prepared run, in topological order."""
    node_kinds = kinds(preparation.loaded.directory, python=python)
    llm_host = host_of(preparation.provider.url)
    args = without_secrets(preparation.experience, preparation.args, MASK)
    return _Forecaster(preparation.composition, node_kinds, python, llm_host, args).steps()


class _Forecaster(Struct, frozen=True):
    """The steps of an experience and of those nested in it. `args` are those of the run, if known."""

    composition: Composition
    kinds: Kinds
    python: str | None
    llm_host: str
    args: Mapping[str, Json]

    def steps(self) -> tuple[Step, ...]:
        picture = picture_of(self.composition.experience, self.composition.graph)
        return tuple(self._vertex(box) for box in picture.boxes)

    def _vertex(self, box: Box) -> Step:
        graph = self.composition.graph
        conditions = tuple(edge.when_text for edge in graph.incoming[box.id] if edge.when_text)
        return replace(self._step(box), after=graph.waits[box.id], conditions=conditions)

    def _step(self, box: Box) -> Step:
        if box.parts:
            return Step(box.id, box.kind, notes=box.notes, inside=tuple(self._step(part) for part in box.parts))
        node = next(node for node in self.composition.experience.nodes if node.id == box.id)
        environment = _environment(Path(self.composition.home), self.python, self.llm_host)
        nested = self.composition.nested.get(node.id)
        return Step(
            id=box.id,
            kind=box.kind,
            notes=box.notes,
            commands=self._commands(node, environment),
            hosts=hosts_of(self._spec(node), environment),
            files=self._files(node),
            writes=node.writes,
            inside=replace(self, composition=nested, args={}).steps() if nested is not None else (),
        )

    def _files(self, node: Node) -> tuple[NamedPath, ...]:
        home = Path(self.composition.home)
        impl = nested_path(node.spec)
        if impl is not None:
            file = named_file(home, impl)
            return (NamedPath(file.shown, file.path.exists()),)
        spec = self._spec(node)
        given = spec.source if isinstance(spec, DatasetSpec) else {}
        paths = set(self.kinds.at(self.composition.home)[node.kind].files(node, given).values())
        if isinstance(spec, DatasetSpec) and isinstance(source := known_source(spec.source, given), SqliteSource):
            paths.add(named_file(home, source.uri).path)
        named = sorted((Path(os.path.relpath(path, home)).as_posix(), path) for path in paths)
        may_come = isinstance(spec, DatasetSpec) and bool(self.composition.graph.waits.get(node.id))
        return tuple(NamedPath(shown, path.exists(), may_come) for shown, path in named)

    def _commands(self, node: Node, environment: Environment) -> tuple[tuple[str, ...], ...]:
        spec = self._spec(node)
        if not isinstance(spec, DatasetSpec) or spec.source.get("type") != "mcp-resource":
            return commands_of(spec, environment)
        name = str(spec.source.get("server", "?"))
        try:
            server = find_server(Path(self.composition.home), name, os.environ)
        except NodeError:
            return ((f"MCP server {name}",),)
        return ((server.program, *server.args),)

    def _spec(self, node: Node) -> KindSpec:
        """The spec of the node, with the run args that its source refers to."""
        spec = node.spec
        return replace(spec, source=_with_args(spec.source, self.args)) if isinstance(spec, DatasetSpec) else spec


def _with_args(written: Mapping[str, Json], args: Mapping[str, Json]) -> dict[str, Json]:
    """`written` with the args that it refers to. References to other values, or to secrets, stay."""
    known: dict[str, Json] = dict(written)
    for key, value in written.items():
        path = parse_reference(value) if isinstance(value, str) else None
        found = descend(dict(args), path.steps) if path is not None and path.root is Root.ARGS else MISSING
        if found is not MISSING and found != MASK:
            known[key] = found
    return known


@functools.cache
def _environment(directory: Path, python: str | None, llm_host: str) -> Environment:
    try:
        found = find_python(directory, python)
    except NodeError:
        found = wanted_python(directory, python).program
    return Environment(found, shutil.which("node") or "node", llm_host)
