"""Reads and checks the arguments of commands, and writes them as options of the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct
from pygls.exceptions import JsonRpcInvalidParams

from engine.log.storage.run_store import is_run_id

LATEST = "latest"
"""Names the newest run of an experience in place of an id."""

_AtLeastOne = Annotated[int, Meta(ge=1)]
_Address = Annotated[str, Meta(min_length=1)]
_Addresses = _Address | list[_Address]


class RunOptions(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Options of a new run: the experience's `args`, the most nodes at once, and its budget in dollars, tokens and
    milliseconds. None for the experience's own values.
    """

    args: dict[str, Any] | None = None
    concurrency: _AtLeastOne | None = None
    max_cost_usd: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    max_tokens: _AtLeastOne | None = None
    max_duration_ms: Annotated[int, Meta(ge=1, le=999_999_999)] | None = None


class ResumeOptions(RunOptions, frozen=True, kw_only=True):
    """Options of a resume. `args` are merged into those of the original run; `expect` is the digest of the plan that
    the resume must follow. The others are addresses of nodes: `compare`, `parent/child`, `node[7]`, `loop#3`.
    """

    expect: Annotated[str, Meta(pattern="^[0-9a-f]{16}\\Z")] | None = None
    from_: _Addresses = msgspec.field(default_factory=list, name="from")
    only: _Addresses = msgspec.field(default_factory=list)
    rerun: _Addresses = msgspec.field(default_factory=list)
    accept: _Addresses = msgspec.field(default_factory=list)
    isolated: _Address | None = None

    @property
    def changes_plan(self) -> bool:
        """Whether the plan is another one than without these options."""
        return bool(self.args or self.from_ or self.only or self.rerun or self.accept or self.isolated)


_Options = TypeVar("_Options", bound=RunOptions)


class RunArguments(Struct, Generic[_Options], frozen=True):
    """Arguments of a command on an experience, and on one of its runs.

    `uri` is None for the only open experience, `run_id` for a new run or the latest one.
    """

    uri: str | None
    run_id: str | None
    options: _Options


def read_new_run(arguments: Sequence[Any]) -> RunArguments[RunOptions]:
    """`[uri?, options?]`. Raises JsonRpcInvalidParams."""
    uri, options = _padded(arguments, 2)
    return RunArguments(_uri(uri), None, _options(options, RunOptions))


def read_resume(arguments: Sequence[Any]) -> RunArguments[ResumeOptions]:
    """`[uri?, runId?, options?]`. Raises JsonRpcInvalidParams."""
    uri, run_id, options = _padded(arguments, 3)
    return RunArguments(_uri(uri), _run_id(run_id), _options(options, ResumeOptions))


def read_run(arguments: Sequence[Any]) -> RunArguments[RunOptions]:
    """`[uri?, runId?]`. Raises JsonRpcInvalidParams."""
    uri, run_id = _padded(arguments, 2)
    return RunArguments(_uri(uri), _run_id(run_id), RunOptions())


def read_node(arguments: Sequence[Any]) -> tuple[str | None, str]:
    """`[uri, nodeId]`; without a URI, of the only open experience. Raises JsonRpcInvalidParams."""
    uri, node_id = _padded(arguments, 2)
    if not isinstance(node_id, str):
        raise JsonRpcInvalidParams("The second argument must be the id of a node.")
    return _uri(uri), node_id


def require_run_id(text: str) -> str:
    """`text`, if it is a whole run id, and so safe as part of a file name. Raises JsonRpcInvalidParams."""
    if not is_run_id(text):
        raise JsonRpcInvalidParams(f"Not a run id: {text[:64]!r}")
    return text


def engine_options(options: RunOptions) -> list[str]:
    """The options as those of `oe run` and `oe resume`."""
    return [f"{flag}={value}" for flag, value in _flags(options)]


def _flags(options: RunOptions) -> Iterator[tuple[str, object]]:
    if options.args is not None:
        yield "--args", json.dumps(options.args)
    if options.concurrency is not None:
        yield "--concurrency", options.concurrency
    if options.max_cost_usd is not None:
        yield "--max-cost", f"{options.max_cost_usd:.15g}"
    if options.max_tokens is not None:
        yield "--max-tokens", options.max_tokens
    if options.max_duration_ms is not None:
        yield "--max-duration", f"{options.max_duration_ms}ms"
    if isinstance(options, ResumeOptions):
        yield from _resume_flags(options)


def _resume_flags(options: ResumeOptions) -> Iterator[tuple[str, object]]:
    if options.expect is not None:
        yield "--expect", options.expect
    for name, addresses in (("from", options.from_), ("only", options.only), ("rerun", options.rerun)):
        yield from ((f"--{name}", address) for address in _listed(addresses))
    yield from (("--accept", address) for address in _listed(options.accept))
    if options.isolated is not None:
        yield "--isolated", options.isolated


def _listed(addresses: _Addresses) -> list[str]:
    return [addresses] if isinstance(addresses, str) else addresses


def _padded(arguments: Sequence[Any], length: int) -> list[Any]:
    if len(arguments) > length:
        raise JsonRpcInvalidParams(f"Expected at most {length} arguments.")
    return [*arguments, *([None] * (length - len(arguments)))]


def _uri(given: Any) -> str | None:
    if given is not None and not isinstance(given, str):
        raise JsonRpcInvalidParams("The first argument must be the URI of an experience.")
    return given


def _run_id(given: Any) -> str | None:
    if given is None or given == LATEST:
        return None
    if not isinstance(given, str):
        raise JsonRpcInvalidParams("The second argument must be a run id or `latest`.")
    return require_run_id(given)


def _options(given: Any, kind: type[_Options]) -> _Options:
    try:
        return msgspec.convert({} if given is None else given, kind)
    except msgspec.ValidationError as error:
        raise JsonRpcInvalidParams(f"Wrong options: {error}.") from None
