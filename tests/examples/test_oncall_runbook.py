"""The on-call runbook: real datasets over HTTP, MCP and SQLite; only the model and Gemini are stood in for."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cache.decisions.decision import Answer
from engine.log.events.events import NodeFailed
from engine.state.store import StateStore
from tests.standins.messages_api import MessagesApi, tool_use
from tests.support.coding_agents import CodingAgents
from tests.support.commands import OE, call
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[2] / "examples"
CAUSE = "190 of 455 requests fail, p99 stands at 3,000 ms"
STEPS = ["Raise pool_size to 45.", "Deploy."]


class Model:
    """Diagnoses; keeps what it was asked with."""

    def __init__(self) -> None:
        self.severity = "page"
        self.requests: list[dict[str, Any]] = []

    def __call__(self, request: dict[str, Any]) -> Any:
        self.requests.append(request)
        return tool_use({"severity": self.severity, "cause": CAUSE, "steps": STEPS})(request)  # type: ignore[operator]


@pytest.fixture
def runbook(tmp_path: Path) -> World:
    ignored = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")
    return World(Path(shutil.copytree(EXAMPLES / "oncall-runbook", tmp_path / "oncall-runbook", ignore=ignored)))


@pytest.fixture
def alert(runbook: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The args of a run: its monitoring is the one that the example brings along."""
    monkeypatch.setenv("MONITORING_TOKEN", "a-token-of-the-test")
    monkeypatch.setenv("ONCALL", "Ada")
    command = [sys.executable, str(runbook.folder / "monitoring.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as monitoring:
        assert monitoring.stdout is not None
        yield {"service": "checkout", "monitoring": monitoring.stdout.readline().strip()}
        monitoring.terminate()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    model = Model()
    with MessagesApi(model) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
        yield model


@pytest.fixture
def gemini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodingAgents:
    agents = CodingAgents(tmp_path / "agents", monkeypatch)
    agents.answers({"when": CAUSE, "answer": "pool_size is 45 now. Set it to 30 to undo it."})
    return agents


async def test_a_bad_alert_is_diagnosed_and_a_change_is_prepared(
    runbook: World, alert: dict[str, Any], model: Model, gemini: CodingAgents
) -> None:
    ended = await runbook.run(alert)

    assert ended.finished.status == "success"
    [request] = model.requests
    given = json.loads(request["messages"][0]["content"])
    assert [reading["errors"] for reading in given["readings"]] == [3, 61, 190]
    assert given["pages"][0]["page"].startswith("The pool of database connections")
    assert given["incidents"][0]["service"] == "search"
    assert request["system"].endswith("When in doubt, page.")
    [call] = gemini.calls
    assert call.folder == str(runbook.folder / "service")
    assert runbook.types(ended.run_id, of="ticket") == ["node.skipped"]
    page = (runbook.folder / "out/hand-over.md").read_text(encoding="utf-8")
    assert page.startswith(f"# checkout\n\npage, looked at by Ada: {CAUSE}\n\n1. Raise pool_size to 45.")
    assert page.endswith("Prepared: pool_size is 45 now. Set it to 30 to undo it.\n")


async def test_what_can_wait_becomes_a_ticket_and_no_coding_agent_is_called(
    runbook: World, alert: dict[str, Any], model: Model, gemini: CodingAgents
) -> None:
    model.severity = "ticket"

    ended = await runbook.run(alert)

    assert ended.finished.status == "success"
    assert gemini.calls == []
    ticket = (runbook.folder / "out/ticket.md").read_text(encoding="utf-8")
    assert ticket == f"# checkout: {CAUSE}\n\n- [ ] Raise pool_size to 45.\n- [ ] Deploy.\n"


async def test_the_log_of_the_shift_grows_from_run_to_run(
    runbook: World, alert: dict[str, Any], model: Model, gemini: CodingAgents
) -> None:
    await runbook.run(alert)
    model.severity = "ticket"
    await runbook.run(alert)

    shift_log = StateStore(runbook.store.data).values()["shift_log"].value

    assert shift_log == [f"checkout: page: {CAUSE}", f"checkout: ticket: {CAUSE}"]


async def test_a_resume_asks_the_monitoring_again_and_restores_what_the_same_readings_led_to(
    runbook: World, alert: dict[str, Any], model: Model, gemini: CodingAgents
) -> None:
    first = await runbook.run(alert)

    resumed = await runbook.resume(first.run_id)

    assert resumed.finished.status == "success"
    assert "node.completed" in runbook.types(resumed.run_id, of="readings")
    assert {"pages", "incidents", "diagnose", "mitigate", "hand_over"} <= set(runbook.restored(resumed.run_id))
    assert (len(model.requests), len(gemini.calls)) == (1, 1)


async def test_without_readings_nothing_is_judged_and_the_error_names_the_address(
    runbook: World, model: Model, gemini: CodingAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITORING_TOKEN", "a-token-of-the-test")

    ended = await runbook.run({"monitoring": "http://127.0.0.1:1/readings"})

    assert ended.finished.status == "failure"
    [error] = [record.event.error for record in runbook.records(ended.run_id) if isinstance(record.event, NodeFailed)]
    assert "127.0.0.1:1" in error.message
    assert (model.requests, gemini.calls) == ([], [])


async def test_a_change_that_may_have_been_made_is_not_made_twice(
    runbook: World, alert: dict[str, Any], model: Model, gemini: CodingAgents
) -> None:
    ended = await runbook.run(alert)
    log = runbook.store.log(ended.run_id)
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    [began] = [at for at, line in enumerate(lines) if '"node.started"' in line and '"nodeId":"mitigate"' in line]
    log.write_text("".join(lines[: began + 1]), encoding="utf-8")

    planned = {entry.node_id: entry for entry in runbook.plan(ended.run_id).entries}
    resumed = await runbook.resume(ended.run_id)

    assert planned["readings"].answer is Answer.WILL_RUN
    assert resumed.finished.status == "failure"
    assert len(gemini.calls) == 1


def test_a_forecast_names_the_real_host_the_servers_command_and_a_file_that_is_yet_to_come(runbook: World) -> None:
    told = call([*OE, "run", "--plan", "--args", '{"service": "checkout"}'], runbook.folder).out

    assert "asks    127.0.0.1:8123" in told
    assert "runbooks.py" in told
    assert "out/incidents.db (not there yet)" in told
    assert "missing" not in told
    assert told.count("answer.schema.json") == 1
