"""The kinds of a run are created when first needed, and closed with it."""

from __future__ import annotations

from pathlib import Path

from engine.experience.model import AgentSpec, Kind, Node
from engine.llm.answers.statuses import Account
from engine.llm.protocol import LLMRequest, LLMResponse
from engine.llm.providers import Provider
from engine.llm.service import LLMService
from engine.nodes.kind import Work
from engine.nodes.registry import SUPPORTED, kinds
from tests.unit.nodes.conftest import RecordingWatcher


class Client:
    """Answers everything with `ok`."""

    def __init__(self) -> None:
        self.closed = False

    async def complete(self, request: LLMRequest) -> LLMResponse:
        return LLMResponse("ok", None, "end_turn", 1, 1, request.model)

    async def close(self) -> None:
        self.closed = True


async def test_every_supported_kind_can_be_made_and_is_the_same_each_time(tmp_path: Path) -> None:
    run = kinds(tmp_path)

    assert set(run) == SUPPORTED >= {Kind.TOOL, Kind.AGENT, Kind.CLI_AGENT}
    assert all(run[kind] is run[kind] for kind in SUPPORTED)
    await run.close()


async def test_a_client_is_made_for_the_first_agent_that_runs_and_closed_with_the_run(tmp_path: Path) -> None:
    made: list[Client] = []

    def connect() -> Client:
        made.append(Client())
        return made[-1]

    account = Account("Test", ("TEST_KEY",), "TEST_URL", "http://localhost", "http://localhost/limits")
    run = kinds(tmp_path, llm=LLMService(Provider("test", connect, account, "OE_TEST_MODEL", "model", ("TEST_KEY",))))
    node = Node("a", Kind.AGENT, AgentSpec("Hello"), source={}, writes=("answer",))
    run[Kind.AGENT].settings(node, {})
    before = list(made)

    for _ in range(2):
        await run[Kind.AGENT].execute(Work(node, "attempt", {}, {}, {}, {}), RecordingWatcher())
    await run.close()

    assert before == []
    assert [client.closed for client in made] == [True]
