"""What a person who types something wrong, or works in a place that is not as it should be, gets for an answer."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from engine.cli.main import COMMANDS, _oe
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe

UNWRITABLE = Path("/dev/full")


def test_a_misspelt_command_gets_a_suggestion(oe: Oe) -> None:
    wrong = oe("rum")

    assert wrong.code == 2
    assert "No such command 'rum'. Did you mean `oe run`?" in wrong.err


def test_an_unrecognizable_command_points_to_the_list(oe: Oe) -> None:
    assert "`oe --help` lists the commands" in oe("frobnicate").err


@pytest.mark.parametrize("command", ["resume", "inspect", "cancel", "diff"])
def test_a_missing_run_argument_says_how_to_name_a_run(oe: Oe, command: str) -> None:
    wrong = oe(command)

    assert wrong.code == 2
    example = "" if command == "diff" else f", as in `oe {command} latest`"
    assert f"Missing argument 'RUN-ID'. `latest` is the newest run{example}; `oe runs` lists them all." in wrong.err


def test_who_reads_json_lines_gets_the_message_alone(oe: Oe, tmp_path: Path) -> None:
    wrong = oe("--log-format", "json", "resume", "latest", "--max-cost", "much")

    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == "oe: Invalid value for '--max-cost': 'much' is not a number of US dollars, such as 0.50.\n"


@pytest.mark.parametrize("command", ["run", "validate", "graph"])
def test_a_folder_without_an_experience_is_named_with_a_remedy(oe: Oe, tmp_path: Path, command: str) -> None:
    wrong = oe(command)

    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err == (
        f"oe: there is no experience.yaml in {tmp_path}. "
        "Give the folder of an experience, or create one with: oe init hello\n"
    )


@pytest.mark.parametrize("command", ["run", "validate", "graph"])
def test_a_file_in_another_encoding_is_named_with_its_line(oe: Oe, tmp_path: Path, command: str) -> None:
    (tmp_path / "experience.yaml").write_bytes(b"version: 1.0.0\nname: caf\xe9\n")

    wrong = oe(command)

    assert (wrong.code, wrong.out) == (1, "")
    assert "experience.yaml is not UTF-8: byte 0xe9 on line 2" in wrong.err


def test_a_folder_in_the_place_of_the_file_is_one_error(oe: Oe, tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").mkdir()

    assert oe("run").err == f"oe: {tmp_path}/experience.yaml is not a regular file\n"


def test_a_log_that_cannot_be_read_is_named_and_the_other_runs_are_listed(oe: Oe, failed_report: Path) -> None:
    damaged = failed_report / ".openexpertise/runs/11111111-1111-4111-8111-111111111111.jsonl"
    damaged.write_text("no log\n", encoding="utf-8")

    listed = oe("runs", cwd=failed_report)

    assert listed.code == 0
    assert "failure at compare" in listed.out
    assert listed.err == f"oe: {damaged.relative_to(failed_report)} cannot be read; skipped\n"


def test_the_suggested_resume_command_works_in_the_current_folder(oe: Oe, report: Path) -> None:
    [inside] = [line for line in oe("run", cwd=report).out.splitlines() if "oe resume" in line]
    [beside] = [line for line in oe("run", report.name, cwd=report.parent).out.splitlines() if "oe resume" in line]

    assert "--experience" not in inside
    for line, folder in ((inside, report), (beside, report.parent)):
        typed = shlex.split(line.partition(": ")[2])[1:]
        assert oe(*typed, "--plan", cwd=folder).code == 0


def test_output_that_cannot_be_written_is_one_error(world: World) -> None:
    with UNWRITABLE.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", "runs"],
            cwd=world.folder,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 1
    assert done.stderr.startswith("oe: output cannot be written: No space left on device")


def test_a_run_whose_output_cannot_be_written_goes_on_to_its_end(world: World) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "return {}")

    with UNWRITABLE.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-u", "-m", "engine.cli", "run"],
            cwd=world.folder,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert (done.returncode, done.stderr) == (0, b"")
    assert world.types(world.store.run_ids()[0])[-1] == "run.finished"


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_streams_that_are_closed_from_the_start_do_no_harm(world: World, closed: tuple[int, ...]) -> None:
    world.graph("- {id: a, kind: tool, impl: a.py}")
    world.tool("a", "print('not into the log')\nreturn {}")

    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "run"],
        cwd=world.folder,
        check=False,
        capture_output=True,
        preexec_fn=lambda: [os.close(stream) for stream in closed],  # type: ignore[func-returns-value]
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert world.types(world.store.run_ids()[0])[-1] == "run.finished"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_are_lines_that_the_command_accepts(command: str) -> None:
    examples = _examples(_oe, command)

    assert examples
    for words in examples:
        outer = _oe.make_context("oe", list(words))
        name, *rest = [*outer._protected_args, *outer.args]
        inner = _oe.get_command(outer, name)
        assert inner is not None
        inner.make_context(name, rest, parent=outer)
        assert name == command


def _examples(group: click.Group, command: str) -> list[list[str]]:
    """The `oe` part of each example, in words."""
    found = group.get_command(click.Context(group), command)
    assert found is not None
    lines = [line.strip() for line in (found.epilog or "").splitlines() if line.strip().startswith("oe ")]
    words = [shlex.split(line, comments=True) for line in lines]
    return [_until(line[1:], ("|", ">", ">>")) for line in words]


def _until(words: list[str], ends: tuple[str, ...]) -> list[str]:
    return words[: next((at for at, word in enumerate(words) if word in ends), len(words))]
