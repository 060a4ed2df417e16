"""The commands that look, and never run: graph, plan, diff, page, schema, doctor, formats of validate, completion."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from engine.cli.commands import doctor
from schemas import event_schema, experience_schema
from tests.support.experiences import yaml_graph
from tests.support.worlds import World
from tests.unit.cli.conftest import Oe


def run_twice(oe: Oe, report: Path) -> tuple[str, str]:
    """The resume of the run that failed, once the cause is mended; the ids of both."""
    shutil.copy(report / "fixtures/normals.csv", report / "data/normals.csv")
    oe("resume", "latest", cwd=report)
    newest, first = json.loads(oe("runs", "--json", cwd=report).out)
    return first["runId"], newest["runId"]


def test_graph_is_mermaid_or_a_drawing(oe: Oe, report: Path) -> None:
    text = oe("graph", cwd=report).out

    assert text.startswith("flowchart TD\n")
    assert 'subgraph p1["Collect"]' in text
    drawn = oe("graph", "--terminal", cwd=report).out
    assert "├─┬─╮" in drawn
    assert "report         tool · join: any" in drawn


def test_the_graph_of_an_invalid_experience_is_its_problems(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool}")

    wrong = oe("graph")

    assert (wrong.code, wrong.out) == (1, "")
    assert "OE201" in wrong.err


def test_the_plan_of_a_run_names_order_commands_and_files_and_runs_nothing(oe: Oe, report: Path) -> None:
    plan = oe("run", "--plan", cwd=report)

    assert plan.code == 0
    lines = plan.out.splitlines()
    assert lines[0] == "city-report 1.0.0: 7 steps (nothing is run)"
    assert lines.index(next(line for line in lines if "4. compare" in line)) > lines.index(
        next(line for line in lines if "3. rank" in line)
    )
    assert any(line.split()[0] == "runs" and line.endswith("node ./tools/rank.mjs") for line in lines if line.strip())
    assert "hosts     none" in lines
    assert not (report / ".openexpertise").exists()


def test_the_plan_names_hosts_and_files_that_are_missing(oe: Oe, agents: Path) -> None:
    (agents / "prompts/review.md").unlink()

    plan = oe("run", "--plan", cwd=agents, ANTHROPIC_BASE_URL="http://localhost:8080/api").out

    assert "hosts     localhost:8080" in plan
    assert "missing   prompts/review.md" in plan


def test_the_plan_as_json_has_the_same_content(oe: Oe, report: Path) -> None:
    document = json.loads(oe("run", "--plan", "--json", cwd=report).out)

    assert [step["id"] for step in document["steps"]][:2] == ["load_readings", "summarise"]
    assert document["steps"][1]["notes"] == ["for each $.cities"]
    assert document["steps"][4]["conditions"] == ["$.largest_deviation >= 3"]


def test_a_plan_refuses_what_a_run_would_refuse(oe: Oe, report: Path) -> None:
    assert oe("run", "--plan", "--args", "[]", cwd=report).code == 2


def test_diff_shows_which_outcomes_differ_and_why(oe: Oe, failed_report: Path) -> None:
    first, second = run_twice(oe, failed_report)

    told = oe("diff", first[:8], second[:8], cwd=failed_report).out

    assert "≠ compare" in told
    assert "failed → completed" in told
    assert "left failed: " in told
    assert "load_readings" not in told
    document = json.loads(oe("diff", first, "latest", "--json", cwd=failed_report).out)
    assert (document["left"], document["right"]) == (first, second)


def test_diff_writes_a_page_with_both_runs(oe: Oe, failed_report: Path, tmp_path: Path) -> None:
    first, second = run_twice(oe, failed_report)

    said = oe("diff", first, second, "--html", str(tmp_path / "diff.html"), cwd=failed_report)

    assert said.out == f"wrote {tmp_path / 'diff.html'}\n"
    page = (tmp_path / "diff.html").read_text(encoding="utf-8")
    assert "failed → completed" in page
    assert "data/normals.csv is missing" in page
    assert oe("diff", first, second, "--html", "x", "--json", cwd=failed_report).code == 2


def test_the_page_of_a_run_is_one_file(oe: Oe, failed_report: Path, tmp_path: Path) -> None:
    said = oe("inspect", "latest", "--html", str(tmp_path / "run.html"), cwd=failed_report)

    assert said.out == f"wrote {tmp_path / 'run.html'}\n"
    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "<!doctype html>" in page
    assert "data/normals.csv is missing" in page
    assert "$.largest_deviation &gt;= 3" in page
    assert page.count("<script") == 1


def test_a_redacted_page_has_no_data_and_needs_a_file(oe: Oe, failed_report: Path, tmp_path: Path) -> None:
    assert oe("inspect", "latest", "--redact", cwd=failed_report).code == 2

    oe("inspect", "latest", "--html", str(tmp_path / "run.html"), "--redact", cwd=failed_report)

    page = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "FileNotFoundError" in page
    assert not [text for text in ("normals.csv", "Lisbon", "readings.csv", str(failed_report)) if text in page]


def test_the_page_shows_the_source_of_a_dataset(oe: Oe, world: World) -> None:
    world.graph(
        "- {id: rows, kind: dataset, source: {type: file, uri: rows.json}, writes: [r]}", state="r: {type: array}"
    )
    world.write("rows.json", "[1]")
    oe("run")

    oe("inspect", "latest", "--html", "run.html")

    assert "<dt>source.uri</dt><dd><pre>rows.json</pre>" in (world.folder / "run.html").read_text()


def test_a_page_of_an_experience_that_changed_is_drawn_from_the_log(oe: Oe, failed_report: Path) -> None:
    file = failed_report / "experience.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")

    oe("inspect", "latest", "--html", "run.html", cwd=failed_report)

    assert "has changed since this run" in (failed_report / "run.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written_is_one_error(oe: Oe, failed_report: Path) -> None:
    wrong = oe("inspect", "latest", "--html", "no/such/folder.html", cwd=failed_report)

    assert wrong.code == 1
    assert "cannot be written" in wrong.err


def test_schema_prints_or_writes_the_one_schema(oe: Oe, tmp_path: Path) -> None:
    assert json.loads(oe("schema").out) == experience_schema()
    assert json.loads(oe("schema", "--log").out) == event_schema()

    said = oe("schema", "--write")

    assert json.loads((tmp_path / "experience.schema.json").read_text(encoding="utf-8")) == experience_schema()
    assert "$schema=./experience.schema.json" in said.out


def test_validate_speaks_sarif_and_github(oe: Oe, world: World) -> None:
    world.graph("- {id: a, kind: tool}")

    sarif = oe("validate", "--format", "sarif")
    github = oe("validate", "--format", "github")

    assert (sarif.code, github.code) == (1, 1)
    assert [result["ruleId"] for result in json.loads(sarif.out)["runs"][0]["results"]] == ["OE201"]
    assert github.out.startswith("::error file=experience.yaml,line=")


def test_the_plan_of_a_run_shows_no_secret(oe: Oe, tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").write_text(
        "name: secret\nversion: 1.0.0\nstate: {schema: {rows: {type: array}}}\n"
        "args: {type: object, properties: {at: {type: string, writeOnly: true}}}\n"
        "graph:\n  nodes: [{id: a, kind: dataset, source: {type: http, url: $args.at}, writes: [rows]},"
        " {id: b, kind: agent, prompt: hello, writes: [rows]}]\n  edges: []\n"
    )
    given = ["--args", json.dumps({"at": "https://hidden.example/t0ken"})]
    key = "https://me:hush-hush@llm.example/v1"

    plan = oe("run", "--plan", *given, cwd=tmp_path, ANTHROPIC_BASE_URL=key)

    assert plan.code == 0
    assert "llm.example" in plan.out
    assert "hidden" not in plan.out + plan.err
    assert "hush" not in plan.out + plan.err


def test_doctor_checks_the_machine_and_never_prints_a_key(oe: Oe) -> None:
    checked = oe("doctor", "--json", ANTHROPIC_API_KEY="sk-very-secret-key")

    document = json.loads(checked.out)
    statuses = {check["name"]: check["status"] for check in document["checks"]}
    assert checked.code == 0
    assert {statuses[name] for name in ("python", "python of tools", "node", "folder", "file locks")} == {"pass"}
    assert (statuses["ANTHROPIC_API_KEY"], statuses["OPENAI_API_KEY"]) == ("pass", "warn")
    assert document["summary"]["failed"] == 0
    assert "sk-very" not in checked.out


def test_doctor_warns_where_pyyaml_lacks_libyaml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", False)

    checked = CliRunner().invoke(doctor.command, ["--json", str(tmp_path)])

    (check,) = [check for check in json.loads(checked.stdout)["checks"] if check["name"] == "yaml"]
    assert check["status"] == "warn"
    assert "pip install" in check["detail"]


def test_doctor_says_that_an_impossible_key_counts_as_unset(oe: Oe) -> None:
    checked = oe("doctor", "--json", ANTHROPIC_API_KEY="short", OPENAI_API_KEY="not-needed")

    found = {check["name"]: check for check in json.loads(checked.out)["checks"]}
    assert found["ANTHROPIC_API_KEY"]["status"] == found["OPENAI_API_KEY"]["status"] == "warn"
    assert "shorter than 8" in found["ANTHROPIC_API_KEY"]["detail"]
    assert "placeholder" in found["OPENAI_API_KEY"]["detail"]


def test_doctor_fails_where_runs_cannot_write(oe: Oe, tmp_path: Path) -> None:
    checked = oe("doctor", str(tmp_path / "nowhere"))

    assert checked.code == 1
    assert "✗ folder" in checked.out


def test_doctor_leaves_nothing_behind(oe: Oe, tmp_path: Path) -> None:
    oe("doctor")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(oe: Oe, shell: str) -> None:
    assert f"_OE_COMPLETE={shell}_complete" in oe("completion", shell).out


def test_shells_complete_commands_and_run_ids(oe: Oe, failed_report: Path) -> None:
    run_id = json.loads(oe("runs", "--json", cwd=failed_report).out)[0]["runId"]

    commands = oe(cwd=failed_report, _OE_COMPLETE="bash_complete", COMP_WORDS="oe re", COMP_CWORD="1").out
    runs = oe(cwd=failed_report, _OE_COMPLETE="bash_complete", COMP_WORDS="oe resume ", COMP_CWORD="2").out

    assert "plain,resume" in commands
    assert f"plain,{run_id}" in runs
    assert "plain,latest" in runs


def test_the_plan_looks_into_pipelines_loops_and_nested_experiences(oe: Oe, world: World) -> None:
    world.write("child/experience.yaml", yaml_graph("- {id: inner, kind: tool, impl: inner.py}"))
    world.write("child/inner.py", "def run(given): ...\n")
    world.write("parse.mjs", "export default () => ({})\n")
    nodes = """
- {id: parse, kind: tool, impl: parse.mjs}
- {id: below, kind: experience, impl: ./child/experience.yaml}
- {id: made, kind: tool, impl: made.py}
"""
    extra = "  pipelines: [{id: rows, items: $.xs, stages: [parse]}]\n"
    world.write(
        "experience.yaml",
        yaml_graph(nodes, "[{from: rows, to: below}, {from: below, to: made}]", "xs: {default: [1]}") + extra,
    )

    lines = oe("run", "--plan").out.splitlines()

    assert "  1. rows   pipeline · for each $.xs" in lines
    assert "      1. parse  tool" in lines
    assert "  2. below  experience · after rows" in lines
    assert "      1. inner  tool" in lines
    assert "missing   made.py" in lines


def test_json_without_plan_is_wrong_usage(oe: Oe, report: Path) -> None:
    assert oe("run", "--json", cwd=report).code == 2
    assert oe("resume", "latest", "--json", cwd=report).code == 2
