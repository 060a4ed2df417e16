"""The examples whose agents are command lines, run with stand-ins that behave as the real ones do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.log.writing.attempt_outputs import output_folder
from tests.support.coding_agents import CodingAgents
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[2] / "examples"
APPROVES = {"answer": {"verdict": "approve", "concerns": []}}
BUG = {"file": "sample/basket.py", "line": 5, "problem": "The discount is never divided by 100."}
NO_BUG = {"file": "sample/basket.py", "line": 9, "problem": "The cheapest of nothing crashes."}
REVIEWS: list[dict[str, Any]] = [
    {"when": "Review the file `sample/basket.py`", "answer": {"findings": [BUG, NO_BUG]}},
    {"when": "Review the file `sample/greeting.py`", "answer": {"findings": []}},
    {"when": BUG["problem"], "answer": {"verdicts": [{"holds": True, "reason": "total([1]) is 100"}]}},
    {"when": NO_BUG["problem"], "answer": {"verdicts": [{"holds": False, "reason": "it is never called so"}]}},
]


def checkout(example: str, folder: Path) -> World:
    """An example as it is in a clean checkout."""
    ignored = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")
    return World(Path(shutil.copytree(EXAMPLES / example, folder / example, ignore=ignored)))


@pytest.fixture
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodingAgents:
    return CodingAgents(tmp_path / "agents", monkeypatch)


async def test_a_release_that_passes_every_gate_may_go_out(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("release-gates", tmp_path)
    agents.answers(APPROVES)

    run = await world.run()

    assert run.finished.status == "success"
    assert run.final_state["decision"] == {"release": True, "against": []}
    assert (world.folder / "out/decision.md").read_text() == "# The release may go out.\n\n"
    (call,) = agents.calls
    assert call.folder == str(world.folder / "project")
    assert "You review version 1.4.0" in call.prompt


async def test_what_the_projects_tests_print_is_in_an_output_file(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("release-gates", tmp_path)
    agents.answers(APPROVES)

    run = await world.run()

    texts = [file.read_text() for file in output_folder(world.store, run.run_id).iterdir()]
    assert any("test_hours_and_minutes_add_up" in text for text in texts)


async def test_each_gate_that_fails_stands_against_the_release(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("release-gates", tmp_path)
    agents.answers({"answer": {"verdict": "reject", "concerns": ["It forgets days."]}})
    world.write("project/durations.py", "def seconds(text): return 0\n")
    world.write("project/dependencies.json", '{"left-pad": "WTFPL"}')

    run = await world.run({"version": "2.0.0"})

    assert run.final_state["decision"] == {
        "release": False,
        "against": [
            "tests: unittest ended with exit code 1",
            "changelog: CHANGELOG.md lacks the line '## 2.0.0'",
            "licences: not allowed: left-pad (WTFPL)",
            "review: It forgets days.",
        ],
    }


async def test_without_the_reviewer_the_decision_is_no_and_a_resume_makes_up_for_it(
    tmp_path: Path, agents: CodingAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = checkout("release-gates", tmp_path)
    agents.answers(APPROVES)
    path = os.environ["PATH"]
    python_only = tmp_path / "python-only"
    python_only.mkdir()

    monkeypatch.setenv("PATH", str(python_only))
    run = await world.run()
    monkeypatch.setenv("PATH", path)
    resumed = await world.resume()

    assert run.finished.status == "failure"
    assert run.final_state["decision"] == {"release": False, "against": ["review: there is none"]}
    assert sorted(world.restored(resumed.run_id)) == ["changelog", "licences", "tests"]
    assert resumed.finished.status == "success"
    assert resumed.final_state["decision"] == {"release": True, "against": []}


async def test_every_file_is_reviewed_and_every_finding_verified_by_another_agent(
    tmp_path: Path, agents: CodingAgents
) -> None:
    world = checkout("code-review", tmp_path)
    agents.answers(*REVIEWS)

    run = await world.run()

    assert run.finished.status == "success"
    assert run.final_state["report"] == {"hold": 1, "refuted": 1}
    held, refuted = (world.folder / "out/review.md").read_text().split("## Refuted")
    assert "- `sample/basket.py:5`: The discount is never divided by 100. (total([1]) is 100)" in held
    assert "- `sample/basket.py:9`: The cheapest of nothing crashes. (it is never called so)" in refuted
    assert sorted(call.program for call in agents.calls) == ["claude", "claude", "codex", "codex"]


async def test_a_code_review_counts_what_claude_says_it_cost(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("code-review", tmp_path)
    agents.answers(*REVIEWS)

    run = await world.run()

    assert run.finished.spent.cost_usd == pytest.approx(2 * 0.0125)
    assert run.finished.spent.tokens_in == 2 * 123


async def test_a_code_review_that_is_resumed_calls_nobody(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("code-review", tmp_path)
    agents.answers(*REVIEWS)
    await world.run()
    before = len(agents.calls)

    resumed = await world.resume()

    assert resumed.finished.status == "success"
    assert len(agents.calls) == before
    assert resumed.final_state["report"] == {"hold": 1, "refuted": 1}


async def test_a_code_review_without_claude_fails_at_once_and_says_why(
    tmp_path: Path, agents: CodingAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = checkout("code-review", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    run = await world.run()

    assert (run.finished.status, run.finished.failed_at) == ("failure", "review")
    assert run.finished.error is not None
    assert run.finished.error.message.startswith("2 of 2 items failed; item 0: claude, which claude-code needs, is not")
    assert "node.attempt" not in world.types(run.run_id)


async def test_a_review_that_fails_is_made_up_for_by_a_resume(tmp_path: Path, agents: CodingAgents) -> None:
    world = checkout("code-review", tmp_path)
    file = world.folder / "experience.yaml"
    file.write_text(file.read_text().replace("base_ms: 2000", "base_ms: 0"))
    agents.answers({"when": "greeting", "error": "overloaded"}, *REVIEWS)

    run = await world.run()
    agents.answers(*REVIEWS)
    resumed = await world.resume()

    assert run.finished.status == "success"
    assert world.types(run.run_id, of="review").count("node.attempt") == 1
    assert world.types(run.run_id, of="review").count("node.failed") == 1
    assert [call.program for call in agents.calls].count("claude") == 4
    assert world.types(resumed.run_id, of="review").count("node.cached") == 1
    assert resumed.finished.status == "success"
