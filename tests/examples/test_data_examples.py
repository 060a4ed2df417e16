"""The examples about data: rows from files, and issues that go one way or the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.standins.messages_api import Answer, MessagesApi, tool_use
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[2] / "examples"


def checkout(example: str, folder: Path) -> World:
    """An example as it is in a clean checkout."""
    ignored = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")
    return World(Path(shutil.copytree(EXAMPLES / example, folder / example, ignore=ignored)))


@pytest.fixture
def shop(tmp_path: Path) -> World:
    return checkout("dataset-aggregate", tmp_path)


@pytest.fixture
def triage(tmp_path: Path) -> World:
    return checkout("issue-triage", tmp_path)


async def test_orders_of_all_months_are_added_up_without_the_refunds(shop: World) -> None:
    ended = await shop.run()

    assert ended.finished.status == "success"
    assert ended.final_state["totals"] == {
        "Chair": {"units": 4, "revenue": 358},
        "Desk, oak": {"units": 3, "revenue": 1218},
        "Lamp": {"units": 6, "revenue": 229.8},
    }
    page = (shop.folder / "out/totals.md").read_text(encoding="utf-8")
    assert page.index("| Desk, oak | 3 | 1218.00 |") < page.index("| Chair | 4 | 358.00 |")


async def test_a_month_that_changed_is_the_only_one_that_is_read_again(shop: World) -> None:
    await shop.run()
    march = shop.folder / "data/2026-03.csv"
    march.write_text(march.read_text() + "A-1009,Lamp,5,37.50\n")

    resumed = await shop.resume()

    assert shop.restored(resumed.run_id) == ["orders", "orders", "refunds"]
    assert resumed.final_state["totals"]["Lamp"] == {"units": 11, "revenue": 417.3}


async def test_another_month_can_be_asked_for(shop: World) -> None:
    ended = await shop.run({"months": ["data/2026-02.csv"]})

    assert set(ended.final_state["totals"]) == {"Chair", "Lamp"}


TYPES = {41: ("bug", 5), 42: ("question", 1), 43: ("bug", 3), 44: ("other", 1)}


class Model:
    """Sorts, plans and answers; keeps what it was asked for, in words of its own."""

    def __init__(self, types: dict[int, tuple[str, int]]) -> None:
        self.types = types
        self.asked: list[str] = []
        self.skill_input: Any = None

    def __call__(self, request: dict[str, Any]) -> Answer:
        said = request["messages"][0]["content"]
        [wanted] = request["tools"][0]["input_schema"]["required"]
        if wanted == "plans":
            self.skill_input = json.loads(said)
            number = self.skill_input["$item"]["number"]
            given = {"number": number, "steps": ["Fill the disk.", "Run `notes sync`."], "questions": ["Which disk?"]}
        else:
            number = next(number for number in self.types if f"number {number}" in said)
            type_, urgency = self.types[number]
            given = {"number": number, "type": type_, "urgency": urgency}
            given = given if wanted == "sorted" else {"number": number, "answer": "Set NOTES_HOME."}
        self.asked.append(f"{wanted} {number}")
        answer = tool_use({wanted: [given]})
        assert callable(answer)
        return answer(request)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    model = Model(dict(TYPES))
    with MessagesApi(model) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
        yield model


async def test_bugs_get_a_plan_and_questions_an_answer(triage: World, model: Model) -> None:
    ended = await triage.run()

    assert ended.finished.status == "success"
    assert sorted(model.asked) == [
        "answers 42",
        "plans 41",
        "plans 43",
        "sorted 41",
        "sorted 42",
        "sorted 43",
        "sorted 44",
    ]
    assert model.skill_input.keys() == {"split", "product", "$item"}
    assert model.skill_input["split"] == {"bugs": 2, "questions": 1}
    page = (triage.folder / "out/triage.md").read_text(encoding="utf-8")
    assert page.index("#41 Empty file") < page.index("#43 ") < page.index("#44 Thank you!")
    assert "1. Fill the disk.\n2. Run `notes sync`.\n* To ask: Which disk?" in page
    assert "> Set NOTES_HOME." in page


async def test_without_bugs_their_branch_is_skipped_and_the_page_is_written(triage: World, model: Model) -> None:
    model.types |= {41: ("question", 2), 43: ("other", 1)}

    ended = await triage.run()

    assert ended.finished.status == "success"
    assert triage.types(ended.run_id, of="plan") == ["node.skipped"]
    assert "> Set NOTES_HOME." in (triage.folder / "out/triage.md").read_text(encoding="utf-8")


async def test_after_a_change_of_the_skill_only_plans_and_page_are_made_again(triage: World, model: Model) -> None:
    await triage.run()
    model.asked.clear()
    skill = triage.folder / "skills/bug-report/SKILL.md"
    skill.write_text(skill.read_text(encoding="utf-8") + "\nBe brief.\n", encoding="utf-8")

    resumed = await triage.resume()

    assert resumed.finished.status == "success"
    assert sorted(model.asked) == ["plans 41", "plans 43"]


async def test_a_new_issue_is_the_only_one_that_is_sorted(triage: World, model: Model) -> None:
    await triage.run()
    model.asked.clear()
    model.types[45] = ("other", 1)
    issues = triage.folder / "data/issues.jsonl"
    new = '{"number": 45, "title": "A logo?", "text": "I drew one."}\n'
    issues.write_text(new + issues.read_text(encoding="utf-8"), encoding="utf-8")

    resumed = await triage.resume()

    assert resumed.finished.status == "success"
    assert model.asked == ["sorted 45"]
