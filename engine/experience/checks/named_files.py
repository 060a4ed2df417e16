"""The files that a node names: whether they are there, are of use, lie inside the folder (OE601, OE602, OE603, OE605).

The rules are those of engine/nodes, which reads them when it runs. Where nobody can look, nothing is said. What a node
before it may make is a warning, and so are data and nested experiences: only their node fails (docs/format.md,
Severities).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

from engine.experience.checks.path_lookup import World
from engine.experience.checks.prompts import prompt_path
from engine.experience.files.port import Entry, glob_leads_out, literal_beginning
from engine.experience.files.tool_functions import javascript_names, python_names
from engine.experience.graph.node_context import Around
from engine.experience.json_schema.messages import closest, did_you_mean, listed
from engine.experience.model import (
    AgentSpec,
    CliAgentSpec,
    DatasetSpec,
    ExperienceSpec,
    KindSpec,
    Node,
    SkillSpec,
    ToolSpec,
)
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate
from engine.expressions import parse_reference
from engine.syntax import View

JAVASCRIPT_SUFFIXES = (".mjs", ".js", ".cjs", ".ts", ".mts", ".cts")
TOOL_SUFFIXES = (".py", *JAVASCRIPT_SUFFIXES)
_ROW_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
SKILL_FILE = "SKILL.md"
_LONGEST_CODE = 1024 * 1024
"""Longer code is not looked at for a function's name: it is a bundle, made by a program."""
_FAILS_ALONE = Around(frozenset(), after_makers=True)
"""Around what keeps no run from starting, whoever runs before it."""
_GLOBS = {
    "uses": "a resume does not see what changes there",
    "produces": "the node runs again in every resume",
}


def check_files(view: View, node: Node, around: Around, world: World) -> Iterator[Problem]:
    """The problems of the files that a node names."""
    for steps, path in _named(node.spec, world):
        if not world.files.is_inside(path):
            message = f"`{path}` lies outside the experience's folder: it runs, with a warning, and moves with nothing"
            yield _problem(Code.OUTSIDE_FOLDER, view, steps, message, Severity.WARNING)
    yield from _globs_outside(view, node, world)
    spec = node.spec
    if isinstance(spec, ToolSpec):
        yield from _tool(view, spec, around, world)
    elif isinstance(spec, SkillSpec):
        yield from _skill(view, spec, around, world)
    elif isinstance(spec, ExperienceSpec):
        yield from _experience(view, spec, world)
    elif isinstance(spec, DatasetSpec):
        yield from _dataset(view, spec, around, world)
    elif isinstance(spec, CliAgentSpec) and spec.workdir is not None and not around.may_have_made(spec.workdir):
        yield from _folder(view, spec.workdir, world)
    if isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)):
        yield from _asked_with(view, spec, around, world)


def _globs_outside(view: View, node: Node, world: World) -> Iterator[Problem]:
    """The globs that never match anything, and those whose beginning is a link out of the folder."""
    for key, result in _GLOBS.items():
        globs = node.source.get(key)
        for at, glob in enumerate(globs) if isinstance(globs, list) else ():
            if isinstance(glob, str) and glob_leads_out(glob):
                message = f"`{glob}` matches nothing: globs stay in the experience's folder, without `..`; {result}"
                yield _problem(Code.OUTSIDE_FOLDER, view, (key, at), message, Severity.WARNING)
            elif isinstance(glob, str) and not world.files.is_inside(beginning := literal_beginning(glob)):
                message = f"`{beginning}` is a link out of the experience's folder: its files count, but stay behind"
                yield _problem(Code.OUTSIDE_FOLDER, view, (key, at), message, Severity.WARNING)


def _asked_with(
    view: View, spec: AgentSpec | SkillSpec | CliAgentSpec, around: Around, world: World
) -> Iterator[Problem]:
    """What a model or a coding agent is asked with: the prompt, and the schema of the answer."""
    prompt = None if isinstance(spec, SkillSpec) else prompt_path(spec.prompt, world.files)
    if prompt is not None:
        yield from _missing(view, ("prompt",), prompt, world, around)
    if isinstance(spec.schema, str):
        yield from _schema(view, spec.schema, around, world)


def split_impl(impl: str) -> tuple[str, str | None]:
    """`impl` of a tool as its file and the function that a colon names, if any."""
    file, colon, function = impl.rpartition(":")
    if colon and function and "/" not in function and file.endswith(TOOL_SUFFIXES):
        return file, function
    return impl, None


def _named(spec: KindSpec, world: World) -> Iterator[tuple[Steps, str]]:
    """Each path that is written in a node, with the key that it stands under."""
    if isinstance(spec, ToolSpec):
        yield ("impl",), split_impl(spec.impl)[0]
    elif isinstance(spec, (SkillSpec, ExperienceSpec)):
        yield ("impl",), spec.impl
    elif isinstance(spec, DatasetSpec):
        uri = spec.source.get("uri")
        if spec.source.get("type") in ("file", "sqlite") and isinstance(uri, str) and parse_reference(uri) is None:
            yield ("source", "uri"), uri
    if isinstance(spec, (AgentSpec, CliAgentSpec)):
        prompt = prompt_path(spec.prompt, world.files)
        if prompt is not None:
            yield ("prompt",), prompt
    if isinstance(spec, CliAgentSpec) and spec.workdir is not None:
        yield ("workdir",), spec.workdir
    if isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)) and isinstance(spec.schema, str):
        yield ("schema",), spec.schema


def _tool(view: View, spec: ToolSpec, around: Around, world: World) -> Iterator[Problem]:
    path, function = split_impl(spec.impl)
    if not path.endswith(TOOL_SUFFIXES):
        message = f"`{path}` is no tool: a tool's file ends in {listed(TOOL_SUFFIXES)}"
        yield _problem(Code.UNUSABLE_FILE, view, ("impl",), message)
        return
    missing = tuple(_missing(view, ("impl",), path, world, around))
    yield from missing
    text = None if missing else world.files.text(path)
    if text is None or len(text) > _LONGEST_CODE:
        return
    is_python = path.endswith(".py")
    names = python_names(text) if is_python else javascript_names(text)
    wanted = function or ("run" if is_python else "default")
    if names is None or wanted in names:
        return
    suggestion = closest(wanted, names) if function else None
    what = "default export" if wanted == "default" else f"function `{wanted}`"
    remedy = did_you_mean(suggestion) or ("; name one after a colon, or add it" if not function else "; add it there")
    data = {"suggestion": suggestion} if suggestion else {}
    place = locate(view, ("impl",)).span
    severity = _severity(path, around)
    yield Problem(Code.MISSING_FUNCTION, severity, f"`{path}` has no {what}{remedy}", place, data=data)


def _skill(view: View, spec: SkillSpec, around: Around, world: World) -> Iterator[Problem]:
    entry = world.files.entry(spec.impl)
    if entry is Entry.FILE:
        folder = posixpath.dirname(posixpath.normpath(spec.impl)) or "."
        message = f"`impl` of a skill is the folder of its {SKILL_FILE}, such as `./{folder}`, not a file"
        yield _problem(Code.UNUSABLE_FILE, view, ("impl",), message)
    elif entry is Entry.NOTHING:
        yield _missing_problem(view, ("impl",), spec.impl, world, around)
    elif entry is Entry.FOLDER and world.files.entry(f"{spec.impl}/{SKILL_FILE}") is Entry.NOTHING:
        severity = _severity(f"{spec.impl}/{SKILL_FILE}", around)
        message = f"`{spec.impl}` holds no {SKILL_FILE}; create it there"
        yield _problem(Code.MISSING_FILE, view, ("impl",), message, severity)


def _experience(view: View, spec: ExperienceSpec, world: World) -> Iterator[Problem]:
    entry = world.files.entry(spec.impl)
    path = posixpath.join(spec.impl, "experience.yaml") if entry is Entry.FOLDER else spec.impl
    if entry is Entry.NOTHING:
        yield _missing_problem(view, ("impl",), path, world, _FAILS_ALONE)
    elif world.files.entry(path) is Entry.NOTHING:
        message = f"`{spec.impl}` holds no experience.yaml; create it there"
        yield _problem(Code.MISSING_FILE, view, ("impl",), message, Severity.WARNING)


def _dataset(view: View, spec: DatasetSpec, around: Around, world: World) -> Iterator[Problem]:
    """The file of a dataset is data, which something before it may make: then nothing is said of it."""
    uri, type_ = spec.source.get("uri"), spec.source.get("type")
    if not isinstance(uri, str) or parse_reference(uri) is not None or type_ not in ("file", "sqlite"):
        return
    if type_ == "file" and "format" not in spec.source and not uri.lower().endswith(_ROW_SUFFIXES):
        message = f"the ending of `{uri}` does not tell its format; add `format`, or use {listed(_ROW_SUFFIXES)}"
        yield _problem(Code.UNUSABLE_FILE, view, ("source", "uri"), message, Severity.WARNING)
    elif not around.may_have_made(uri):
        yield from _missing(view, ("source", "uri"), uri, world, _FAILS_ALONE)


def _folder(view: View, path: str, world: World) -> Iterator[Problem]:
    """The folder that a coding agent works in, unless something before it may make it."""
    entry = world.files.entry(path)
    if entry is Entry.NOTHING:
        yield _missing_problem(view, ("workdir",), path, world, _FAILS_ALONE)
    elif entry is Entry.FILE:
        yield _problem(Code.UNUSABLE_FILE, view, ("workdir",), f"`{path}` is a file; name a folder", Severity.WARNING)


def _schema(view: View, path: str, around: Around, world: World) -> Iterator[Problem]:
    missing = tuple(_missing(view, ("schema",), path, world, around))
    yield from missing
    text = None if missing else world.files.text(path)
    if text is None:
        return
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        severity = _severity(path, around)
        yield _problem(Code.UNUSABLE_FILE, view, ("schema",), f"`{path}` is not JSON: {reason}", severity)


def _severity(path: str, around: Around) -> Severity:
    """How bad it is that a file is not there or of no use: a run is refused unless a node before it may mend that."""
    return Severity.WARNING if around.may_have_made(path) else Severity.ERROR


def _missing(view: View, steps: Steps, path: str, world: World, around: Around) -> Iterator[Problem]:
    entry = world.files.entry(path)
    if entry is Entry.NOTHING:
        yield _missing_problem(view, steps, path, world, around)
    elif entry is Entry.FOLDER:
        message = f"`{path}` is a folder; name a file in it"
        yield _problem(Code.UNUSABLE_FILE, view, steps, message, _severity(path, around))


def _missing_problem(view: View, steps: Steps, path: str, world: World, around: Around) -> Problem:
    folder, name = posixpath.split(posixpath.normpath(path))
    suggestion = closest(name, world.files.names(folder or "."))
    meant = posixpath.join(folder, suggestion) if suggestion else None
    hint = did_you_mean(meant) or f"; create it or correct `{'.'.join(map(str, steps))}`"
    data = {"path": path} | ({"suggestion": meant} if meant else {})
    severity = _severity(path, around)
    unless = "" if severity is Severity.ERROR else "; until it is there, this node fails"
    message = f"there is no `{path}`{hint}{unless}"
    return Problem(Code.MISSING_FILE, severity, message, locate(view, steps).span, data=data)


def _problem(code: Code, view: View, steps: Steps, message: str, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(code, severity, message, locate(view, steps).span)
