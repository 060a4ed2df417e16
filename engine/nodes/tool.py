"""The node kind `tool`: a Python or JavaScript function that runs in a worker process (docs/format.md, Tools)."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from engine.experience.checks.named_files import TOOL_SUFFIXES, split_impl
from engine.experience.model import Node, ToolSpec
from engine.expressions import Json, kind_of
from engine.file_names import is_writable
from engine.log.events.events import Location, Metrics, Output
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.kind import NodeError, Outcome, Watcher, Work, excerpt
from engine.nodes.node_files import NamedFile, named_file, outside_warning
from engine.nodes.processes.environment import tool_environment
from engine.nodes.processes.process import may_start_later
from engine.nodes.workers.interpreters import find_node, find_python, require_node, require_python
from engine.nodes.workers.pool import Program, WorkerPool
from engine.nodes.workers.worker_client import WorkerGone

_WORKERS = Path(__file__).parent / "workers"
_WORKER = str(_WORKERS / "worker.py")
_METRICS: Mapping[str, tuple[type, ...]] = {
    "tokens_in": (int,),
    "tokens_out": (int,),
    "cost_usd": (int, float),
    "model": (str,),
}


class _Tool(Struct, frozen=True):
    """What an `impl` names: a function in a file, the path that the worker gets, and the program that runs it."""

    file: NamedFile
    function: str | None
    name: str
    program: Program
    is_inside: bool


class ToolKind:
    """Runs the tools of the experience at `directory`, Python tools with the interpreter `python` if given.

    What they print goes to `outputs`.
    """

    def __init__(
        self, directory: Path, *, python: str | None = None, size: int | None = None, outputs: Outputs | None = None
    ) -> None:
        self._directory = directory.absolute()
        self._python = python
        self._outputs = outputs or Outputs()
        self._pool = WorkerPool(self._directory, tool_environment(), size=size)
        self._ids = itertools.count(1)
        self._known_to_leave: set[NamedFile] = set()
        self._tools: dict[str, _Tool] = {}
        self._has_url = _has_url(self._directory)
        self._numbers: dict[int, tuple[Node, int]] = {}
        self._found_python: str | None = None
        self._answered: set[Program] = set()

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:  # noqa: ARG002
        """The tool's file."""
        file = named_file(self._directory, split_impl(_spec(node).impl)[0])
        return {f"impl {file.shown}": file.path}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002
        """Empty: a tool's result depends on its files alone."""
        return {}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Calls the tool once. Raises NodeError unless it returns a result."""
        tool = self._tool(work.node)
        file, function, program = tool.file, tool.function, tool.program
        if not tool.is_inside:
            watcher.warning(outside_warning(file))
        request = {
            "id": next(self._ids),
            "file": tool.name,
            "function": function,
            "input": tool_input(work),
            "node": self._number_of(work.node),
            "files": {self._name_for_worker(path): digest for path, digest in work.digests.items()},
            "linger": self._pool.one_by_one,
        }
        message = _request_line(request)
        try:
            with self._outputs.of(work.attempt_id, watcher.warning) as output:
                reply = await self._pool.ask(program, message, output.write)
        except WorkerGone as gone:
            await self._require_sound(program, file)
            raise _crash(file, gone) from None
        except OSError as error:
            await self._require_sound(program, file)
            problem = f"{program.command[0]} could not be started: {error.strerror}"
            raise NodeError("NoInterpreter", problem, retryable=may_start_later(error)) from error
        self._answered.add(program)
        self._warn_of_leftovers(file, reply, watcher)
        if not reply["ok"]:
            _require_file(file)
            _fail(file, function, reply)
        outcome = read_result(file.shown, reply["output"], watcher)
        unlike = tuple(self._shown(name) for name in reply.get("unlike", ()))
        loaded = {self._shown(name): digest for name, digest in reply.get("loaded", {}).items()}
        return replace(outcome, unlike=unlike, loaded=loaded)

    async def start_ahead(self, node: Node) -> None:
        """Starts its worker, which takes about as long as everything else before the first call."""
        with contextlib.suppress(NodeError, OSError):
            await self._pool.start_ahead(self._tool(node).program)

    async def close(self) -> None:
        """Ends the workers."""
        await self._pool.close()

    def _number_of(self, node: Node) -> int:
        """The number of `node` in this run, by which the worker keeps the modules of nodes apart."""
        known = self._numbers.get(id(node))
        if known is None:
            known = self._numbers[id(node)] = node, len(self._numbers)  # kept alive, so that no other node gets its id
        return known[1]

    def _shown(self, file: str) -> str:
        return Path(os.path.relpath(self._directory / file, self._directory)).as_posix()

    def _warn_of_leftovers(self, file: NamedFile, reply: Mapping[str, Any], watcher: Watcher) -> None:
        """Warns once per run that a tool returned before everything it started had ended."""
        if reply["ok"] and "left" in reply and file not in self._known_to_leave:
            self._known_to_leave.add(file)
            left = " and ".join(reply["left"])
            watcher.warning(
                f"{file.shown} returned while {left} was still active, so its process was ended and the next call "
                "starts a new one. Await, close or clear what the tool starts."
            )

    def _name_for_worker(self, file: Path) -> str:
        """The path for the worker: relative where Node cannot import the absolute one."""
        if self._has_url or file.suffix == ".py":
            return str(file)
        return os.path.relpath(file, self._directory)

    async def _require_sound(self, program: Program, file: NamedFile) -> None:
        """Raises NodeError if the interpreter itself is broken; checked until one of its workers has replied."""
        if program in self._answered:
            return
        if file.path.suffix == ".py":
            await asyncio.to_thread(require_python, self._directory, self._python)
        else:
            await asyncio.to_thread(require_node)

    def _tool(self, node: Node) -> _Tool:
        """Looks up the `impl` of `node`, once per run. Raises NodeError if it cannot be run."""
        impl = _spec(node).impl
        tool = self._tools.get(impl)
        if tool is None:
            written, function = split_impl(impl)
            file = named_file(self._directory, written)
            name = self._name_for_worker(file.path)
            tool = self._tools[impl] = _Tool(file, function, name, self._program(file), file.inside)
        return tool

    def _program(self, file: NamedFile) -> Program:
        if file.path.suffix not in TOOL_SUFFIXES:
            message = f"{file.shown} is not a tool file; tool files end in {', '.join(TOOL_SUFFIXES)}"
            raise NodeError("NoTool", message, retryable=False)
        _require_file(file)
        if file.path.suffix == ".py":
            self._found_python = self._found_python or find_python(self._directory, self._python)
            command = (self._found_python, _WORKER)
        else:
            as_named = () if self._has_url else ("--preserve-symlinks",)  # else Node resolves links in the file's path
            command = (find_node(), *as_named, str(_WORKERS / "worker.mjs"))
        return Program(command, file.path.parent)


def _require_file(file: NamedFile) -> None:
    """Raises NodeError if the file is missing: before its first call, and after a failed one."""
    if not file.path.is_file():
        message = f"{file.shown} does not exist; create it or correct `impl`"
        raise NodeError("NoTool", message, retryable=False)


def _has_url(folder: Path) -> bool:
    """Checks that Node can import from `folder` by its path: UTF-8 without `\\`."""
    return is_writable(str(folder)) and "\\" not in str(folder)


def _request_line(request: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(request) + b"\n"
    except UnicodeEncodeError:
        return json.dumps(request).encode() + b"\n"  # the file's name is not UTF-8


def tool_input(work: Work) -> dict[str, Json]:
    """The one object that a tool is called with (docs/format.md, Tools)."""
    given: dict[str, Json] = dict(work.args)
    if work.item is not None:
        given |= {"$item": work.item.value, "$index": work.item.index}
    if work.pipeline is not None:
        given["$pipeline"] = work.pipeline
    if work.loop is not None:
        given |= {"$iter": work.loop.iteration, "$loop": work.loop.id}
    return given | {"_args": dict(work.run_args), "_state": dict(work.reads), "_edge_inputs": dict(work.edges)}


def read_result(tool: str, result: Any, watcher: Watcher) -> Outcome:
    """The outcome of a tool that returned `result`. Raises NodeError if that is no valid result.

    A result that writes nothing although it seems meant to is a success with a warning, as in the public engine.
    """
    example = 'return an object such as {"state_delta": {"field": value}}'
    if isinstance(result, list):
        watcher.warning(f"{tool} returned a list, which writes nothing; {example}")
        return Outcome(Output({}))
    if not isinstance(result, dict):
        raise NodeError("ToolResult", f"{tool} returned {_json_type(result)}; {example}", Location(tool))
    known = {"state_delta", "edge_output", "metrics"}
    if result and not known & result.keys():
        watcher.warning(
            f"{tool} returned an object without state_delta, which writes nothing; "
            f"put its keys ({_listed(result)}) under state_delta to write them"
        )
        return Outcome(Output({}))
    delta = result.get("state_delta", {})
    if delta is None:
        watcher.warning(f"{tool} returned null as state_delta, which writes nothing; put the fields to write under it")
        delta = {}
    if not isinstance(delta, dict):
        raise NodeError("ToolResult", f"{tool} returned {_json_type(delta)} as state_delta; {example}", Location(tool))
    for key in sorted(result.keys() - known):
        watcher.warning(f"{tool} returned the unknown key {key}; put fields under state_delta")
    output = Output(delta, result.get("edge_output", UNSET))
    return Outcome(output, _metrics(tool, result.get("metrics"), watcher))


def _listed(keys: Iterable[str]) -> str:
    """The first ten names, long ones cut."""
    names = [name if len(name) <= 40 else name[:40] + "…" for name in itertools.islice(keys, 11)]
    return ", ".join(names if len(names) <= 10 else [*names[:10], "…"])


def _metrics(tool: str, given: Any, watcher: Watcher) -> Metrics | None:
    if not given:
        return None
    if not isinstance(given, dict):
        watcher.warning(f"{tool} returned {_json_type(given)} as metrics, which is ignored; return an object")
        return None
    kept: dict[str, Any] = {}
    for key, types in _METRICS.items():
        value = given.get(key)
        if isinstance(value, types) and not isinstance(value, bool):
            kept[key] = value
        elif value is not None:
            watcher.warning(f"{tool} returned {_json_type(value)} as metrics.{key}, which is ignored")
    return Metrics(**kept) if kept else None


def _fail(file: NamedFile, function: str | None, reply: Mapping[str, Any]) -> NoReturn:
    """Raises the NodeError for a worker's reply."""
    if reply["type"] == "NoFunction":
        message = _no_function(file, function, reply["names"])
        raise NodeError("NoFunction", message, Location(file.shown), retryable=False)
    if reply["type"] == "ToolResult":
        raise NodeError(
            "ToolResult", f"{file.shown} returned a value that is not JSON: {reply['message']}", Location(file.shown)
        )
    place = reply.get("location")
    location = Location(place["file"], place["line"]) if place else Location(file.shown)
    where = f" ({location.file}:{location.line})" if location.line else f" ({location.file})"
    said = excerpt(reply["message"], "the output of this attempt has the full text")  # the worker prints it, too
    raise NodeError(reply["type"], said + where, location)


def _no_function(file: NamedFile, function: str | None, names: list[str]) -> str:
    is_python = file.path.suffix == ".py"
    if function is None:
        missing = "no function run" if is_python else "no default export"
        remedy = "add `def run(input):`" if is_python else "add `export default async function (input) {}`"
        named = f", or name one of its functions: `impl: {file.shown}:{names[0]}`" if names else ""
        return f"{file.shown} has {missing}; {remedy}{named}"
    close = difflib.get_close_matches(function, names, n=1)
    if close:
        hint = f"; did you mean {close[0]}?"
    else:
        hint = f"; it has {', '.join(names)}" if names else "; it has no functions"
    return f"{file.shown} has no function {function}{hint}"


def _crash(file: NamedFile, gone: WorkerGone) -> NodeError:
    printed = f"; last output:\n{gone.printed}" if gone.printed else ""
    message = f"the process of {file.shown} {gone.how} before it returned{printed}"
    return NodeError("ToolCrashed", message, Location(file.shown))


def _json_type(value: Any) -> str:
    """The JSON type of `value`, for a message."""
    return "nothing" if value is None else kind_of(value).value


def _spec(node: Node) -> ToolSpec:
    assert isinstance(node.spec, ToolSpec)
    return node.spec
