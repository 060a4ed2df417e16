"""The other commands: run, runs, inspect, validate, cancel."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import COMMANDS
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe

WAITING_TOOL = """
import time
from recorder import HERE
(HERE / "waiting").touch()
while not (HERE / "release").exists():
    time.sleep(0.01)
return {"edge_output": 1}
"""


def test_run_prints_each_event_as_a_json_line_and_its_end(oe: Oe, report: Path) -> None:
    lines = oe("--log-format", "json", "run", cwd=report).lines

    assert lines[0]["msg"] == "run.started"
    assert {line["msg"] for line in lines} >= {"node.completed", "node.failed", "node.skipped"}
    last = lines[-1]
    assert (last["msg"], last["status"]) == ("run complete", "failure")
    assert last["finalState"]["warmest"]


def test_pretty_output_names_the_failure_and_how_to_go_on(oe: Oe, report: Path) -> None:
    shown = oe("run", cwd=report).out

    assert "✗ failed at compare · 3 completed, 1 failed, 3 skipped" in shown
    assert "data/normals.csv is missing" in shown
    assert "oe resume" in shown
    assert "\x1b" not in shown


def test_options_after_the_command_win(oe: Oe, report: Path) -> None:
    both = oe("--log-format", "pretty", "run", "--log-format", "json", "--log-level", "error", cwd=report)

    assert [line["msg"] for line in both.lines] == ["node.failed", "run complete"]


@pytest.mark.parametrize("args", ["{", "[1]", "5"])
def test_args_other_than_a_json_object_are_wrong_usage(oe: Oe, report: Path, args: str) -> None:
    wrong = oe("run", "--args", args, cwd=report)

    assert wrong.code == 2
    assert "--args" in wrong.err


def test_an_invalid_experience_prints_every_error_and_runs_nothing(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool}\n- {id: b, kind: tool, impl: b.py}", "[{from: b, to: nobody}]")

    wrong = oe("run")

    assert (wrong.code, wrong.out) == (1, "")
    assert "OE201" in wrong.err
    assert "OE302" in wrong.err
    assert not world.store.data.exists()


def test_validate_prints_file_line_column_severity_code_and_message(oe: Oe, world: World) -> None:
    world.write("experience.yaml", "name: x\nversion: 1.0.0\nstate: {schema: {}}\ngraph:\n  nodes: []\n  edges: []\n")

    wrong = oe("validate")

    assert wrong.code == 1
    assert wrong.out.startswith("experience.yaml:5:10: error OE203 ")


def test_strict_makes_warnings_count(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py, imlp: b}")
    world.tool("a", "return {}")

    assert oe("validate").code == 0
    assert oe("validate", "--strict").code == 1


def test_validate_as_json_has_the_same_problems(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool}")

    problems = json.loads(oe("validate", "--format", "json").out)

    assert [(problem["code"], problem["severity"]) for problem in problems] == [("OE201", "error")]


def test_runs_lists_status_counts_and_origin(oe: Oe, failed_report: Path) -> None:
    oe("resume", "latest", cwd=failed_report)

    newest, first = json.loads(oe("runs", "--json", cwd=failed_report).out)

    assert (first["status"], first["failedAt"], first["counts"]["completed"]) == ("failure", "compare", 3)
    assert newest["originalRunId"] == first["runId"]
    table = oe("runs", cwd=failed_report).out
    assert "failure at compare" in table
    assert first["runId"][:8] in table


def test_inspect_shows_each_node_and_its_error(oe: Oe, failed_report: Path) -> None:
    shown = oe("inspect", "latest", cwd=failed_report).out

    assert "city-report" in shown
    assert "compare" in shown
    assert "normals.csv" in shown


def test_inspect_of_nothing_says_so(oe: Oe, report: Path) -> None:
    assert "is not a run id" in oe("inspect", "nonsense", cwd=report).err


def started(world: World) -> subprocess.Popen[str]:
    """`oe run` on a tool that waits for the file `release`; it is waiting when this returns."""
    world.graph("- {id: a, kind: tool, impl: a.py}\n- {id: b, kind: tool, impl: a.py}", "[{from: a, to: b}]")
    world.tool("a", WAITING_TOOL)
    command = [sys.executable, "-m", "engine.cli", "--log-format", "json", "--log-level", "debug", "run"]
    process = subprocess.Popen(command, cwd=world.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["msg"] == "node.started":
            return process
    raise AssertionError("the run ended before its first node")


def test_cancel_ends_a_run_that_another_process_started(oe: Oe, world: World) -> None:
    process = started(world)
    run_id = world.store.run_ids()[0]
    assert json.loads(oe("runs", "--json").out)[0]["status"] == "running"

    assert oe("cancel", run_id[:8]).code == 0

    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["status"] == "cancelled"
    assert world.types(run_id)[-1] == "run.finished"


def test_cancelling_what_does_not_run_says_so(oe: Oe, failed_report: Path) -> None:
    run_id = next((failed_report / ".openexpertise/runs").iterdir()).stem

    assert "is not running" in oe("cancel", run_id, cwd=failed_report).err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_gracefully(world: World, number: signal.Signals) -> None:
    process = started(world)

    process.send_signal(number)

    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["status"] == "cancelled"
    assert err == ""


def test_a_killed_run_is_interrupted_and_can_be_resumed(oe: Oe, world: World) -> None:
    process = started(world)
    process.kill()
    process.communicate()
    assert json.loads(oe("runs", "--json").out)[0]["status"] == "interrupted"
    (world.folder / "release").touch()

    plan = oe("resume", "latest", "--plan")
    resumed = oe("resume", "latest")

    assert "started but not ended in run " in plan.out
    assert resumed.code == 0


def test_a_reader_that_goes_away_does_not_end_the_run(world: World) -> None:
    process = started(world)
    assert process.stdout is not None
    process.stdout.close()

    (world.folder / "release").touch()
    process.wait(timeout=30)

    assert process.returncode == 0
    assert world.types(world.store.run_ids()[0])[-1] == "run.finished"


def test_a_folder_that_cannot_be_written_is_one_clear_error(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {}")
    (world.folder / ".openexpertise").write_text("in the way")

    refused = oe("run")

    assert refused.code == 1
    assert refused.err.startswith("oe: the run's log cannot be written")


def test_oe_alone_shows_the_three_commands_that_a_newcomer_needs(oe: Oe) -> None:
    shown = oe()

    assert shown.code == 0
    assert [line.split("  ")[1] for line in shown.out.splitlines() if line.startswith("  ")] == [
        "oe init hello",
        "oe run",
        "oe resume latest",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(oe: Oe, command: str) -> None:
    shown = oe(command, "--help")

    assert shown.code == 0
    examples = shown.out.partition("Examples:\n")[2].splitlines()
    assert examples
    assert all(line.startswith("    oe ") and f" {command}" in line and "  # " in line for line in examples)


def test_a_misspelt_command_is_wrong_usage(oe: Oe) -> None:
    wrong = oe("resum")

    assert wrong.code == 2
    assert "Try 'oe -" in wrong.err


def test_stdout_is_json_lines_only_even_when_tools_print(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "import os\nprint('hello')\nos.write(1, b'raw')\nreturn {'edge_output': 1}")

    assert oe("--log-format", "json", "run").lines[-1]["msg"] == "run complete"


def test_a_pipe_gets_no_colour_whatever_the_terminal_is(oe: Oe, report: Path) -> None:
    assert "\x1b" not in oe("run", cwd=report, TERM="xterm-256color", COLORTERM="truecolor").out


@pytest.mark.parametrize("value", [".nan", ".inf", "123456789012345678901"])
def test_a_number_that_json_cannot_hold_is_refused_before_anything_runs(oe: Oe, world: World, value: str) -> None:
    world.graph(f"- {{id: a, kind: tool, impl: a.py, args: {{x: {value}}}}}")

    refused = oe("run")

    assert refused.code == 1
    assert ("beyond 2^53" if value.isdigit() else "cannot be logged") in refused.err
