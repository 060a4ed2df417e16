"""Reads and checks the arguments of commands, and writes them as options of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from pygls.exceptions import JsonRpcInvalidParams

from engine.log.storage.run_store import is_run_id
from engine.runner.launch_options import ResumeOptions, RunOptions

LATEST = "latest"
"""Names the newest run of an experience in place of an id."""


class DeleteOptions(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Options of `oe.deleteRun`: `force` removes pinned and needed runs, too; `dry_run` removes nothing."""

    force: bool = False
    dry_run: bool = False


_Options = TypeVar("_Options", bound=RunOptions | DeleteOptions)


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


def read_delete(arguments: Sequence[Any]) -> tuple[str, str, DeleteOptions]:
    """`[uri, runId, options?]`, both of the first two required: nothing is deleted that was not named. Raises
    JsonRpcInvalidParams.
    """
    uri, run_id, options = _padded(arguments, 3)
    if not isinstance(uri, str) or not isinstance(run_id, str):
        raise JsonRpcInvalidParams("Expected the URI of an experience and a run id.")
    return uri, require_run_id(run_id), _options(options, DeleteOptions)


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
