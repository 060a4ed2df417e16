"""Reads and checks the arguments of commands, and writes them as options of the engine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from pygls.exceptions import JsonRpcInvalidParams

from engine.log.storage.run_store import is_run_id

_DIGEST = re.compile(r"[0-9a-f]{16}")


class RunOptions(Struct, frozen=True):
    """The experience's `args` and the most nodes at once; None for the experience's own values.

    `expect`: the digest of the plan that a resume must follow.
    """

    args: Mapping[str, Any] | None = None
    concurrency: int | None = None
    expect: str | None = None


class NewRun(Struct, frozen=True):
    """Arguments of `oe.runExperience`."""

    uri: str
    options: RunOptions = field(default_factory=RunOptions)


class RunTarget(Struct, frozen=True):
    """Arguments of a command on a run."""

    uri: str
    run_id: str
    options: RunOptions = field(default_factory=RunOptions)


def read_new_run(arguments: Sequence[Any]) -> NewRun:
    """`[uri, {args?, concurrency?}?]`. Raises JsonRpcInvalidParams."""
    if not 1 <= len(arguments) <= 2 or not isinstance(arguments[0], str):
        raise JsonRpcInvalidParams("Expected the URI of an experience and, optionally, an object of options.")
    return NewRun(arguments[0], _options(arguments[1:], {"args", "concurrency"}))


def read_resume(arguments: Sequence[Any]) -> RunTarget:
    """`[uri, runId, {concurrency?, expect?}?]`; the args are the original run's. Raises JsonRpcInvalidParams."""
    if not 2 <= len(arguments) <= 3:
        raise JsonRpcInvalidParams("Expected the URI of an experience, a run id and, optionally, an object of options.")
    return RunTarget(*_run_of(arguments), _options(arguments[2:], {"concurrency", "expect"}))


def read_run(arguments: Sequence[Any]) -> RunTarget:
    """`[uri, runId]`. Raises JsonRpcInvalidParams."""
    if len(arguments) != 2:
        raise JsonRpcInvalidParams("Expected the URI of an experience and a run id.")
    return RunTarget(*_run_of(arguments))


def require_run_id(text: str) -> str:
    """`text`, if it is a whole run id, and so safe as part of a file name. Raises JsonRpcInvalidParams."""
    if not is_run_id(text):
        raise JsonRpcInvalidParams(f"Not a run id: {text[:64]!r}")
    return text


def engine_options(options: RunOptions) -> list[str]:
    """The options as those of `oe run` and `oe resume`."""
    arguments: list[str] = []
    if options.args is not None:
        arguments += ["--args", json.dumps(options.args)]
    if options.concurrency is not None:
        arguments += ["--concurrency", str(options.concurrency)]
    if options.expect is not None:
        arguments += ["--expect", options.expect]
    return arguments


def _run_of(arguments: Sequence[Any]) -> tuple[str, str]:
    uri, run_id = arguments[:2]
    if not isinstance(uri, str) or not isinstance(run_id, str):
        raise JsonRpcInvalidParams("Expected the URI of an experience and a run id, both as strings.")
    return uri, require_run_id(run_id)


def _options(rest: Sequence[Any], known: set[str]) -> RunOptions:
    if not rest or rest[0] is None:
        return RunOptions()
    options = rest[0]
    if not isinstance(options, dict) or not known.issuperset(options):
        raise JsonRpcInvalidParams(f"Expected no options but {' and '.join(sorted(known))}.")
    args, concurrency, expect = options.get("args"), options.get("concurrency"), options.get("expect")
    if args is not None and not isinstance(args, dict):
        raise JsonRpcInvalidParams("The option args must be an object.")
    if concurrency is not None and (type(concurrency) is not int or concurrency < 1):
        raise JsonRpcInvalidParams("The option concurrency must be an integer of at least 1.")
    if expect is not None and not (isinstance(expect, str) and _DIGEST.fullmatch(expect)):
        raise JsonRpcInvalidParams("The option expect must be the digest of a plan.")
    return RunOptions(args, concurrency, expect)
