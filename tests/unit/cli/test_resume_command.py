"""`oe resume`, statement by statement of the user's page on it, and what can go wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.standins.messages_api import Answer, MessagesApi, text, tool_use
from tests.unit.cli.conftest import Oe

UNKNOWN = "4f3a1b2c-0d9e-4f7a-8b6c-1e2d3f4a5b6c"
FINDING = {"path": "a.py", "line": 1, "severity": "low", "problem": "none"}


def reviewer(request: dict[str, Any]) -> Answer:
    """A model that finds one problem in each file, and has words where words are asked for."""
    script = tool_use({"findings": [FINDING]}) if request.get("tool_choice") else text("All is well.")
    assert callable(script)
    return script(request)


def mend(report: Path) -> None:
    shutil.copy(report / "fixtures/normals.csv", report / "data/normals.csv")


def run_of(report: Path) -> str:
    [log] = (report / ".openexpertise/runs").glob("*.jsonl")
    return log.stem


def test_completed_nodes_are_restored_and_the_rest_runs_into_a_log_of_its_own(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    log = failed_report / f".openexpertise/runs/{original}.jsonl"
    before, modified = log.read_bytes(), log.stat().st_mtime_ns
    mend(failed_report)

    resumed = oe("resume", original, "--log-format", "json", cwd=failed_report)

    assert resumed.code == 0
    vertices = [(line["msg"], line["nodeId"]) for line in resumed.lines if "nodeId" in line and "scope" not in line]
    assert vertices == [
        ("node.cached", "load_readings"),
        ("node.completed", "summarise"),
        ("node.cached", "rank"),
        ("node.completed", "compare"),
        ("node.skipped", "cold_alert"),
        ("node.completed", "heat_alert"),
        ("node.completed", "report"),
    ]
    last = resumed.lines[-1]
    new = last.pop("runId")
    assert last == {"level": "info", "status": "success", "originalRunId": original, "msg": "resume complete"}
    assert new != original
    assert (failed_report / f".openexpertise/runs/{new}.jsonl").exists()
    assert (log.read_bytes(), log.stat().st_mtime_ns) == (before, modified)


def test_the_last_line_is_printed_at_every_level(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)

    quiet = oe("--log-format", "json", "--log-level", "error", "resume", original, cwd=failed_report)

    assert [line["msg"] for line in quiet.lines] == ["resume complete"]


def test_experience_names_a_folder_or_a_file_elsewhere(oe: Oe, failed_report: Path, tmp_path: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)

    assert oe("resume", original, "--experience", str(failed_report), cwd=tmp_path).code == 0
    assert oe("resume", original, "--experience", str(failed_report / "experience.yaml"), cwd=tmp_path).code == 0


def test_a_run_that_still_fails_exits_with_one(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)

    failed = oe("--log-format", "json", "resume", original, cwd=failed_report)

    assert failed.code == 1
    assert failed.lines[-1]["status"] == "failure"


def test_an_unknown_run_exits_with_one_and_one_message(oe: Oe, report: Path) -> None:
    unknown = oe("resume", UNKNOWN, cwd=report)

    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err.count("\n") == 1
    assert f"run log not found: {report}/.openexpertise/runs/{UNKNOWN}.jsonl" in unknown.err


def test_no_experience_exits_with_one_and_says_where_it_looked(oe: Oe, tmp_path: Path) -> None:
    missing = oe("resume", UNKNOWN, cwd=tmp_path)

    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith(f"oe: there is no experience.yaml in {tmp_path}. ")
    assert missing.err.endswith("oe init hello\n")


def test_a_torn_last_line_costs_only_what_it_held(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)
    log = failed_report / f".openexpertise/runs/{original}.jsonl"
    log.write_bytes(log.read_bytes()[:-20])

    assert oe("resume", original, cwd=failed_report).code == 0


def test_a_log_without_a_first_line_exits_with_one_and_runs_nothing(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    log = failed_report / f".openexpertise/runs/{original}.jsonl"
    log.write_bytes(log.read_bytes()[:40])

    broken = oe("resume", original, cwd=failed_report)

    assert broken.code == 1
    assert "does not begin with a readable run.started line" in broken.err
    assert len(list(log.parent.iterdir())) == 1


def test_a_log_without_args_means_none(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)
    log = failed_report / f".openexpertise/runs/{original}.jsonl"
    log.write_text(log.read_text().replace('"args":{},', "", 1))

    resumed = oe("--log-format", "json", "resume", original, cwd=failed_report)

    assert resumed.code == 0
    assert resumed.lines[0]["args"] == {}


def test_an_agent_that_must_run_without_a_key_says_which_variable_to_set(oe: Oe, agents: Path) -> None:
    failed = oe("run", cwd=agents)

    assert failed.code == 1
    assert failed.out.count("set ANTHROPIC_API_KEY") == 1
    assert "3 of 3 items failed" in failed.out


def test_no_key_is_needed_when_every_agent_is_restored(oe: Oe, agents: Path) -> None:
    with MessagesApi(reviewer) as api:
        done = oe("--log-format", "json", "run", cwd=agents, ANTHROPIC_API_KEY="key", ANTHROPIC_BASE_URL=api.url)
    assert done.code == 0, done.out

    resumed = oe("--log-format", "json", "resume", "latest", cwd=agents)

    assert resumed.code == 0
    assert "node.started" not in {line["msg"] for line in resumed.lines}


def test_an_edited_prompt_runs_its_agent_again_and_restores_the_others(oe: Oe, agents: Path) -> None:
    with MessagesApi(reviewer) as api:
        env = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": api.url}
        assert oe("run", cwd=agents, **env).code == 0
        asked = len(api.requests)
        prompt = agents / "prompts/summarise.md"
        prompt.write_text(prompt.read_text() + "\nUse one sentence.\n")

        plan = oe("resume", "latest", "--plan", cwd=agents)
        resumed = oe("resume", "latest", cwd=agents, **env)

    assert "will run: prompt prompts/summarise.md changed" in plan.out
    assert resumed.code == 0
    assert len(api.requests) == asked + 1


def test_the_key_is_nowhere_in_what_a_run_leaves_behind(oe: Oe, agents: Path) -> None:
    with MessagesApi(reviewer) as api:
        env = {"ANTHROPIC_API_KEY": "sk-very-secret-key", "ANTHROPIC_BASE_URL": api.url}
        done = oe("--log-level", "debug", "run", cwd=agents, **env)

    left = [path for path in agents.rglob("*") if path.is_file() and b"sk-very-secret" in path.read_bytes()]
    assert left == []
    assert "sk-very-secret" not in done.out + done.err


def digest_of(plan: str) -> str:
    return plan.partition("--expect ")[2][:16]


def test_a_resume_proceeds_if_the_plan_is_the_expected_one(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)
    plan = oe("resume", original, "--plan", cwd=failed_report).out

    assert oe("resume", original, "--expect", digest_of(plan), cwd=failed_report).code == 0


def test_a_resume_that_differs_from_the_expected_plan_exits_with_four_and_runs_nothing(
    oe: Oe, failed_report: Path
) -> None:
    original = run_of(failed_report)
    mend(failed_report)
    digest = digest_of(oe("resume", original, "--plan", cwd=failed_report).out)
    tool = failed_report / "tools/rank.mjs"
    tool.write_text(tool.read_text() + "// edited\n")

    refused = oe("resume", original, "--expect", digest, cwd=failed_report)

    assert (refused.code, refused.out) == (4, "")
    assert "rank           will run: impl tools/rank.mjs changed" in refused.err
    assert refused.err.endswith("nothing was run. --accept-changes resumes with this plan.\n")
    assert len(list((failed_report / ".openexpertise/runs").glob("*.jsonl"))) == 1
    assert oe("resume", original, "--expect", digest, "--accept-changes", cwd=failed_report).code == 0


def test_a_node_that_does_not_exist_is_wrong_usage_and_the_nearest_is_named(oe: Oe, failed_report: Path) -> None:
    wrong = oe("resume", "latest", "--rerun", "sumarise", cwd=failed_report)

    assert wrong.code == 2
    assert "no node 'sumarise'" in wrong.err
    assert "summarise" in wrong.err


def test_the_reason_of_a_node_that_ran_is_shown_by_inspect_and_on_the_page(oe: Oe, failed_report: Path) -> None:
    original = run_of(failed_report)
    mend(failed_report)
    oe("resume", original, "--rerun", "rank", cwd=failed_report)

    shown = oe("inspect", "latest", "--html", "run.html", cwd=failed_report)
    table = oe("inspect", "latest", cwd=failed_report)

    assert shown.code == 0
    assert "<b>Why it ran: </b>asked for with --rerun rank" in (failed_report / "run.html").read_text()
    assert "why rank ran: asked for with --rerun rank\n" in table.out


def test_wrong_usage_exits_with_two(oe: Oe, report: Path) -> None:
    assert oe("resume", cwd=report).code == 2
    assert oe("resume", "latest", "--evolve", cwd=report).code == 2
    assert oe("--log-format", "xml", "resume", "latest", cwd=report).code == 2


def test_help_shows_the_arguments_and_exits_with_zero(oe: Oe) -> None:
    for flag in ("-h", "--help"):
        shown = oe("resume", flag)
        assert shown.code == 0
        assert all(word in shown.out for word in ("RUN-ID", "--experience", "--log-format", "--log-level", "--plan"))


def test_one_node_alone_says_what_it_put_out_and_is_no_run_to_resume(oe: Oe, failed_report: Path) -> None:
    """Its output beside the recorded one, in `oe runs` what it is, and `latest` is still the run before it."""
    report, original = failed_report, run_of(failed_report)
    tool = report / "tools" / "rank.mjs"
    tool.write_text(tool.read_text().replace("warmest: ", "warmest: 'the ' + "))

    alone = oe("resume", "latest", "--isolated", "rank", cwd=report)
    runs = oe("runs", "--json", cwd=report)

    assert alone.code == 0
    assert alone.out.splitlines()[-3:] == [
        f"rank put out something else than in run {original[:8]}:",
        "  ranking: the same",
        '  warmest: "Rome" → "the Rome"',
    ]
    newest, before = json.loads(runs.out)
    assert (newest["kind"], newest["address"], newest["originalRunId"]) == ("isolated", "rank", original)
    assert before["kind"] is None
    assert f"isolated rank of run {original}" in oe("inspect", newest["runId"], cwd=report).out
    assert f"run {original} " in oe("inspect", "latest", cwd=report).out
    refused = oe("resume", newest["runId"], cwd=report)
    assert (refused.code, f"Resume the original: oe resume {original[:8]}" in refused.err) == (1, True)
    assert oe("resume", "latest", "--isolated", "rnak", cwd=report).code == 2
    assert oe("resume", "latest", "--isolated", "rank", "--from", "rank", cwd=report).code == 2
