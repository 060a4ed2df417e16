"""Tables keep whole what matters, whatever the width: the columns that matter least give way."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.terminals import Terminal


def shown(folder: Path, *args: str, columns: int) -> list[str]:
    with Terminal(folder, *args, columns=columns) as terminal:
        assert terminal.wait() == 0
        return terminal.text.splitlines()


def test_on_forty_columns_a_run_keeps_its_id_and_its_status(failed_report: Path) -> None:
    [run] = (failed_report / ".openexpertise/runs").glob("*.jsonl")

    headings, row = shown(failed_report, "runs", columns=40)

    assert headings.split() == ["run", "status", "started"]
    assert row.split()[:4] == [run.stem[:8], "failure", "at", "compare"]
    assert row.rstrip().endswith(("just now", "ago"))
    assert len(row) <= 40


def test_columns_without_a_value_are_not_shown(failed_report: Path) -> None:
    headings, _ = shown(failed_report, "runs", columns=200)

    assert headings.split() == ["run", "status", "started", "nodes", "duration"]


def test_on_forty_columns_inspect_keeps_nodes_and_statuses_whole(failed_report: Path) -> None:
    lines = shown(failed_report, "inspect", "latest", columns=40)

    assert any(line.split()[:3] == ["✗", "compare", "failed"] for line in lines)
    assert not any("…" in line for line in lines if "  = " not in line)


def test_a_wide_terminal_shows_when_each_node_ran(failed_report: Path) -> None:
    lines = shown(failed_report, "inspect", "latest", columns=120)

    assert lines[1].split()[:4] == ["node", "status", "time", "when"]
    assert any("━" in line for line in lines)


def test_long_values_of_the_state_are_cut_and_their_run_is_not(failed_report: Path) -> None:
    [run] = (failed_report / ".openexpertise/runs").glob("*.jsonl")

    lines = shown(failed_report, "state", columns=50)

    assert all(len(line) <= 50 for line in lines)
    assert any("…" in line and run.stem[:8] in line for line in lines)
