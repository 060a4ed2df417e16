"""The files that a node names: missing, unusable, or outside the experience's folder (OE601, OE602, OE603, OE605).

The rules are those of engine/nodes, which reads the files in a run. Nothing is reported of a file that cannot be
looked at. Files that an earlier node may make, data and nested experiences are only warnings, since only their node
fails (docs/format.md, Severities).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from engine.experience.checks.contexts import ItemContext
from engine.experience.checks.path_resolution import Environment
from engine.experience.checks.prompts import prompt_path
from engine.experience.files.json_text import NotJson, parse_json
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
from engine.experience.nested.nested_files import FILE_NAME
from engine.experience.problems import Code, Problem, Severity
from engine.experience.source.locate import Steps, locate
from engine.expressions import parse_reference
from engine.syntax import View

JAVASCRIPT_SUFFIXES = (".mjs", ".js", ".cjs", ".ts", ".mts", ".cts")
TOOL_SUFFIXES = (".py", *JAVASCRIPT_SUFFIXES)
_ROW_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
SKILL_FILE = "SKILL.md"
_LONGEST_CODE = 1024 * 1024
"""Longer code is a generated bundle, in which no function is looked for."""
_FAILS_ALONE = Around(frozenset(), after_makers=True)
"""The context for files whose absence never keeps a run from starting."""
_GLOBS = {
    "uses": "a resume ignores changes there",
    "produces": "the node runs again in every resume",
}


def check_files(node: ItemContext[Node]) -> Iterator[Problem]:
    """OE601, OE602, OE603 and OE605 for the files that a node names."""
    view, spec, around, env = node.view, node.model.spec, node.around, node.env
    for steps, path in _named(spec, env):
        if not env.files.is_inside(path):
            message = f"`{path}` is outside the experience's folder and is left behind if that is moved; copy it there"
            yield _problem(Code.OUTSIDE_FOLDER, view, steps, message, Severity.WARNING)
    yield from _globs_outside(view, node.model, env)
    if isinstance(spec, ToolSpec):
        yield from _tool(view, spec, around, env)
    elif isinstance(spec, SkillSpec):
        yield from _skill(view, spec, around, env)
    elif isinstance(spec, ExperienceSpec):
        yield from _experience(view, spec, env)
    elif isinstance(spec, DatasetSpec):
        yield from _dataset(view, spec, around, env)
    elif isinstance(spec, CliAgentSpec) and spec.workdir is not None and not around.may_have_made(spec.workdir):
        yield from _folder(view, spec.workdir, env)
    if isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)):
        yield from _asked_with(view, spec, around, env)


def _globs_outside(view: View, node: Node, env: Environment) -> Iterator[Problem]:
    """Globs that never match anything, and those that begin with a link out of the folder."""
    for key, effect in _GLOBS.items():
        globs = node.source.get(key)
        for at, glob in enumerate(globs) if isinstance(globs, list) else ():
            if isinstance(glob, str) and glob_leads_out(glob):
                message = f"`{glob}` never matches, so {effect}; use a path in the experience's folder, without `..`"
                yield _problem(Code.OUTSIDE_FOLDER, view, (key, at), message, Severity.WARNING)
            elif isinstance(glob, str) and not env.files.is_inside(beginning := literal_beginning(glob)):
                message = (
                    f"`{beginning}` is a link out of the experience's folder: its files are tracked,"
                    " but left behind if the folder is moved; copy them there"
                )
                yield _problem(Code.OUTSIDE_FOLDER, view, (key, at), message, Severity.WARNING)


def _asked_with(
    view: View, spec: AgentSpec | SkillSpec | CliAgentSpec, around: Around, env: Environment
) -> Iterator[Problem]:
    """The files of an agent's prompt and of the schema of its answer."""
    prompt = None if isinstance(spec, SkillSpec) else prompt_path(spec.prompt, env.files)
    if prompt is not None:
        yield from _missing(view, ("prompt",), prompt, env, around)
    if isinstance(spec.schema, str):
        yield from _schema(view, spec.schema, around, env)


def split_impl(impl: str) -> tuple[str, str | None]:
    """Split the `impl` of a tool into its file and the function after a colon, if any."""
    file, colon, function = impl.rpartition(":")
    if colon and function and "/" not in function and file.endswith(TOOL_SUFFIXES):
        return file, function
    return impl, None


def _named(spec: KindSpec, env: Environment) -> Iterator[tuple[Steps, str]]:
    """Each path in a node, with its key."""
    if isinstance(spec, ToolSpec):
        yield ("impl",), split_impl(spec.impl)[0]
    elif isinstance(spec, (SkillSpec, ExperienceSpec)):
        yield ("impl",), spec.impl
    elif isinstance(spec, DatasetSpec):
        uri = spec.source.get("uri")
        if spec.source.get("type") in ("file", "sqlite") and isinstance(uri, str) and parse_reference(uri) is None:
            yield ("source", "uri"), uri
    if isinstance(spec, (AgentSpec, CliAgentSpec)):
        prompt = prompt_path(spec.prompt, env.files)
        if prompt is not None:
            yield ("prompt",), prompt
    if isinstance(spec, CliAgentSpec) and spec.workdir is not None:
        yield ("workdir",), spec.workdir
    if isinstance(spec, (AgentSpec, SkillSpec, CliAgentSpec)) and isinstance(spec.schema, str):
        yield ("schema",), spec.schema


def _tool(view: View, spec: ToolSpec, around: Around, env: Environment) -> Iterator[Problem]:
    path, function = split_impl(spec.impl)
    if not path.endswith(TOOL_SUFFIXES):
        message = f"`{path}` is not a tool; use a file that ends in {listed(TOOL_SUFFIXES)}"
        yield _problem(Code.UNUSABLE_FILE, view, ("impl",), message)
        return
    missing = tuple(_missing(view, ("impl",), path, env, around))
    yield from missing
    text = None if missing else env.files.text(path)
    if text is None or len(text) > _LONGEST_CODE:
        return
    is_python = path.endswith(".py")
    names = python_names(text) if is_python else javascript_names(text)
    wanted = function or ("run" if is_python else "default")
    if names is None or wanted in names:
        return
    suggestion = closest(wanted, names) if function else None
    what = "default export" if wanted == "default" else f"function `{wanted}`"
    remedy = did_you_mean(suggestion) or ("; add it" if function else "; add it, or name another one after a colon")
    data = {"suggestion": suggestion} if suggestion else {}
    place = locate(view, ("impl",)).span
    severity = _severity(path, around)
    yield Problem(Code.MISSING_FUNCTION, severity, f"`{path}` has no {what}{remedy}", place, data=data)


def _skill(view: View, spec: SkillSpec, around: Around, env: Environment) -> Iterator[Problem]:
    entry = env.files.entry(spec.impl)
    if entry is Entry.FILE:
        folder = posixpath.dirname(posixpath.normpath(spec.impl)) or "."
        message = f"`impl` of a skill must be the folder of its {SKILL_FILE}, not a file; use `./{folder}`"
        yield _problem(Code.UNUSABLE_FILE, view, ("impl",), message)
    elif entry is Entry.NOTHING:
        yield _missing_problem(view, ("impl",), spec.impl, env, around)
    elif entry is Entry.FOLDER and env.files.entry(f"{spec.impl}/{SKILL_FILE}") is Entry.NOTHING:
        severity = _severity(f"{spec.impl}/{SKILL_FILE}", around)
        message = f"`{spec.impl}` contains no {SKILL_FILE}; create it there"
        yield _problem(Code.MISSING_FILE, view, ("impl",), message, severity)


def _experience(view: View, spec: ExperienceSpec, env: Environment) -> Iterator[Problem]:
    entry = env.files.entry(spec.impl)
    path = posixpath.join(spec.impl, FILE_NAME) if entry is Entry.FOLDER else spec.impl
    if entry is Entry.NOTHING:
        yield _missing_problem(view, ("impl",), path, env, _FAILS_ALONE)
    elif env.files.entry(path) is Entry.NOTHING:
        message = f"`{spec.impl}` contains no {FILE_NAME}; create it there"
        yield _problem(Code.MISSING_FILE, view, ("impl",), message, Severity.WARNING)


def _dataset(view: View, spec: DatasetSpec, around: Around, env: Environment) -> Iterator[Problem]:
    """The file of a dataset; nothing is reported if an earlier node may make it."""
    uri, type_ = spec.source.get("uri"), spec.source.get("type")
    if not isinstance(uri, str) or parse_reference(uri) is not None or type_ not in ("file", "sqlite"):
        return
    if type_ == "file" and "format" not in spec.source and not uri.lower().endswith(_ROW_SUFFIXES):
        message = f"the format of `{uri}` is unknown; add `format`, or use a file that ends in {listed(_ROW_SUFFIXES)}"
        yield _problem(Code.UNUSABLE_FILE, view, ("source", "uri"), message, Severity.WARNING)
    elif not around.may_have_made(uri):
        yield from _missing(view, ("source", "uri"), uri, env, _FAILS_ALONE)


def _folder(view: View, path: str, env: Environment) -> Iterator[Problem]:
    """The folder that a coding agent works in."""
    entry = env.files.entry(path)
    if entry is Entry.NOTHING:
        yield _missing_problem(view, ("workdir",), path, env, _FAILS_ALONE)
    elif entry is Entry.FILE:
        yield _problem(Code.UNUSABLE_FILE, view, ("workdir",), f"`{path}` is a file; name a folder", Severity.WARNING)


def _schema(view: View, path: str, around: Around, env: Environment) -> Iterator[Problem]:
    missing = tuple(_missing(view, ("schema",), path, env, around))
    yield from missing
    text = None if missing else env.files.text(path)
    if text is None:
        return
    content = parse_json(text)
    if isinstance(content, NotJson):
        severity = _severity(path, around)
        yield _problem(Code.UNUSABLE_FILE, view, ("schema",), f"`{path}` is not JSON: {content.reason}", severity)


def _severity(path: str, around: Around) -> Severity:
    """The severity of a missing or unusable file: a run is refused unless an earlier node may make the file."""
    return Severity.WARNING if around.may_have_made(path) else Severity.ERROR


def _missing(view: View, steps: Steps, path: str, env: Environment, around: Around) -> Iterator[Problem]:
    entry = env.files.entry(path)
    if entry is Entry.NOTHING:
        yield _missing_problem(view, steps, path, env, around)
    elif entry is Entry.FOLDER:
        message = f"`{path}` is a folder; name a file in it"
        yield _problem(Code.UNUSABLE_FILE, view, steps, message, _severity(path, around))


def _missing_problem(view: View, steps: Steps, path: str, env: Environment, around: Around) -> Problem:
    folder, name = posixpath.split(posixpath.normpath(path))
    suggestion = closest(name, env.files.names(folder or "."))
    meant = posixpath.join(folder, suggestion) if suggestion else None
    hint = did_you_mean(meant) or f"; create it or correct `{'.'.join(map(str, steps))}`"
    data = {"path": path} | ({"suggestion": meant} if meant else {})
    severity = _severity(path, around)
    effect = "" if severity is Severity.ERROR else ", so this node will fail"
    message = f"there is no `{path}`{effect}{hint}"
    return Problem(Code.MISSING_FILE, severity, message, locate(view, steps).span, data=data)


def _problem(code: Code, view: View, steps: Steps, message: str, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(code, severity, message, locate(view, steps).span)
