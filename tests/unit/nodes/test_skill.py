"""Skills: the requests to the model, the outcome of its answers, and the files of a skill."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.experience.model import Kind, Node, SkillSpec
from engine.expressions import Json
from engine.llm.service import LLMService
from engine.nodes.kind import NodeError, Outcome, Work, WorkItem, WorkLoop
from engine.nodes.skill import SkillKind
from tests.standins.messages_api import MessagesApi, text, tool_use
from tests.unit.nodes.conftest import RecordingWatcher

SKILL = """\
---
name: triage-issues
description: Sorts issues.
---

# Triage

Say how urgent the issue is.
"""
SCHEMA: dict[str, Json] = {"properties": {"urgency": {"type": "integer"}}, "required": ["urgency"]}


class Bench:
    """The skill `skills/triage`, and a model that answers what a test scripts."""

    def __init__(self, folder: Path, api: MessagesApi) -> None:
        self.folder = folder
        self.api = api
        self.watcher = RecordingWatcher()
        self.llm = LLMService()
        self.kind = SkillKind(folder, self.llm)
        self.write("skills/triage/SKILL.md", SKILL)

    def write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    async def run(self, work: Work | None = None, *, writes: tuple[str, ...] = ("verdict",), **spec: Any) -> Outcome:
        node = skill(writes=writes, **spec)
        return await self.kind.execute(work or Work(node, "attempt", {}, {}, {}, {}), self.watcher)

    @property
    def system(self) -> str:
        said: str = self.api.requests[-1]["system"]
        return said

    @property
    def given(self) -> Json:
        value: Json = json.loads(self.api.requests[-1]["messages"][0]["content"])
        return value


def skill(impl: str = "./skills/triage", writes: tuple[str, ...] = ("verdict",), **spec: Any) -> Node:
    source = {"id": "triage", "kind": "skill", "impl": impl, **spec}
    return Node("triage", Kind.SKILL, SkillSpec(impl, **spec), source, writes=writes)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesApi]:
    with MessagesApi(text("Urgent.")) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
        monkeypatch.delenv("OE_ANTHROPIC_MODEL", raising=False)
        yield api


@pytest.fixture
async def bench(tmp_path: Path, api: MessagesApi) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path, api)
    yield bench
    await bench.llm.close()


async def test_the_text_of_the_skill_is_the_system_prompt_and_the_answer_goes_into_the_one_field(bench: Bench) -> None:
    outcome = await bench.run(model="claude-haiku-4-5", max_tokens=300, temperature=0.0)

    assert outcome.output.state_delta == {"verdict": "Urgent."}
    assert bench.system == "# Triage\n\nSay how urgent the issue is."
    request = bench.api.requests[0]
    assert (request["model"], request["max_tokens"], request["temperature"]) == ("claude-haiku-4-5", 300, 0.0)
    assert bench.watcher.activities == ["using the skill triage-issues", "calling claude-haiku-4-5"]
    assert outcome.metrics is not None
    assert outcome.metrics.tokens_in == 10


async def test_what_the_node_says_to_the_model_follows_what_the_skill_says(bench: Bench) -> None:
    await bench.run(system="Answer in Danish.")

    assert bench.system == "# Triage\n\nSay how urgent the issue is.\n\nAnswer in Danish."


async def test_the_model_is_given_all_that_the_node_receives_as_readable_json(bench: Bench) -> None:
    work = Work(
        skill(),
        "attempt",
        args={"tone": "dry", "label": "of args", "same": "args"},
        reads={"issue": {"title": "Ærlig"}, "label": "of state", "same": "reads"},
        edges={"label": "of an edge", "collect": [1], "same": "edges"},
        run_args={"city": "Oslo"},
        given={"same": "inputs"},
    )

    await bench.run(work)

    assert bench.given == {
        "issue": {"title": "Ærlig"},
        "label": "of args",
        "same": "inputs",
        "collect": [1],
        "tone": "dry",
    }
    assert '\n  "issue": {\n    "title": "Ærlig"\n  }' in bench.api.requests[0]["messages"][0]["content"]


async def test_an_item_comes_with_its_index_only_if_that_is_named(bench: Bench) -> None:
    item = WorkItem({"id": 7}, 3)
    unnamed = Work(skill(), "attempt", {}, {}, {}, {}, item)
    named = Work(skill(inputs={"at": "$index"}), "attempt", {}, {}, {}, {}, item, given={"at": 3})

    await bench.run(unnamed)
    assert bench.given == {"$item": {"id": 7}}

    await bench.run(named)
    assert bench.given == {"$item": {"id": 7}, "$index": 3, "at": 3}

    bench.write("skills/triage/SKILL.md", "Number your answer by $index.")
    await bench.run(unnamed)
    assert bench.given == {"$item": {"id": 7}, "$index": 3}


async def test_the_iteration_and_the_pipeline_are_given(bench: Bench) -> None:
    await bench.run(Work(skill(), "attempt", {}, {}, {}, {}, pipeline="rows", loop=WorkLoop("refine", 2)))

    assert bench.given == {"$pipeline": "rows", "$iter": 2, "$loop": "refine"}


async def test_a_skill_gives_structured_output_as_agents_do(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with MessagesApi(tool_use({"urgency": "high"}), tool_use({"urgency": 3, "why": "fire"})) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        outcome = await bench.run(writes=("urgency",), schema=SCHEMA)

    assert outcome.output.state_delta == {"urgency": 3}
    assert "repairing structured output" in bench.watcher.activities
    assert bench.watcher.warnings == ["dropped why from the answer; add it to `writes` to keep it"]


@pytest.mark.parametrize("writes", [(), ("a", "b")])
async def test_without_a_schema_a_skill_needs_one_field_before_it_calls(bench: Bench, writes: tuple[str, ...]) -> None:
    with pytest.raises(NodeError, match="a skill without a schema writes its text to one field"):
        await bench.run(writes=writes)

    assert bench.api.requests == []


@pytest.mark.parametrize(
    "content",
    [
        "Say how urgent.",
        "\ufeff---\r\nname: x\r\n---\r\nSay how urgent.\r\n",
        "---\n---\nSay how urgent.",
        "Say how urgent.\n---\n",
    ],
)
async def test_front_matter_may_be_there_or_not(bench: Bench, content: str) -> None:
    bench.write("skills/triage/SKILL.md", content)

    await bench.run()

    assert bench.system.startswith("Say how urgent.")
    assert "name" not in bench.system


async def test_a_mistake_in_front_matter_is_a_warning_that_names_its_line(bench: Bench) -> None:
    bench.write("skills/triage/SKILL.md", "---\nname: triage\ntags: [a\n---\nSay how urgent.")

    await bench.run()

    assert bench.watcher.activities[0] == "using the skill triage"
    assert [warning[:32] for warning in bench.watcher.warnings] == ["skills/triage/SKILL.md, line 3: "]


MISTAKES: list[tuple[str, dict[str, str | bytes], str]] = [
    ("skills/none", {}, "skills/none does not exist; create the folder with a SKILL.md in it, or correct `impl`"),
    ("skills/empty", {"skills/empty/a.md": ""}, "skills/empty contains no SKILL.md; create it or correct `impl`"),
    ("skills/small", {"skills/small/Skill.md": "x"}, "skills/small contains no SKILL.md; rename Skill.md to SKILL.md"),
    ("./skills/triage/SKILL.md", {}, "`impl` must name the folder of a SKILL.md, such as ./skills/triage"),
    (
        "s",
        {"s/SKILL.md": "---\nname: x\n---\n \n"},
        "s/SKILL.md has no instructions; write them below its front matter",
    ),
    (
        "s",
        {"s/SKILL.md": "---\nname: x\nSay."},
        "the front matter of s/SKILL.md is not closed; add a line --- after it",
    ),
    ("s", {"s/SKILL.md": b"\xff"}, "s/SKILL.md cannot be read as UTF-8 text"),
]


@pytest.mark.parametrize(("impl", "files", "said"), MISTAKES)
async def test_an_invalid_skill_is_an_error_before_the_call(
    bench: Bench, impl: str, files: dict[str, str | bytes], said: str
) -> None:
    for name, content in files.items():
        bench.write(name, content)

    with pytest.raises(NodeError) as raised:
        await bench.run(impl=impl)

    assert said in raised.value.info.message
    assert bench.api.requests == []


async def test_a_skill_outside_is_used_with_a_warning(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "SKILL.md").write_text("Say how urgent.")

    await bench.run(impl=str(outside))

    assert bench.watcher.warnings == [f"{outside} lies outside the experience's folder"]


def test_a_skill_is_made_of_every_file_in_its_folder(bench: Bench) -> None:
    for name in ("references/rules.md", "scripts/run.py", "scripts/__pycache__/run.pyc", ".DS_Store", ".git/HEAD"):
        bench.write(f"skills/triage/{name}", "x")

    files = bench.kind.files(skill(schema="schemas/a.json"), {})

    assert files == {
        "skill skills/triage/SKILL.md": bench.folder / "skills/triage/SKILL.md",
        "skill skills/triage/references/rules.md": bench.folder / "skills/triage/references/rules.md",
        "skill skills/triage/scripts/run.py": bench.folder / "skills/triage/scripts/run.py",
        "schema schemas/a.json": bench.folder / "schemas/a.json",
    }


def test_a_missing_skill_has_a_missing_file(bench: Bench) -> None:
    assert bench.kind.files(skill("skills/none"), {}) == {
        "skill skills/none/SKILL.md": bench.folder / "skills/none/SKILL.md"
    }


def test_provider_and_model_can_change_what_a_skill_says(bench: Bench) -> None:
    assert bench.kind.settings(skill(model="own"), {}) == {"provider": "anthropic", "model": "own"}


def test_a_skill_is_made_of_what_its_links_lead_to(bench: Bench) -> None:
    bench.write("shared/rules.md", "x")
    bench.write("skills/triage/own.md", "x")
    (bench.folder / "skills/triage/references").symlink_to("../../shared")
    (bench.folder / "skills/triage/loop").symlink_to(".")
    (bench.folder / "skills/linked").symlink_to("triage")

    files = bench.kind.files(skill(impl="./skills/linked"), {})

    names = ("SKILL.md", "loop", "own.md", "references/rules.md")
    assert files == {f"skill skills/linked/{name}": bench.folder / "skills/linked" / name for name in names}
