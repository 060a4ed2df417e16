"""The examples about control flow: a pipeline over rows, a loop that refines, and experiences within one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cache.decisions.decision import Answer
from engine.log.events.events import NodeFailed
from tests.standins.messages_api import MessagesApi, text, tool_use
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[2] / "examples"


def checkout(example: str, folder: Path) -> World:
    """An example as it is in a clean checkout."""
    ignored = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")
    return World(Path(shutil.copytree(EXAMPLES / example, folder / example, ignore=ignored)))


@pytest.fixture
def invoices(tmp_path: Path) -> World:
    return checkout("row-pipeline", tmp_path)


@pytest.fixture
def newsletter(tmp_path: Path) -> World:
    return checkout("nested-newsletter", tmp_path)


@pytest.fixture
def refining(tmp_path: Path) -> World:
    return checkout("refine-loop", tmp_path)


def mend(invoices: World) -> None:
    """What the README says to do about the row with the mistake."""
    rows = invoices.folder / "data/invoices.csv"
    rows.write_text(rows.read_text(encoding="utf-8").replace("1o0.00", "100.00"), encoding="utf-8")


async def test_a_bad_row_ends_where_it_fails_and_the_others_are_booked(invoices: World) -> None:
    ended = await invoices.run()

    assert (ended.finished.status, ended.finished.reason) == ("failure", "failed at booking")
    assert [booking["number"] for booking in ended.final_state["bookings"]] == ["2026-001", "2026-003", "2026-004"]  # type: ignore
    errors = [record.event.error for record in invoices.records(ended.run_id) if isinstance(record.event, NodeFailed)]
    assert "invoice 2026-002: the amount 1o0.00 is no number" in errors[0].message


async def test_once_the_row_is_mended_only_that_row_goes_through_the_pipeline(invoices: World) -> None:
    await invoices.run()
    mend(invoices)

    resumed = await invoices.resume()

    assert resumed.finished.status == "success"
    assert sorted(invoices.restored(resumed.run_id)) == ["book"] * 3 + ["clean"] * 3 + ["convert"] * 3
    ledger = (invoices.folder / "out/ledger.md").read_text(encoding="utf-8")
    assert "| 2026-002 | Grace Hopper | 92.00 |" in ledger
    assert "**448.13**" in ledger


class Editor:
    """Drafts once, then is a little more content with each revision; keeps the prompts that it was asked with."""

    def __init__(self) -> None:
        self.prompts: list[str] = []

    def __call__(self, request: dict[str, Any]) -> Any:
        said = request["messages"][0]["content"]
        self.prompts.append(said)
        if "tools" not in request:
            return text("Clocks tick.")(request)  # type: ignore[operator]
        number = sum("You are an editor" in prompt for prompt in self.prompts)
        given = {"text": f"Version {number}.", "score": 5 + number, "remarks": [f"Change {number}."]}
        return tool_use(given)(request)  # type: ignore[operator]


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    editor = Editor()
    with MessagesApi(editor) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
        yield editor


async def test_a_text_is_revised_until_it_is_good_enough(refining: World, editor: Editor) -> None:
    ended = await refining.run()

    assert ended.finished.status == "success"
    assert ended.final_state["score"] == 8
    assert len(editor.prompts) == 4
    assert "revision number 2 (counted from 0) of a text about why old clocks tick" in editor.prompts[3]
    assert "Version 2." in editor.prompts[3]
    page = (refining.folder / "out/text.md").read_text(encoding="utf-8")
    assert page.startswith("Version 3.\n\nScored 8 of 10 after 3 revisions:\n\n1. Change 1.\n2. Change 2.")


async def test_an_edited_prompt_asks_again_from_the_first_revision_on(refining: World, editor: Editor) -> None:
    await refining.run()
    prompt = refining.folder / "prompts/revise.md"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "\nBe bold.\n", encoding="utf-8")
    editor.prompts.clear()

    loop = refining.plan().entries[1]
    resumed = await refining.resume()

    assert loop.reasons == ("iteration 0: prompt prompts/revise.md changed",)
    assert len(editor.prompts) == 3
    assert refining.restored(resumed.run_id) == ["draft", "publish"]  # the editor said the same again


async def test_the_sections_of_a_newsletter_are_made_by_nested_experiences(newsletter: World) -> None:
    ended = await newsletter.run()

    assert ended.finished.status == "success"
    assert [section["title"] for section in ended.final_state["sections"]] == ["Sky", "Sea", "Soil"]  # type: ignore
    assert ended.final_state["remarks"] == ["Sea: 'The' stands there twice."]
    page = (newsletter.folder / "out/newsletter.md").read_text(encoding="utf-8")
    assert "## Sky\n\nA comet passed on Monday. The moon was full on Thursday." in page
    assert "> Sea: 'The' stands there twice." in page


async def test_after_a_change_of_one_topics_notes_the_other_sections_are_restored(newsletter: World) -> None:
    await newsletter.run()
    sky = newsletter.folder / "notes/sky.txt"
    sky.write_text(sky.read_text(encoding="utf-8") + "A second comet was seen.\n", encoding="utf-8")

    planned = newsletter.plan()
    resumed = await newsletter.resume()

    assert planned.entries[0].answer is Answer.WILL_RUN
    assert sorted(newsletter.restored(resumed.run_id)) == ["split", "split", "write", "write"]
    assert "A second comet was seen." in (newsletter.folder / "out/newsletter.md").read_text(encoding="utf-8")


async def test_a_nested_experience_runs_alone_too(newsletter: World) -> None:
    section = World(newsletter.folder / "section")

    ended = await section.run({"topic": "sea", "notes": "Low tide."})

    assert ended.final_state["finished"] == [{"title": "Sea", "body": "Low tide."}]
