"""The node kind `cli-agent`: runs a coding agent's command line (docs/format.md, cli-agent)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from engine.experience.model import CliAgentSpec, Node
from engine.expressions import Json, to_text
from engine.llm.budget import UNKNOWN, CallBudget, NoBudget, Usage
from engine.log.events.events import ActivityKind, Output
from engine.log.writing.attempt_outputs import Outputs
from engine.nodes.cli_agents import printed_output
from engine.nodes.cli_agents.answer import NotAnObjectError, read_object
from engine.nodes.cli_agents.envelope import Envelope, open_envelope
from engine.nodes.cli_agents.json_messages import without_escapes, without_thoughts
from engine.nodes.cli_agents.last_line import LastLine
from engine.nodes.cli_agents.printed_output import Printed
from engine.nodes.cli_agents.programs import PROGRAMS
from engine.nodes.kind import NodeError, Outcome, Watcher, Work
from engine.nodes.node_files import named_file, outside_warning
from engine.nodes.processes.environment import agent_environment
from engine.nodes.processes.process import Process, how_it_ended, may_start_later
from engine.nodes.prompts import fill_prompt, prompt_file, read_prompt
from engine.nodes.structured_output import Schema, problems, read_schema, schema_file

_CANNOT_RUN = (126, 127)
"""Exit codes of shells and `env`: the program cannot be executed, or does not exist."""

_ASKS_FOR_JSON = re.compile(r"(?:^|=)(?:stream-)?json$|^--(?:experimental-)?json$")
_OF_AN_ERROR = frozenset({"type", "error"})
_SHOWN = 500


class CliAgentKind:
    """Runs the coding agents of the experience at `directory`. Prompts and printed output are kept in `outputs`.

    Each call is within `budget`.
    """

    def __init__(self, directory: Path, outputs: Outputs | None = None, budget: CallBudget | None = None) -> None:
        self._directory = directory.absolute()
        self._outputs = outputs or Outputs()
        self._budget = budget or NoBudget()

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:  # noqa: ARG002
        """The files of the prompt and the schema, unless they are inline."""
        spec, directory = _spec(node), self._directory
        named = {"prompt": prompt_file(directory, spec.prompt), "schema": schema_file(directory, spec.schema)}
        return {f"{part} {file.shown}": file.path for part, file in named.items() if file is not None}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002
        """Empty: provider and model are keys of the node; without `model` the program chooses."""
        return {}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Runs the program once. Raises NodeError, with the cost of the call if the program reports it."""
        spec = _spec(work.node)
        if spec.output_format == "text" and len(work.node.writes) > 1:
            raise NodeError("CliAgentWrites", _too_many_writes(work.node), retryable=False)
        schema = None if spec.schema is None else read_schema(self._directory, spec.schema, watcher)
        prompt = self.prompt(work, watcher)
        command, folder = _command(spec), self._workdir(spec, watcher)
        async with self._budget.call(
            UNKNOWN, lambda why: watcher.activity(f"waiting: {why}", ActivityKind.WAIT)
        ) as call:
            watcher.activity(f"spawning {spec.provider} (timeout {work.node.timeout_ms} ms)", ActivityKind.CALL)
            with (
                self._outputs.exchange(work.attempt_id, watcher.warning) as exchange,
                self._outputs.of(work.attempt_id, watcher.warning) as kept,
                _as_stdin(prompt) as stdin,
            ):
                printed = Printed(kept, LastLine(watcher.activity), lines_of_answer=spec.output_format == "text")
                exchange.sent(
                    {"provider": spec.provider, "command": list(command), "folder": str(folder), "prompt": prompt}
                )
                try:
                    code = await _run(spec, command, folder, stdin, printed)
                except (NodeError, asyncio.CancelledError):
                    call.used = _report_cost(_envelope(printed.answer, work.node), watcher)  # a failed call costs, too
                    raise
                exchange.received({"exitCode": code, "stdout": printed.answer})
            watcher.activity(f"parsing {'JSON' if spec.output_format == 'json' else 'text'} output")
            envelope = _envelope(printed.answer, work.node)
            call.used = _report_cost(envelope, watcher)
            if envelope is None or envelope.metrics is None or envelope.metrics.cost_usd is None:
                self._budget.uncounted(spec.provider)
        metrics = None if envelope is None else envelope.metrics
        try:
            return Outcome(Output(self._answered(work.node, code, envelope, printed, schema)), metrics)
        except NodeError as error:
            error.metrics = metrics
            raise

    def prompt(self, work: Work, watcher: Watcher) -> str:
        """What the program reads from stdin. Raises NodeError."""
        return fill_prompt(read_prompt(self._directory, _spec(work.node).prompt, watcher), work, watcher)

    def _answered(
        self, node: Node, code: int, envelope: Envelope | None, printed: Printed, schema: Schema | None
    ) -> Mapping[str, Json]:
        """The fields to write. Raises NodeError if there is no valid answer."""
        spec = _spec(node)
        if code != 0 or (envelope is not None and envelope.error is not None):
            raise NodeError(
                "CliAgentFailed", self._failure(spec, code, envelope, printed), retryable=code not in _CANNOT_RUN
            )
        content = printed.answer if envelope is None else envelope.answer
        if isinstance(content, str) and not without_thoughts(without_escapes(content)).strip():
            said = f"; last line of stderr: {printed.last_error}" if printed.last_error else ""
            raise NodeError("EmptyAnswer", f"{spec.provider} returned no answer{said}{self._where(printed)}")
        if spec.output_format == "text":
            return dict.fromkeys(node.writes, printed.answer)
        return _fields(content, node, schema)

    async def close(self) -> None:
        """Does nothing: an execution leaves nothing running."""

    def _workdir(self, spec: CliAgentSpec, watcher: Watcher) -> Path:
        if spec.workdir is None:
            return self._directory
        folder = named_file(self._directory, spec.workdir)
        if not folder.path.is_dir():
            message = f"{folder.shown} is not a folder; create it or correct `workdir`"
            raise NodeError("NoFolder", message, retryable=False)
        if not folder.inside:
            watcher.warning(outside_warning(folder))
        return folder.path

    def _failure(self, spec: CliAgentSpec, code: int, envelope: Envelope | None, printed: Printed) -> str:
        how = "reported an error" if code == 0 else how_it_ended(code)
        reported = envelope.error if envelope is not None else None
        if reported is None:
            said = without_escapes(printed.errors or printed.answer).strip()[-_SHOWN:]
        else:
            said = reported.strip()[-_SHOWN:] or printed.last_error
        return f"{spec.provider} {how}{': ' + said if said else ' without a message'}{self._where(printed)}"

    def _where(self, printed: Printed) -> str:
        path = printed.kept.path
        there = path is not None and path.exists()
        return f" (full output: {os.path.relpath(path, self._directory)})" if path and there else ""


async def _run(spec: CliAgentSpec, command: tuple[str, ...], folder: Path, stdin: IO[bytes], printed: Printed) -> int:
    """Runs `command` to its exit code. However this ends, the program and all that it started are gone."""
    program = PROGRAMS[spec.provider]
    environment = {**agent_environment(program.keys), **program.environment, "PWD": str(folder)}
    try:
        process = await Process.start(
            command, folder, environment, stdin=stdin, stdout=printed.take_answer, stderr=printed.take_errors
        )
    except OSError as error:
        raise _unstartable(command, error) from error
    ended = asyncio.ensure_future(process.wait())
    events: set[asyncio.Future[Any]] = {ended, printed.too_long}
    try:
        await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
    except OSError as error:
        raise _unstartable(command, error) from error
    finally:
        ended.cancel()
        await process.stop()
        printed.close()
    limit = printed_output.LONGEST_ANSWER // 1024 // 1024
    raise NodeError("AnswerTooLong", f"{spec.provider} printed more than {limit} MiB on stdout and was stopped")


def _unstartable(command: tuple[str, ...], error: OSError) -> NodeError:
    message = f"{command[0]} could not be started: {error.strerror}"
    return NodeError("NoProgram", message, retryable=may_start_later(error))


def _command(spec: CliAgentSpec) -> tuple[str, ...]:
    program = PROGRAMS[spec.provider]
    path = program.path()
    if path is None:
        raise NodeError("NoProgram", program.missing(spec.provider), retryable=False)
    return (path, *program.arguments(spec))


@contextlib.contextmanager
def _as_stdin(prompt: str) -> Iterator[IO[bytes]]:
    """An unnamed file with `prompt` as stdin: unlike a pipe, it cannot block when the program stops reading."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(prompt.encode())
            file.seek(0)
        except OSError as error:
            message = f"the prompt cannot be kept in a temporary file: {error.strerror}; free some space or set TMPDIR"
            raise NodeError("NoDisk", message) from error
        yield file


def _envelope(answer: str, node: Node) -> Envelope | None:
    """The envelope of an answer, if the program was asked for one or for JSON."""
    spec = _spec(node)
    asked = spec.output_format == "json" or any(_ASKS_FOR_JSON.search(argument) for argument in spec.extra_args)
    return open_envelope(answer, node.writes) if asked else None


def _report_cost(envelope: Envelope | None, watcher: Watcher) -> Usage:
    """Reports what a call used, as far as the program said, and returns it."""
    if envelope is None or envelope.metrics is None:
        return Usage()
    used = envelope.metrics
    tokens_in, tokens_out = used.tokens_in or 0, used.tokens_out or 0
    watcher.tokens(tokens_in, tokens_out, used.model, used.cost_usd)
    return Usage(tokens_in + tokens_out, used.cost_usd or 0.0)


def _fields(content: str | Mapping[str, Json], node: Node, schema: Schema | None) -> Mapping[str, Json]:
    """The object in the answer. Raises NodeError if there is none, or it does not match what was asked for."""
    try:
        value = read_object(content, node.writes) if isinstance(content, str) else content
    except NotAnObjectError as error:
        raise NodeError("InvalidOutput", str(error)) from None
    found = [] if schema is None else problems(schema, dict(value))
    if found:
        raise NodeError("InvalidOutput", "the answer does not match the schema: " + "; ".join(found))
    if node.writes and not value.keys() & set(node.writes):
        named = ", ".join(node.writes)
        raise NodeError("InvalidOutput", f"the answer fills none of `writes` ({named}); {_held(value)}")
    if not node.writes and "error" in value and value.keys() <= _OF_AN_ERROR:
        raise NodeError("InvalidOutput", f"the answer is an error; {_held(value)}")
    return value


def _held(value: Mapping[str, Json]) -> str:
    """A short description of what the answer holds instead."""
    if not value:
        return "it is an empty object"
    text = to_text(dict(value))
    return f"it holds {text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}"


def _too_many_writes(node: Node) -> str:
    named = ", ".join(node.writes)
    return (
        f"a cli-agent writes its text to one field, but `writes` names {named}; name one, or use `output_format: json`"
    )


def _spec(node: Node) -> CliAgentSpec:
    assert isinstance(node.spec, CliAgentSpec)
    return node.spec
