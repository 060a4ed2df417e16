"""Two runs compared: as wholes, value by value, on a page, and as two documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.json_types import Json
from engine.log.events.events import (
    Counts,
    Event,
    ExperienceRef,
    Input,
    Item,
    NodeCompleted,
    NodeStarted,
    Output,
    RunFinished,
    RunStarted,
    RunStatus,
    Scope,
    ScopeKind,
    Sums,
)
from engine.log.storage.run_store import RunStore
from engine.report.comparison.line_diff import Sign, line_diff
from engine.report.comparison.runs import Comparison, compare_runs, read_compared_run
from engine.report.comparison.side_by_side import node_documents
from engine.report.comparison.text import comparison_lines
from engine.report.comparison.to_json import comparison_to_json
from engine.report.page.compare_page import compare_page
from tests.support.written_logs import write_log
from tests.unit.report.test_page import HOSTILE, Page

POEM = "roses are red\nviolets\nsugar is sweet\nand so are you, said the poet\n"


def begun(*nodes: str, **more: object) -> RunStarted:
    experience = ExperienceRef("demo", "1.0.0", "/somewhere/experience.yaml")
    return RunStarted(experience=experience, nodes=nodes, **more)  # type: ignore[arg-type]


def ran(
    node_id: str, output: Json, reads: dict[str, Json], part: str, *reasons: str, keyed: bool = False
) -> list[Event]:
    """A node that read fields and put out `text`; `part` is the hash of what it read."""
    parts = {f"reads.{name}": part for name in reads}
    return [
        NodeStarted(node_id=node_id, attempt_id="a", input=Input(reads=reads), reasons=reasons),
        NodeCompleted(
            node_id=node_id,
            attempt_id="a",
            input_hash="h",
            input_parts=parts,
            keyed_parts=dict.fromkeys(parts, part) if keyed else None,
            output=Output({"text": output}),
            duration_ms=1000,
        ),
    ]


def finished(cost: float) -> RunFinished:
    return RunFinished(
        status=RunStatus.SUCCESS, counts=Counts(completed=2), spent=Sums(cost, 100, 20), duration_ms=5000
    )


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    (tmp_path / "experience.yaml").touch()
    return RunStore(tmp_path)


def compared(store: RunStore, left: list[Event], right: list[Event]) -> Comparison:
    runs = (read_compared_run(store, write_log(store, *events)) for events in (left, right))
    return compare_runs(*runs)


def poems(store: RunStore) -> Comparison:
    after = POEM.replace("violets", "tulips")
    start = begun("a", "b", args={"city": "Oslo"}, files={"p.md": "1"})
    left = [start, *ran("a", POEM, {"x": 1}, "1"), *ran("b", 1, {}, "")]
    right = [
        begun("a", "b", args={"city": "Rome"}, files={"p.md": "2", "q.md": "3"}),
        *ran("a", after, {"x": 2}, "2", "reads.x changed"),
        *ran("b", 1, {}, ""),
    ]
    return compared(store, [*left, finished(0.5)], [*right, finished(0.25)])


def test_runs_are_compared_as_wholes_and_by_execution(store: RunStore) -> None:
    lines = [line.strip() for line in comparison_lines(poems(store))]

    assert lines == [
        "spent: $0.5000 → $0.2500",
        'arg city differs: "Oslo" → "Rome"',
        "file p.md changed",
        "file q.md is only in the right run",
        "≠ a  completed · 1.0 s",
        "right ran: reads.x changed",
        "input reads.x differs: 1 → 2",
        "output text differs",
        "- violets",
        "+ tulips",
        "1 of 2 executions have the same status, inputs and outputs",
    ]


def test_the_document_has_the_same_and_what_it_had_before(store: RunStore) -> None:
    document = json.loads(json.dumps(comparison_to_json(poems(store))))

    assert document["runs"]["left"]["spent"]["costUsd"] == 0.5
    assert document["start"] == ['arg city differs: "Oslo" → "Rome"']
    assert [entry["node"] for entry in document["executions"]] == ["a", "b"]
    assert document["executions"][0]["right"]["reasons"] == ["reads.x changed"]
    assert document["executions"][1]["same"] is True


def test_secrets_and_masked_values_stay_unknown(store: RunStore) -> None:
    left = [begun("a", args={"key": "***"}, masked_args=("key",)), *ran("a", "***", {"x": "hush"}, "1", keyed=True)]
    right = [begun("a", args={"key": "***"}, masked_args=("key",)), *ran("a", "now", {"x": "hush!"}, "2", keyed=True)]

    comparison = compared(store, left, right)
    said = "\n".join(comparison_lines(comparison))

    assert "arg key comes from a secret and cannot be compared" in said
    assert "input reads.x comes from a secret and cannot be compared" in said
    for text in (said, compare_page(comparison), *node_documents(comparison.left, comparison.right, "a")):
        assert "hush" not in text
        assert "***" not in text


def test_the_page_shows_texts_line_by_line_and_folds_what_is_equal(store: RunStore) -> None:
    text = compare_page(poems(store))
    page = Page(text)

    assert "<del>- violets\n</del><ins>+ tulips\n</ins>" in text
    assert "1 of 2 executions have the same status, inputs and outputs" in page.text
    assert text.count("<details") == 2
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]


def test_values_on_the_page_are_never_markup(store: RunStore) -> None:
    left = [begun("a", args={HOSTILE: 1}), *ran("a", HOSTILE, {HOSTILE: 1}, "1")]
    right = [begun("a", args={HOSTILE: HOSTILE}), *ran("a", f"{HOSTILE}\n{HOSTILE}", {HOSTILE: HOSTILE}, "2")]

    page = Page(compare_page(compared(store, left, right)))

    assert not {"img", "iframe", "form"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert "alert('x')" in page.text


def test_a_page_of_many_long_differences_stays_small(store: RunStore) -> None:
    def run(seed: str, part: str) -> list[Event]:
        nodes = [f"n{number}" for number in range(60)]
        text = "\n".join(f"{seed} {number} {'x' * 300}" for number in range(300))
        return [begun(*nodes), *(event for node in nodes for event in ran(node, text, {"x": seed}, part))]

    text = compare_page(compared(store, run("before", "1"), run("after", "2")))

    assert len(text) < 1_500_000
    assert "output text differs: `oe diff` shows how." in text


def test_two_documents_of_a_node_line_up(store: RunStore) -> None:
    comparison = poems(store)

    left, right = node_documents(comparison.left, comparison.right, "a")

    changed = {line.text for line in line_diff(left, right) if line.sign in (Sign.ADDED, Sign.REMOVED)}
    assert changed == {"1", "2", "violets", "tulips", "ran: reads.x changed"}
    assert left.startswith("# a\n\ncompleted\n\n## Inputs\n\n### reads.x\n")
    with pytest.raises(LookupError):
        node_documents(comparison.left, comparison.right, "nothing")


def test_an_item_is_found_in_the_other_run_by_its_value(store: RunStore) -> None:
    def run(index: int) -> list[Event]:
        scope = (Scope(ScopeKind.FANOUT, "a", Item(index, "0123456789abcdef#0")),)
        end = NodeCompleted(
            node_id="a", scope=scope, attempt_id="a", input_hash="h", output=Output({"n": index}), duration_ms=1
        )
        return [begun("a"), NodeStarted(node_id="a", items=1), end]

    comparison = compared(store, run(7), run(8))

    left, right = node_documents(comparison.left, comparison.right, "a[8]")

    assert "### n\n\n```json\n7\n" in left
    assert "### n\n\n```json\n8\n" in right


def test_lines_around_a_difference_are_kept_and_others_left_out() -> None:
    before = [str(number) for number in range(100)]
    after = [*before[:50], "new", *before[50:]]

    lines = line_diff("\n".join(before), "\n".join(after))

    assert [(line.sign, line.text) for line in lines] == [
        (Sign.GAP, "line 48"),
        *((Sign.KEPT, str(number)) for number in (47, 48, 49)),
        (Sign.ADDED, "new"),
        *((Sign.KEPT, str(number)) for number in (50, 51, 52)),
    ]
