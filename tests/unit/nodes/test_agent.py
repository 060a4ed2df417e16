"""Agents: the requests to the model, the outcome of its answers, and the progress reports."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.experience.model import AgentSpec, Kind, Node
from engine.llm.limits import RateLimits, SystemClock
from engine.llm.providers import ANTHROPIC
from engine.llm.service import LLMService
from engine.log.events.events import Metrics
from engine.nodes.agent import AgentKind
from engine.nodes.kind import NodeError, Outcome, Work, WorkItem
from tests.standins.messages_api import MessagesApi, Script, refuses_to_be_forced, status, text, tool_use
from tests.unit.nodes.conftest import RecordingWatcher

SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer"}, "why": {"type": "string"}},
    "required": ["score"],
}


class ImpatientClock(SystemClock):
    """Records sleeps without sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class LeapingClock(SystemClock):
    """A clock that sleeps move at once."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds


class Bench:
    """Runs one agent node against the scripted server, without ever waiting between tries."""

    def __init__(self, directory: Path, serve: Callable[..., MessagesApi]) -> None:
        self.directory = directory
        self.serve = serve
        self.clock = ImpatientClock()
        self.watcher = RecordingWatcher()
        self.llm = LLMService(clock=self.clock)
        self.kind = AgentKind(directory, self.llm)

    def write(self, path: str, content: str) -> None:
        (self.directory / path).parent.mkdir(parents=True, exist_ok=True)
        (self.directory / path).write_text(content, encoding="utf-8")

    async def run(
        self, prompt: str, *, writes: tuple[str, ...] = ("answer",), item: WorkItem | None = None, **spec: Any
    ) -> Outcome:
        node = agent(AgentSpec(prompt, **spec), reads=("notes", "later"), writes=writes)
        work = Work(
            node,
            "attempt",
            args={"topic": "owls", "notes": "from args"} if "args win" in prompt else {"topic": "owls"},
            reads={"notes": {"title": "Night", "pages": [1, 2.0]}},
            edges={"before": ["x"], "topic": "from the edge"},
            run_args={"city": "Oslo"},
            item=item,
        )
        return await self.kind.execute(work, self.watcher)


def agent(spec: AgentSpec, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ("answer",)) -> Node:
    return Node("review", Kind.AGENT, spec, source={}, reads=reads, writes=writes)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MessagesApi]]:
    with ExitStack() as stack:

        def start(*script: Script) -> MessagesApi:
            api = stack.enter_context(MessagesApi(*script))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
            monkeypatch.delenv("OE_ANTHROPIC_MODEL", raising=False)
            return api

        yield start


@pytest.fixture
async def bench(tmp_path: Path, serve: Callable[..., MessagesApi]) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, serve)
    yield bench
    await bench.llm.close()


async def test_text_goes_into_the_one_field_that_is_written(bench: Bench) -> None:
    bench.serve(text("Owls.", tokens=(1000, 200)))

    outcome = await bench.run("Say something.", model="claude-haiku-4-5")

    assert outcome.output.state_delta == {"answer": "Owls."}
    assert outcome.metrics == Metrics(1000, 200, pytest.approx(0.002), "claude-haiku-4-5")
    assert bench.watcher.activities == ["calling claude-haiku-4-5"]
    assert bench.watcher.token_reports == [(1000, 200, "claude-haiku-4-5")]


PROMPTS = [
    ("About {{topic}}, {{ topic }}.", "About owls, owls.", []),
    ("{{notes}}|{{$.notes.title}}|{{notes.pages}}", '{"title":"Night","pages":[1,2]}|Night|[1,2]', []),
    ("args win: {{notes}} but {{$.notes.title}}", "args win: from args but Night", []),
    ("{{before}} {{$edges.before[0]}} {{$edges.topic}}", '["x"] x from the edge', []),
    ("{{$args.city}} {{$item.key}} {{$index}}", "Oslo k 4", []),
    ("[{{later}}]", "[]", ["{{later}} inserts nothing: no earlier node has written that field"]),
    (
        "{{topik}}",
        "{{topik}}",
        ["{{topik}} is not an input of the node and stays as it is; did you mean {{topic}}?"],
    ),
    ("{{$.topic}}", "{{$.topic}}", ["{{$.topic}} is not an input of the node and stays as it is"]),
    ("{{$iter}}{{$iter}}", "{{$iter}}{{$iter}}", ["{{$iter}} is not an input of the node and stays as it is"]),
]


@pytest.mark.parametrize(("prompt", "sent", "warnings"), PROMPTS, ids=[prompt for prompt, *_ in PROMPTS])
async def test_placeholders_are_filled_with_what_the_node_receives(
    bench: Bench, prompt: str, sent: str, warnings: list[str]
) -> None:
    api = bench.serve(text("ok"))

    await bench.run(prompt, item=WorkItem({"key": "k"}, 4))

    assert api.requests[0]["messages"] == [{"role": "user", "content": sent}]
    assert bench.watcher.warnings == warnings


async def test_what_only_looks_like_a_placeholder_stays_with_a_warning(bench: Bench) -> None:
    api = bench.serve(text("ok"))

    await bench.run("{{#each rows}}")

    assert api.requests[0]["messages"][0]["content"] == "{{#each rows}}"
    assert len(bench.watcher.warnings) == 1


async def test_values_are_data_and_never_searched_for_placeholders(bench: Bench) -> None:
    api = bench.serve(text("ok"))

    await bench.run("{{$item}}", item=WorkItem("{{topic}}", 0))

    assert api.requests[0]["messages"][0]["content"] == "{{topic}}"


@pytest.mark.parametrize("name", ["prompts/review.md", "prompts/review"])
async def test_a_prompt_that_is_a_file_is_read(bench: Bench, name: str) -> None:
    api = bench.serve(text("ok"))
    bench.write(name, "\ufeffReview {{topic}}!")

    await bench.run(name)

    assert api.requests[0]["messages"][0]["content"] == "Review owls!"


async def test_a_prompt_that_looks_like_a_file_must_be_one(bench: Bench) -> None:
    api = bench.serve(text("ok"))

    with pytest.raises(NodeError, match=r"prompts/none\.md does not exist; create it or correct `prompt`"):
        await bench.run("./prompts/none.md")

    assert api.requests == []


async def test_a_prompt_far_too_long_for_a_file_name_is_the_prompt_itself(bench: Bench) -> None:
    api = bench.serve(text("ok"))

    await bench.run("x" * 10_000)

    assert api.requests[0]["messages"][0]["content"] == "x" * 10_000


@pytest.mark.parametrize("writes", [(), ("a", "b")])
async def test_text_mode_checks_its_writes_before_it_calls(bench: Bench, writes: tuple[str, ...]) -> None:
    api = bench.serve(text("ok"))

    with pytest.raises(NodeError, match="writes its text to one field"):
        await bench.run("Hello", writes=writes)

    assert api.requests == []


@pytest.mark.parametrize("in_file", [False, True])
async def test_structured_output_is_the_input_of_the_forced_tool(bench: Bench, in_file: bool) -> None:
    api = bench.serve(tool_use({"score": 3, "why": "because", "extra": 1}))
    bench.write("schemas/score.json", json.dumps(SCHEMA))

    outcome = await bench.run("Score.", writes=("score", "why"), schema="./schemas/score.json" if in_file else SCHEMA)

    assert outcome.output.state_delta == {"score": 3, "why": "because"}
    assert bench.watcher.warnings == ["dropped extra from the answer; add it to `writes` to keep it"]
    assert bench.watcher.activities == [f"calling {ANTHROPIC.default_model}", "validating structured output"]
    assert api.requests[0]["tools"][0]["name"] == "structured_output"
    assert api.requests[0]["tools"][0]["input_schema"] == SCHEMA


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (tool_use({"score": "high"}), "- $.score: 'high' is not of type 'integer'"),
        (tool_use({}), "- $: 'score' is a required property"),
        (text("It is 3."), "- the answer was not given by calling structured_output"),
    ],
)
async def test_an_answer_that_violates_the_schema_is_repaired_once(bench: Bench, first: Script, told: str) -> None:
    api = bench.serve(first, tool_use({"score": 3}))

    outcome = await bench.run("Score.", writes=("score",), schema=SCHEMA, model="claude-haiku-4-5")

    assert outcome.output.state_delta == {"score": 3}
    assert outcome.metrics == Metrics(20, 10, pytest.approx(0.00007), "claude-haiku-4-5")
    assert bench.watcher.activities == [
        "calling claude-haiku-4-5",
        "validating structured output",
        "repairing structured output",
        "calling claude-haiku-4-5",
        "validating structured output",
    ]
    roles = [message["role"] for message in api.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert told in api.requests[1]["messages"][2]["content"]


async def test_a_failed_repair_fails_the_node_with_its_cost(bench: Bench) -> None:
    api = bench.serve(tool_use({"score": "high"}))

    with pytest.raises(
        NodeError,
        match=r"neither the answer nor its repair matches the schema.*\$\.score: 'high' is not of type 'integer'",
    ) as raised:
        await bench.run("Score.", writes=("score",), schema=SCHEMA)

    assert raised.value.info.type == "InvalidOutput"
    assert raised.value.metrics is not None
    assert raised.value.metrics.tokens_in == 20
    assert len(api.requests) == 2


async def test_models_that_cannot_be_forced_still_give_structured_output(bench: Bench) -> None:
    bench.serve(refuses_to_be_forced(tool_use({"score": 3})))

    outcome = await bench.run("Score.", writes=("score",), schema=SCHEMA)

    assert outcome.output.state_delta == {"score": 3}
    assert bench.watcher.attempts == []


BAD_SCHEMAS: list[tuple[Any, str]] = [
    ({"type": "array"}, "schema must describe an object"),
    ({"properties": {"a": {"type": "text"}}}, "schema is not a valid JSON Schema"),
    ({"properties": {"a": {"pattern": "(?=a)"}}}, "schema cannot be used: at properties.a.pattern"),
    ("schemas/none.json", "schemas/none.json does not exist; create it or correct `schema`"),
    ("schemas/broken.json", "schemas/broken.json is not JSON"),
    ("schemas/list.json", "schemas/list.json must describe an object"),
]


@pytest.mark.parametrize(("schema", "said"), BAD_SCHEMAS)
async def test_an_invalid_schema_is_an_error_before_the_call(bench: Bench, schema: Any, said: str) -> None:
    api = bench.serve(text("ok"))
    bench.write("schemas/broken.json", "{")
    bench.write("schemas/list.json", "[]")

    with pytest.raises(NodeError) as raised:
        await bench.run("Score.", schema=schema)

    assert said in raised.value.info.message
    assert api.requests == []


async def test_a_schema_fetches_nothing(bench: Bench) -> None:
    bench.serve(tool_use({"score": 3}))

    with pytest.raises(NodeError, match="write the definition inline"):
        await bench.run("Score.", schema={"properties": {"score": {"$ref": "http://127.0.0.1:9/schema.json"}}})


@pytest.mark.parametrize(
    ("stop_reason", "said"),
    [
        ("max_tokens", "cut off after 50 tokens; raise `max_tokens`"),
        ("refusal", "refused to answer; change the prompt or the model"),
        ("model_context_window_exceeded", "shorten the prompt"),
    ],
)
async def test_an_answer_that_is_not_complete_fails_the_node(bench: Bench, stop_reason: str, said: str) -> None:
    bench.serve(text("Owls are", stop_reason))

    with pytest.raises(NodeError) as raised:
        await bench.run("Say something.", max_tokens=50)

    assert said in raised.value.info.message
    assert raised.value.metrics is not None
    assert (raised.value.retryable, bench.watcher.attempts) == (False, [])


async def test_an_incomplete_answer_is_retried_and_its_cost_counts(bench: Bench) -> None:
    half = text("Owls are", "pause_turn", tokens=(10, 5))
    bench.serve(half, half, text("Owls are birds.", tokens=(10, 7)))

    outcome = await bench.run("Say something.", model="claude-haiku-4-5")

    assert outcome.output.state_delta == {"answer": "Owls are birds."}
    assert outcome.metrics == Metrics(30, 17, pytest.approx(0.000115), "claude-haiku-4-5")
    assert bench.watcher.token_reports == [(10, tokens, "claude-haiku-4-5") for tokens in (5, 5, 7)]
    assert [type_ for _, _, type_, _ in bench.watcher.attempts] == ["InterruptedAnswer", "InterruptedAnswer"]


async def test_answers_that_stay_incomplete_fail_the_node_with_the_cost_of_all(bench: Bench) -> None:
    api = bench.serve(text("Owls are", "eos", tokens=(10, 5)))

    with pytest.raises(NodeError, match="may be incomplete") as raised:
        await bench.run("Say something.")

    assert len(api.requests) == 5
    assert raised.value.metrics is not None
    assert (raised.value.metrics.tokens_in, raised.value.metrics.tokens_out) == (50, 25)
    assert raised.value.retryable


ANYTHING = {"type": "object", "properties": {"score": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("given", "holds"), [({}, "it holds no field at all"), ({"rating": 3, "why": "so"}, "it holds rating, why")]
)
async def test_an_answer_that_fills_no_field_is_repaired_once_and_then_fails(
    bench: Bench, given: dict[str, Any], holds: str
) -> None:
    api = bench.serve(tool_use(given))

    with pytest.raises(NodeError, match=holds) as raised:
        await bench.run("Score.", writes=("score",), schema=ANYTHING)

    assert raised.value.info.type == "InvalidOutput"
    assert "fills none of the fields that `writes` names (score)" in raised.value.info.message
    assert "it fills none of the fields" in api.requests[1]["messages"][2]["content"]
    assert len(api.requests) == 2


async def test_an_answer_that_fills_some_fields_counts(bench: Bench) -> None:
    api = bench.serve(tool_use({"score": None}))

    outcome = await bench.run("Score.", writes=("score", "why"), schema={"type": "object"})

    assert outcome.output.state_delta == {"score": None}
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "written", ['{"score": 3}', ' {"score": 3}\n', '```json\n{"score": 3}\n```', '```\n{"score": 3}```']
)
async def test_a_text_that_is_a_matching_object_needs_no_repair(bench: Bench, written: str) -> None:
    api = bench.serve(text(written))

    outcome = await bench.run("Score.", writes=("score",), schema=SCHEMA)

    assert outcome.output.state_delta == {"score": 3}
    assert len(api.requests) == 1


@pytest.mark.parametrize("error", [status(400), status(401), status(403), status(404), status(402)])
async def test_a_permanent_error_is_not_retryable(bench: Bench, error: Script) -> None:
    bench.serve(error)

    with pytest.raises(NodeError) as raised:
        await bench.run("Hello")

    assert (raised.value.retryable, bench.watcher.attempts) == (False, [])


async def test_a_transient_api_error_is_retried_and_reported(bench: Bench) -> None:
    bench.serve(status(429, retry_after=30), status(529), text("ok"))

    outcome = await bench.run("Hello")

    assert outcome.output.state_delta == {"answer": "ok"}
    assert [(level, number, type_) for level, number, type_, _ in bench.watcher.attempts] == [
        ("llm", 1, "RateLimited"),
        ("llm", 2, "Overloaded"),
    ]
    assert [wait for *_, wait in bench.watcher.attempts] == [round(seconds * 1000) for seconds in bench.clock.slept]
    assert bench.clock.slept[0] >= 30


async def test_a_permanent_api_error_fails_the_node_with_a_remedy(bench: Bench) -> None:
    bench.serve(status(401))

    with pytest.raises(NodeError, match="check ANTHROPIC_API_KEY") as raised:
        await bench.run("Hello")

    assert raised.value.info.type == "AuthFailed"


async def test_a_missing_key_fails_the_node_and_names_the_variable(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_AUTH_TOKEN", raising=False)

    with pytest.raises(NodeError, match="set ANTHROPIC_API_KEY") as raised:
        await bench.run("Hello")

    assert raised.value.info.type == "MissingKey"


def test_an_agent_is_made_of_its_files_and_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OE_ANTHROPIC_MODEL", "of-the-environment")
    kind = AgentKind(tmp_path, LLMService())
    in_files = agent(AgentSpec("./prompts/a.md", schema="schemas/b.json", model="own"))
    inline = agent(AgentSpec("Hello", schema={}))

    assert kind.files(in_files, {}) == {
        "prompt prompts/a.md": tmp_path / "prompts/a.md",
        "schema schemas/b.json": tmp_path / "schemas/b.json",
    }
    assert kind.files(inline, {}) == {}
    assert kind.settings(in_files, {}) == {"provider": "anthropic", "model": "own"}
    assert kind.settings(inline, {}) == {"provider": "anthropic", "model": "of-the-environment"}


def test_the_model_defaults_to_the_provider_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OE_ANTHROPIC_MODEL", raising=False)

    settings = AgentKind(tmp_path, LLMService()).settings(agent(AgentSpec("Hello")), {})

    assert settings["model"] == ANTHROPIC.default_model


async def test_a_wait_for_the_rate_limit_shows_as_activity_before_the_call(
    tmp_path: Path, serve: Callable[..., MessagesApi]
) -> None:
    serve(text("Owls."))
    clock = LeapingClock()
    llm = LLMService(limits=RateLimits(requests_per_minute=1), clock=clock)
    kind, watcher = AgentKind(tmp_path, llm), RecordingWatcher()
    work = Work(agent(AgentSpec("Say something.")), "attempt", {}, {}, {}, {})

    for _ in range(2):
        await kind.execute(work, watcher)
    await llm.close()

    assert watcher.activities[1:] == [
        f"calling {ANTHROPIC.default_model}",
        "waiting: runtime.limits allows 1 request a minute",
        f"calling {ANTHROPIC.default_model}",
    ]
    assert clock.now() >= 60
