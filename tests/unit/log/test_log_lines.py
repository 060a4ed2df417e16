"""Where the executions of a node are in a log: found in any log that grows, is cut, replaced, damaged or deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.log.events.events import (
    ErrorInfo,
    Item,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    Output,
    RunStarted,
    Scope,
    ScopeKind,
)
from engine.log.reading.execution_lines import Lines
from engine.log.reading.log_lines import LogLines
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from tests.support.written_logs import STARTED, SUCCESS, write_log


def item(index: int) -> tuple[Scope, ...]:
    return (Scope(ScopeKind.FANOUT, "b", Item(index, f"key{index}")),)


def completed(node_id: str, scope: tuple[Scope, ...] = (), **delta: object) -> NodeCompleted:
    return NodeCompleted(node_id=node_id, scope=scope, output=Output(delta), duration_ms=1)


INSIDE = (Scope(ScopeKind.EXPERIENCE, "b"),)
EVENTS = (
    STARTED,
    NodeStarted(node_id="a"),
    completed("a", found=1),
    NodeStarted(node_id="b", scope=item(0)),
    NodeStarted(node_id="b", scope=item(1)),
    NodeFailed(node_id="b", scope=item(1), error=ErrorInfo("E", "no")),
    completed("b", item(0), found=2),
    completed("a", INSIDE, found=3),
    SUCCESS,
)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def parts(lines: LogLines, node_id: str) -> list[Lines]:
    """The executions of a node, in the order of their items."""
    return lines.parts(node_id).first(9, lambda _, item, number: (item, number))


def lines_of(store: RunStore, run_id: str) -> LogLines:
    lines = LogLines(store.log(run_id))
    lines.update()
    return lines


def test_each_execution_has_its_lines_and_how_it_ended(store: RunStore) -> None:
    lines = lines_of(store, write_log(store, *EVENTS))

    assert parts(lines, "b") == [Lines((3, 6), "node.completed", 0), Lines((4, 5), "node.failed", 1)]
    assert lines.parts("b").last_types() == {"node.completed": 1, "node.failed": 1}
    assert lines.whole("a") == Lines((1, 2), "node.completed")
    assert lines.whole("b") is None


def test_a_node_of_a_nested_experience_is_inside_and_writes_no_field_of_the_run(store: RunStore) -> None:
    lines = lines_of(store, write_log(store, *EVENTS))

    assert [each.numbers for each in lines.inside("b").first(9, lambda *_: ())] == [(7,)]
    assert list(lines.writes("found")) == [2, 6]


def test_a_record_is_read_by_its_line_or_its_number(store: RunStore) -> None:
    lines = lines_of(store, write_log(store, *EVENTS))

    assert [record.seq for record in lines.records([2, 6])] == [2, 6]
    assert lines.event(6) == EVENTS[6]
    assert lines.event(99) is None
    assert (finished := lines.finished()) is not None
    assert finished.event == SUCCESS


def test_only_what_was_added_is_read_and_a_torn_line_waits_for_its_end(store: RunStore) -> None:
    run_id = write_log(store, *EVENTS)
    log = store.log(run_id)
    whole = log.read_bytes()
    cut = whole.index(b"\n", whole.index(b'"seq":6')) - 5
    log.write_bytes(whole[:cut])
    lines = lines_of(store, run_id)
    assert parts(lines, "b")[0].numbers == (3,)

    with log.open("ab") as file:
        file.write(whole[cut:])
    lines.update()

    assert parts(lines, "b")[0].numbers == (3, 6)
    assert lines.finished() is not None


def test_a_log_that_was_cut_or_replaced_is_read_anew(store: RunStore) -> None:
    run_id = write_log(store, *EVENTS)
    lines = lines_of(store, run_id)

    write_log(store, *EVENTS[:3], run_id=run_id)
    lines.update()

    assert parts(lines, "b") == []
    assert lines.finished() is None


def test_a_damaged_line_costs_only_itself(store: RunStore) -> None:
    run_id = write_log(store, *EVENTS)
    log = store.log(run_id)
    log.write_bytes(log.read_bytes().replace(b'"seq":4', b'"seq":{', 1))

    lines = lines_of(store, run_id)

    assert [each.numbers for each in parts(lines, "b")] == [(3, 6), (5,)]
    assert lines.event(6) == EVENTS[6]


@pytest.mark.parametrize("events", [(), (EVENTS[1],), (RunStarted(v=99),)])
def test_a_log_without_a_start_or_of_a_newer_version_is_unreadable(
    store: RunStore, events: tuple[NodeStarted, ...]
) -> None:
    run_id = write_log(store, *events)

    with pytest.raises(UnreadableLogError):
        LogLines(store.log(run_id)).update()


def test_a_log_that_is_deleted_is_not_found(store: RunStore) -> None:
    run_id = write_log(store, *EVENTS)
    lines = lines_of(store, run_id)
    store.log(run_id).unlink()

    with pytest.raises(FileNotFoundError):
        lines.update()
    with pytest.raises(FileNotFoundError):
        lines.records([2])
