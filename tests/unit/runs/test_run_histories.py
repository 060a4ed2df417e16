"""What a hover says of runs, by written logs: status, outputs, last runs, values of fields, texts of placeholders."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.log.events.counters import Counts
from engine.log.events.events import (
    ErrorInfo,
    Event,
    Input,
    Item,
    Metrics,
    NodeAttempt,
    NodeCached,
    NodeCompleted,
    NodeFailed,
    NodeStarted,
    Output,
    ProducedBy,
    RunStarted,
    Scope,
    ScopeKind,
    Wrote,
)
from engine.log.storage.run_store import RunStore
from oe_lsp.ide.hover.hover import hover
from oe_lsp.ide.runs.planned_run import PlannedNode, PlannedRun
from oe_lsp.ide.runs.shown_run import ShownRun
from oe_lsp.runs.run_histories import LogCache, StoredRuns
from oe_lsp.runs.summaries import read_run
from tests.support.written_logs import FAILURE, NOON, STARTED, SUCCESS, write_log
from tests.unit.ide.marked import at_cursor

TEXT = """\
name: city-report
version: 1.0.0
state:
  schema:
    topic: { type: string, default: bread }
    notes: { type: array, merge: array_append, default: [] }
    summary: { type: string }
graph:
  nodes:
    - { id: a, kind: tool, impl: ./a.py, writes: [notes] }
    - id: b
      kind: agent
      prompt: "About {{topic}}: {{notes}} {{summary}}"
      reads: [topic, notes]
      writes: [summary]
  edges: [{ from: a, to: b }]
"""
BEGAN = replace(STARTED, state={"topic": "bread", "notes": ["old"]})
NOTES = NodeCompleted(node_id="a", attempt_id="1", output=Output({"notes": ["x" * 90, "y" * 90]}), duration_ms=42)
ASKED = NodeStarted(
    node_id="b",
    attempt_id="2",
    input=Input(reads={"topic": "bread & <b>", "notes": {"$at": "1/stateDelta/notes"}}),
)
ANSWERED = NodeCompleted(
    node_id="b",
    attempt_id="2",
    output=Output({"summary": "One\n```\nTwo"}),
    duration_ms=4_200,
    metrics=Metrics(900, 100, 0.0123, "claude-sonnet-4-6"),
)
WROTE = {"notes": Wrote(["x" * 90], "a", "array_append"), "summary": Wrote("One", "b", "last_wins")}


NOW = NOON + timedelta(minutes=5)


class Runs:
    """The runs of an experience, and hovers that know them."""

    def __init__(self, folder: Path) -> None:
        self.store = RunStore(folder)
        self.cache = LogCache()
        self.shown: ShownRun | None = None

    def write(self, *events: Event) -> str:
        """Write a log and show its run; its id."""
        began, *others = events
        assert isinstance(began, RunStarted)
        run_id = write_log(self.store, replace(began, order=len(self.store.known_ids()) + 1), *others)
        self.shown = ShownRun(*read_run(self.store, run_id))
        return run_id

    def hover(self, place: str) -> str:
        """The hover at the end of `place`, in Markdown."""
        snapshot, offset = at_cursor(TEXT.replace(place, f"{place}$0", 1))
        shown = self.shown
        history = None if shown is None else StoredRuns(self.store, "experience.yaml", shown, self.cache, NOW)
        found = hover(snapshot, offset, history)
        assert found is not None
        return found.markdown


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_a_node_shows_its_status_its_outputs_and_what_it_cost(runs: Runs) -> None:
    run_id = runs.write(BEGAN, NOTES, ASKED, ANSWERED, replace(SUCCESS, wrote=WROTE))

    found = runs.hover("id: b")

    assert f"**Run {run_id[:8]}** · ✓ completed · 4.2 s · 1.0k tokens, $0.0123 · `claude-sonnet-4-6`" in found
    assert "- `summary`:\n\n````text\nOne\n```\nTwo\n````" in found  # no text of a log leaves its block
    assert '\n\nReceived:\n- `reads.topic`: `"bread & <b>"`\n- `reads.notes`: `["xxx' in found
    assert f"Last runs:\n- ✓ completed · 4 min ago · 4.2 s · run `{run_id[:8]}`" in found


def test_the_last_runs_are_the_newest_five_with_the_node_and_in_words(runs: Runs) -> None:
    for _ in range(6):
        runs.write(BEGAN, NOTES, SUCCESS)
    interrupted = runs.write(BEGAN, ASKED)

    last = runs.hover("id: b").split("Last runs:\n")[1].splitlines()

    assert last == [f"- ■ interrupted · 5 min ago · run `{interrupted[:8]}`"]
    assert runs.hover("id: a").split("Last runs:\n")[1].count("✓ completed") == 5


def test_a_failed_node_shows_its_attempts_and_a_restored_one_its_origin(runs: Runs) -> None:
    error = ErrorInfo("Timeout", "no answer")
    runs.write(
        BEGAN,
        NodeCached(
            node_id="a",
            input_hash="h",
            input_parts={},
            output=Output({"notes": []}),
            duration_ms=42,
            produced_by=ProducedBy("0123456789", 1),
        ),
        ASKED,
        NodeAttempt(node_id="b", attempt=1, attempt_id="2", level="node", error=error, wait_ms=1),
        NodeFailed(node_id="b", error=ErrorInfo("ValueError", "no bread\nat all"), duration_ms=5),
        FAILURE,
    )

    assert "↺ restored · from run `01234567` · saved 42 ms" in runs.hover("id: a")
    failed = runs.hover("id: b")
    assert "✗ failed · 5 ms · 2 attempts\n- attempt 1 failed: `no answer`\n- `ValueError`: `no bread …`" in failed


def test_of_many_items_the_failed_ones_come_first_and_all_are_counted(runs: Runs) -> None:
    def item(index: int) -> tuple[Scope, ...]:
        return (Scope(ScopeKind.FANOUT, "a", Item(index, f"k{index}")),)

    ended: list[Event] = [
        NodeCompleted(node_id="a", scope=item(index), output=Output({"notes": [index]}), duration_ms=1)
        for index in range(50)
    ]
    ended[40] = NodeFailed(node_id="a", scope=item(40), error=ErrorInfo("E", "item 40 is odd"))
    whole = NodeCompleted(node_id="a", counts=Counts(completed=49, failed=1), duration_ms=80)
    runs.write(BEGAN, NodeStarted(node_id="a", items=50), *ended, whole, SUCCESS)

    found = runs.hover("id: a")

    assert "✓ completed · 80 ms · 49 completed, 1 failed\n\n- `a[40]`: ✗ failed · `item 40 is odd`\n- `a[0]`" in found
    assert "- … and 47 more" in found


def test_the_plan_says_why_a_node_would_run_again(runs: Runs) -> None:
    run_id = runs.write(BEGAN, NOTES, SUCCESS)
    planned = PlannedNode("a", "will run", ("prompt changed",), changes=(("prompt", "- old\n+ new"),))
    assert runs.shown is not None
    runs.shown = replace(runs.shown, plan=PlannedRun(run_id, "0" * 16, 0.0, 0.0, (planned,)))

    assert "**Resume**: will run: `prompt changed`\n\n```diff\n- old\n+ new\n```" in runs.hover("id: a")


def test_a_field_shows_all_it_held_and_who_wrote_it(runs: Runs) -> None:
    run_id = runs.write(BEGAN, NOTES, ASKED, ANSWERED, replace(SUCCESS, wrote=WROTE))

    assert f"Last value in run `{run_id[:8]}`, written by `a`:" in runs.hover("    notes")
    assert f'```text\n"old"\n"{"x" * 90}"\n```' in runs.hover("    notes")  # started with one, and appended one
    assert '```text\n"One"\n```' in runs.hover("writes: [summary")
    assert f'Last value in run `{run_id[:8]}`, where the run started:\n\n```text\n"bread"\n```' in runs.hover(
        "    topic"
    )


def test_while_a_run_goes_on_a_field_shows_the_latest_output(runs: Runs) -> None:
    runs.write(BEGAN, ASKED, ANSWERED)

    assert "written by `b`:\n\n````text\nOne\n```\nTwo\n````" in runs.hover("writes: [summary")


def test_a_field_that_holds_a_secret_stays_masked(runs: Runs) -> None:
    runs.write(replace(STARTED, masked_state=("topic",)), SUCCESS)

    assert '```text\n"***"\n```' in runs.hover("    topic")


def test_a_placeholder_shows_the_text_that_it_last_had(runs: Runs) -> None:
    runs.write(BEGAN, NOTES, ASKED)

    assert "Last text in run" in runs.hover("About {{topic")
    assert "```text\nbread & <b>\n```" in runs.hover("About {{topic")
    assert f'["{"x" * 90}' in runs.hover(": {{notes")
    assert "Last text" not in runs.hover("{{summary")  # no input of the node


@pytest.mark.parametrize("damage", ["deleted", "cut", "newer"])
def test_a_log_that_cannot_be_read_adds_nothing(runs: Runs, damage: str) -> None:
    before = runs.hover("id: a")
    log = runs.store.log(runs.write(BEGAN, NOTES, SUCCESS))
    assert runs.hover("id: a") != before

    if damage == "deleted":
        log.unlink()
    else:
        log.write_bytes(log.read_bytes()[:20] if damage == "cut" else log.read_bytes().replace(b'"v":1', b'"v":9'))

    assert runs.hover("id: a") == before


def test_a_run_of_another_experience_in_the_folder_is_none_of_the_last_runs(runs: Runs) -> None:
    assert STARTED.experience is not None
    other = replace(STARTED.experience, path="/x/other/experience.yml")
    runs.write(replace(BEGAN, experience=other), NOTES, SUCCESS)
    runs.write(BEGAN, NOTES, SUCCESS)

    assert runs.hover("id: a").split("Last runs:\n")[1].count("✓ completed") == 1
