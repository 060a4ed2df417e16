"""What `run` and `inspect --follow` show on a terminal: a table that is drawn again in place."""

from __future__ import annotations

from pathlib import Path

from tests.support.worlds import World
from tests.unit.cli.conftest import Oe
from tests.unit.cli.terminals import Terminal
from tests.unit.cli.test_commands import WAITING_TOOL, started

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def waiting_world(world: World) -> World:
    world.graph(
        "- {id: first, kind: tool, impl: a.py}\n- {id: then, kind: tool, impl: a.py}", "[{from: first, to: then}]"
    )
    world.tool("a", WAITING_TOOL)
    return world


def test_a_terminal_shows_every_node_and_its_status_while_it_runs(world: World) -> None:
    with Terminal(waiting_world(world).folder, "run") as terminal:
        terminal.read_until("0/2 nodes")
        assert "first  running" in terminal.text
        assert "then   pending" in terminal.text

        (world.folder / "release").touch()

        assert terminal.wait() == 0
        assert "✓ succeeded · 2 completed" in terminal.text


def test_the_cursor_is_hidden_while_the_table_lives_and_back_at_the_end(world: World) -> None:
    with Terminal(waiting_world(world).folder, "run") as terminal:
        terminal.read_until("0/2 nodes")
        (world.folder / "release").touch()
        terminal.wait()

    assert terminal.screen.count(HIDE_CURSOR) == terminal.screen.count(SHOW_CURSOR) == 1
    assert terminal.screen.rindex(SHOW_CURSOR) > terminal.screen.rindex(HIDE_CURSOR)


def test_ctrl_c_ends_the_run_gracefully_and_leaves_a_clean_terminal(world: World) -> None:
    with Terminal(waiting_world(world).folder, "run") as terminal:
        terminal.read_until("running")

        terminal.press("\x03")

        assert terminal.wait() == 130
        assert "■ cancelled" in terminal.text
        assert "oe resume" in terminal.text
        assert "Traceback" not in terminal.text
        assert terminal.screen.rindex(SHOW_CURSOR) > terminal.screen.rindex(HIDE_CURSOR)
    assert world.types(world.store.run_ids()[0])[-1] == "run.finished"


def test_a_window_that_is_closed_ends_the_run_with_its_log_whole(world: World) -> None:
    with Terminal(waiting_world(world).folder, "run") as terminal:
        terminal.read_until("running")

        terminal.close_window()

        terminal.wait()
    assert world.types(world.store.run_ids()[0])[-1] == "run.finished"


def test_failures_are_shown_whole_and_the_same_one_of_many_items_once(world: World) -> None:
    world.graph("- {id: each, kind: tool, impl: a.py, for_each: {source: $.xs}}", state="xs: {default: [1, 2, 3]}")
    world.tool("a", f"raise ValueError('{'very ' * 40}long')")

    with Terminal(world.folder, "run") as terminal:
        assert terminal.wait() == 1

    above, _, _ = terminal.text.partition("each  failed")
    assert above.count("✗ each[") == 1
    assert "✗ failed at each" in terminal.text


def test_a_dumb_terminal_gets_plain_lines(report: Path) -> None:
    with Terminal(report, "run", term="dumb") as terminal:
        assert terminal.wait() == 1

    assert "\x1b" not in terminal.screen
    assert "✗ compare" in terminal.text


def test_another_level_or_json_gets_lines_on_a_terminal_too(report: Path) -> None:
    for options in (("--log-level", "debug"), ("--log-format", "json")):
        with Terminal(report, "run", *options) as terminal:
            assert terminal.wait() == 1
        assert HIDE_CURSOR not in terminal.screen


def test_an_error_before_the_first_event_is_only_a_message(tmp_path: Path) -> None:
    with Terminal(tmp_path, "run") as terminal:
        assert terminal.wait() == 1

    assert terminal.text.startswith("oe: there is no experience.yaml")
    assert HIDE_CURSOR not in terminal.screen


def test_follow_shows_a_run_of_another_process_until_its_end(world: World) -> None:
    process = started(world)
    with Terminal(world.folder, "inspect", "latest", "--follow") as terminal:
        terminal.read_until("0/2 nodes")

        (world.folder / "release").touch()

        assert terminal.wait() == 0
        assert "✓ succeeded · 2 completed" in terminal.text
    process.communicate(timeout=30)


def test_ctrl_c_ends_the_following_and_not_the_run(oe: Oe, world: World) -> None:
    process = started(world)
    with Terminal(world.folder, "inspect", "latest", "--follow") as terminal:
        terminal.read_until("0/2 nodes")
        terminal.press("\x03")
        assert terminal.wait() == 130

    (world.folder / "release").touch()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_follow_of_a_run_that_ended_shows_it_and_its_exit_code(oe: Oe, failed_report: Path) -> None:
    followed = oe("inspect", "latest", "--follow", cwd=failed_report)

    assert followed.code == 1
    assert "✗ failed at compare" in followed.out


def test_follow_of_a_run_that_was_killed_says_so(oe: Oe, world: World) -> None:
    process = started(world)
    process.kill()
    process.communicate()

    followed = oe("inspect", "latest", "--follow")

    assert followed.code == 1
    assert "was interrupted" in followed.err
