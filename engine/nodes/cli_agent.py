"""The node kind `cli-agent`: a coding agent's command line, run to its end (docs/format.md, cli-agent)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from engine.expressions import Json
from engine.log.events import Metrics, Output
from engine.log.outputs import OutputFile, Outputs
from engine.nodes.cli_answer import NotAnObjectError, open_envelope, read_object
from engine.nodes.cli_programs import PROGRAMS
from engine.nodes.environment import agent_environment
from engine.nodes.kind import NodeError, Outcome, Watcher, Work
from engine.nodes.last_line import LastLine
from engine.nodes.paths import named_file, outside_warning
from engine.nodes.process import Process, how_it_ended, may_start_later
from engine.nodes.prompts import fill_prompt, prompt_file, read_prompt
from engine.nodes.structured import Schema, problems, read_schema, schema_file
from engine.spec.model import CliAgentSpec, Node

LONGEST_ANSWER = 16 * 1024 * 1024
"""How much a program may print on stdout, in bytes, before it is stopped."""

_CANNOT_RUN = (126, 127)
"""Exit codes of shells and `env`: what they were to run is no program, or is not there."""

_TAIL_BYTES = 4096
_SHOWN = 500


class CliAgentKind:
    """Runs the coding agents of the experience at `directory`. What they are asked and print goes to `outputs`, too."""

    def __init__(self, directory: Path, outputs: Outputs | None = None) -> None:
        self._directory = directory.absolute()
        self._outputs = outputs or Outputs()

    def files(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Path]:  # noqa: ARG002
        """The files of the prompt and of the schema, where they are in files."""
        spec, directory = _spec(node), self._directory
        named = {"prompt": prompt_file(directory, spec.prompt), "schema": schema_file(directory, spec.schema)}
        return {f"{part} {file.shown}": file.path for part, file in named.items() if file is not None}

    def settings(self, node: Node, given: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002
        """Provider and model are keys of the node; a model that it does not name is the program's own choice."""
        return {}

    async def execute(self, work: Work, watcher: Watcher) -> Outcome:
        """Run the program once. Raises NodeError, with what the call cost where the program tells."""
        spec = _spec(work.node)
        if spec.output_format == "text" and len(work.node.writes) > 1:
            raise NodeError("CliAgentWrites", _too_many_writes(work.node), retryable=False)
        schema = None if spec.schema is None else read_schema(self._directory, spec.schema, watcher)
        prompt = fill_prompt(read_prompt(self._directory, spec.prompt, watcher), work, watcher)
        command, folder = _command(spec), self._workdir(spec, watcher)
        watcher.activity(f"spawning {spec.provider} (timeout {work.node.timeout_ms} ms)")
        with (
            self._outputs.exchange(work.attempt_id, watcher.warning) as exchange,
            self._outputs.of(work.attempt_id, watcher.warning) as kept,
            _as_stdin(prompt) as stdin,
        ):
            printed = _Printed(kept, LastLine(watcher.activity), lines_of_answer=spec.output_format == "text")
            exchange.sent(
                {"provider": spec.provider, "command": list(command), "folder": str(folder), "prompt": prompt}
            )
            code = await _run(spec, command, folder, stdin, printed)
            exchange.received({"exitCode": code, "stdout": printed.answer})
        watcher.activity(f"parsing {'JSON' if spec.output_format == 'json' else 'text'} output")
        answer = _Answer.of(printed.answer, spec)
        if answer.metrics is not None:
            used = answer.metrics
            watcher.tokens(used.tokens_in or 0, used.tokens_out or 0, used.model, used.cost_usd)
        if code != 0 or answer.error is not None:
            message = self._failure(spec, code, answer, printed)
            raise NodeError("CliAgentFailed", message, metrics=answer.metrics, retryable=code not in _CANNOT_RUN)
        if spec.output_format == "text":
            return Outcome(Output(dict.fromkeys(work.node.writes, printed.answer)), answer.metrics)
        delta = _only_writes(_checked(answer, schema), work.node, watcher)
        return Outcome(Output(delta), answer.metrics)

    async def close(self) -> None:
        """Nothing outlives an execution."""

    def _workdir(self, spec: CliAgentSpec, watcher: Watcher) -> Path:
        if spec.workdir is None:
            return self._directory
        folder = named_file(self._directory, spec.workdir)
        if not folder.path.is_dir():
            message = f"{folder.shown} is no folder; create it or correct `workdir`"
            raise NodeError("NoFolder", message, retryable=False)
        if not folder.inside:
            watcher.warning(outside_warning(folder))
        return folder.path

    def _failure(self, spec: CliAgentSpec, code: int, answer: _Answer, printed: _Printed) -> str:
        how = "reported an error" if code == 0 else how_it_ended(code)
        said = (answer.error or printed.errors or printed.answer).strip()[-_SHOWN:]
        path = printed.kept.path
        where = f" (all that it printed: {os.path.relpath(path, self._directory)})" if path and path.exists() else ""
        return f"{spec.provider} {how}{': ' + said if said else ' and said nothing'}{where}"


class _Answer(Struct, frozen=True):
    """What was printed on stdout, out of its envelope if it has one."""

    content: str | Mapping[str, Json]
    error: str | None = None
    metrics: Metrics | None = None

    @staticmethod
    def of(text: str, spec: CliAgentSpec) -> _Answer:
        envelope = open_envelope(text) if spec.output_format == "json" else None
        return _Answer(text) if envelope is None else _Answer(envelope.answer, envelope.error, envelope.metrics)


class _Printed:
    """What the program printed: its answer, up to the limit, and the end of what it said besides."""

    def __init__(self, kept: OutputFile, last_line: LastLine, *, lines_of_answer: bool) -> None:
        self.kept = kept
        self.too_long: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last_line = last_line
        self._lines_of_answer = lines_of_answer
        self._answer = bytearray()
        self._errors = b""

    def take_answer(self, data: bytes) -> None:
        """Take what comes on stdout."""
        self.kept.write(data)
        if self._lines_of_answer:  # the lines of a JSON text tell nobody what goes on
            self._last_line.write(data)
        self._answer += data[: LONGEST_ANSWER + 1 - len(self._answer)]
        if len(self._answer) > LONGEST_ANSWER and not self.too_long.done():
            self.too_long.set_result(None)

    def take_errors(self, data: bytes) -> None:
        """Take what comes on stderr."""
        self.kept.write(data)
        self._last_line.write(data)
        self._errors = (self._errors + data)[-_TAIL_BYTES:]

    def close(self) -> None:
        """Report nothing more."""
        self._last_line.close()

    @property
    def answer(self) -> str:
        """All of stdout."""
        return self._answer.decode(errors="replace")

    @property
    def errors(self) -> str:
        """The end of stderr."""
        return self._errors.decode(errors="replace")


async def _run(spec: CliAgentSpec, command: tuple[str, ...], folder: Path, stdin: IO[bytes], printed: _Printed) -> int:
    """The exit code of `command`. Whatever ends this, the program and all that it started are gone then."""
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
    limit = LONGEST_ANSWER // 1024 // 1024
    raise NodeError("AnswerTooLong", f"{spec.provider} printed more than {limit} MiB on stdout and was stopped")


def _unstartable(command: tuple[str, ...], error: OSError) -> NodeError:
    message = f"{command[0]} could not be started: {error.strerror}"
    return NodeError("NoProgram", message, retryable=may_start_later(error))


def _command(spec: CliAgentSpec) -> tuple[str, ...]:
    program = PROGRAMS[spec.provider]
    found = shutil.which(program.name)
    if found is None:
        message = f"{program.name}, which {spec.provider} needs, is not on PATH; {program.install}"
        raise NodeError("NoProgram", message, retryable=False)
    return (str(Path(found).absolute()), *program.arguments(spec))


@contextlib.contextmanager
def _as_stdin(prompt: str) -> Iterator[IO[bytes]]:
    """A file without a name that holds `prompt`: a program that does not read it to its end blocks nobody."""
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(prompt.encode())
            file.seek(0)
        except OSError as error:
            raise NodeError("NoDisk", f"the prompt cannot be kept in a temporary file: {error.strerror}") from error
        yield file


def _checked(answer: _Answer, schema: Schema | None) -> Mapping[str, Json]:
    """The object that the answer holds. Raises NodeError where it holds none, or one that does not fit."""
    try:
        value = read_object(answer.content) if isinstance(answer.content, str) else dict(answer.content)
    except NotAnObjectError as error:
        raise NodeError("InvalidOutput", str(error), metrics=answer.metrics) from None
    found = [] if schema is None else problems(schema, value)
    if found:
        message = "the answer does not fit the schema: " + "; ".join(found)
        raise NodeError("InvalidOutput", message, metrics=answer.metrics)
    return value


def _only_writes(answer: Mapping[str, Json], node: Node, watcher: Watcher) -> dict[str, Json]:
    for key in sorted(answer.keys() - set(node.writes)):
        watcher.warning(f"the answer's {key} is dropped: `writes` does not name it")
    return {key: value for key, value in answer.items() if key in node.writes}


def _too_many_writes(node: Node) -> str:
    named = ", ".join(node.writes)
    return (
        f"a cli-agent writes its text to one field, but `writes` names {named}; name one, or use `output_format: json`"
    )


def _spec(node: Node) -> CliAgentSpec:
    assert isinstance(node.spec, CliAgentSpec)
    return node.spec
