"""Arguments of commands come from outside: all are checked (oe_lsp/server/features/command_arguments.py)."""

from __future__ import annotations

from typing import Any

import pytest
from pygls.exceptions import JsonRpcInvalidParams

from engine.runner.launch_options import ResumeOptions, RunOptions, engine_options
from oe_lsp.server.features.command_arguments import (
    RunArguments,
    read_new_run,
    read_resume,
    read_run,
)

URI = "file:///x/experience.yaml"
RUN_ID = "4f3a1b2c-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("given", "uri", "options"),
    [
        ([], None, RunOptions()),
        ([None, {"concurrency": 2}], None, RunOptions(concurrency=2)),
        ([URI], URI, RunOptions()),
        ([URI, None], URI, RunOptions()),
        ([URI, {}], URI, RunOptions()),
        ([URI, {"args": {"city": "Bern"}}], URI, RunOptions(args={"city": "Bern"})),
    ],
)
def test_a_new_run_takes_a_uri_and_options(given: list[Any], uri: str | None, options: RunOptions) -> None:
    assert read_new_run(given) == RunArguments(uri, None, options)


@pytest.mark.parametrize(
    ("given", "uri", "run_id"),
    [([], None, None), ([URI], URI, None), ([URI, "latest"], URI, None), ([URI, RUN_ID], URI, RUN_ID)],
)
def test_the_run_is_the_latest_where_none_is_named(given: list[Any], uri: str | None, run_id: str | None) -> None:
    assert read_resume(given) == RunArguments(uri, run_id, ResumeOptions())
    assert read_run(given) == RunArguments(uri, run_id, RunOptions())


@pytest.mark.parametrize(
    "given",
    [
        [7],
        [URI, "options"],
        [URI, {"arg": {}}],
        [URI, {"args": []}],
        [URI, {"concurrency": 0}],
        [URI, {"concurrency": True}],
        [URI, {"concurrency": "2"}],
        [URI, {"maxCostUsd": -1}],
        [URI, {"maxDurationMs": 0.5}],
        [URI, {"from": "compare"}],
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
        "last",
        "4f3a1b2c",
        "../../../etc/passwd",
        RUN_ID + "\n",
        RUN_ID + "/..",
        RUN_ID.upper(),
        " " + RUN_ID,
        7,
    ],
)
def test_a_malformed_run_id_never_becomes_part_of_a_path(run_id: Any) -> None:
    for read in (read_resume, read_run):
        with pytest.raises(JsonRpcInvalidParams):
            read([URI, run_id])


@pytest.mark.parametrize(
    "options",
    [{"expect": "x"}, {"expect": "0" * 16 + "\n"}, {"from": 7}, {"rerun": [""]}, {"isolated": ["compare"]}],
)
def test_a_wrong_option_of_a_resume_is_refused_by_its_name(options: dict[str, Any]) -> None:
    with pytest.raises(JsonRpcInvalidParams, match=next(iter(options))):
        read_resume([URI, RUN_ID, options])


def test_options_become_those_of_the_engine() -> None:
    assert engine_options(RunOptions()) == []
    assert engine_options(RunOptions(args={"a": 1}, concurrency=4)) == ['--args={"a": 1}', "--concurrency=4"]
    assert engine_options(RunOptions(max_cost_usd=0.5, max_tokens=9, max_duration_ms=600_001)) == [
        "--max-cost=0.5",
        "--max-tokens=9",
        "--max-duration=600001ms",
    ]


def test_addresses_become_options_of_the_engine_and_never_flags() -> None:
    options = {"from": ["a", "b/c"], "only": "d[7]", "rerun": "loop#3", "accept": ["--yes"], "isolated": "e"}

    assert engine_options(read_resume([URI, RUN_ID, options]).options) == [
        "--from=a",
        "--from=b/c",
        "--only=d[7]",
        "--rerun=loop#3",
        "--accept=--yes",
        "--isolated=e",
    ]


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ({"expect": "0123456789abcdef", "concurrency": 2, "maxTokens": 9, "args": {}, "from": []}, False),
        *(({name: "compare"}, True) for name in ("from", "only", "rerun", "accept", "isolated")),
        ({"args": {"city": "Bern"}}, True),
    ],
)
def test_options_that_change_the_plan_are_known(options: dict[str, Any], changes: bool) -> None:
    assert read_resume([None, None, options]).options.changes_plan is changes
