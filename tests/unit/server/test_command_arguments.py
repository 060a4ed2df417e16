"""Arguments of commands come from outside: all are checked (oe_lsp/server/features/command_arguments.py)."""

from __future__ import annotations

from typing import Any

import pytest
from pygls.exceptions import JsonRpcInvalidParams

from oe_lsp.server.features.command_arguments import (
    NewRun,
    RunOptions,
    RunTarget,
    engine_options,
    read_new_run,
    read_resume,
    read_run,
)

URI = "file:///x/experience.yaml"
RUN_ID = "4f3a1b2c-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([URI], NewRun(URI)),
        ([URI, None], NewRun(URI)),
        ([URI, {}], NewRun(URI)),
        ([URI, {"args": {"city": "Bern"}}], NewRun(URI, RunOptions(args={"city": "Bern"}))),
        ([URI, {"concurrency": 2}], NewRun(URI, RunOptions(concurrency=2))),
    ],
)
def test_a_new_run_needs_a_uri_and_takes_options(given: list[Any], expected: NewRun) -> None:
    assert read_new_run(given) == expected


def test_a_resume_needs_a_uri_and_a_run_id() -> None:
    assert read_resume([URI, RUN_ID]) == RunTarget(URI, RUN_ID)
    assert read_resume([URI, RUN_ID, {"concurrency": 3}]) == RunTarget(URI, RUN_ID, RunOptions(concurrency=3))


@pytest.mark.parametrize(
    "given",
    [
        [],
        [7],
        [URI, "options"],
        [URI, {"arg": {}}],
        [URI, {"args": []}],
        [URI, {"concurrency": 0}],
        [URI, {"concurrency": True}],
        [URI, {"concurrency": "2"}],
        [URI, {}, {}],
    ],
)
def test_a_wrong_argument_of_a_new_run_is_refused(given: list[Any]) -> None:
    with pytest.raises(JsonRpcInvalidParams):
        read_new_run(given)


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        "latest",
        "4f3a1b2c",
        "../../../etc/passwd",
        RUN_ID + "\n",
        RUN_ID + "/..",
        RUN_ID.upper(),
        " " + RUN_ID,
        7,
        None,
    ],
)
def test_a_malformed_run_id_never_becomes_part_of_a_path(run_id: Any) -> None:
    for read in (read_resume, read_run):
        with pytest.raises(JsonRpcInvalidParams):
            read([URI, run_id])


def test_a_resume_takes_no_args_because_the_original_run_has_them() -> None:
    with pytest.raises(JsonRpcInvalidParams, match="concurrency"):
        read_resume([URI, RUN_ID, {"args": {}}])


def test_options_become_arguments_of_the_engine() -> None:
    assert engine_options(RunOptions()) == []
    assert engine_options(RunOptions({"a": 1}, 4)) == ["--args", '{"a": 1}', "--concurrency", "4"]
