"""Options of a run or resume that somebody asked for outside a shell, and how `oe` is told them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

_AtLeastOne = Annotated[int, Meta(ge=1)]
_Address = Annotated[str, Meta(min_length=1)]
_Addresses = _Address | list[_Address]
_ARGS = "--args="


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


def engine_options(options: RunOptions) -> list[str]:
    """The options as those of `oe run` and `oe resume`."""
    return [f"{flag}={value}" for flag, value in _flags(options)]


def without_args(command: Sequence[str]) -> tuple[list[str], bytes]:
    """The command that reads the experience's args from its stdin, and what it reads there: a process list shows a
    command line to every user of the machine, and the system limits an argument to 128 KiB.
    """
    given = [part.removeprefix(_ARGS) for part in command if part.startswith(_ARGS)]
    return [f"{_ARGS}-" if part.startswith(_ARGS) else part for part in command], "".join(given).encode()


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
