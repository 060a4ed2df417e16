"""What would be sent now: made as for a run, with the values of a run, unknown ones marked and secrets masked."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.experience import analyse
from engine.experience.files.disk import DiskFiles
from engine.expressions import Json
from engine.log.events.counters import Counts
from engine.log.events.events import (
    Event,
    Input,
    Item,
    NodeCompleted,
    NodeStarted,
    Output,
    Scope,
    ScopeKind,
)
from engine.log.reading.log_lines import LogLines
from engine.log.storage.run_store import RunStore
from engine.nodes.kind import NodeError
from engine.report.preview.prompt import NoPromptError, PromptPreview, prompt_preview
from tests.support.written_logs import STARTED, SUCCESS, write_log

TEXT = """\
name: report
version: 1.0.0
args:
  required: [city]
  properties:
    city: { type: string }
    key: { type: string, writeOnly: true }
    tone: { type: string, default: dry }
state:
  schema:
    findings: { type: array, default: [] }
    summary: { type: object }
    verdicts: { type: array, merge: array_append, default: [] }
graph:
  nodes:
    - { id: look, kind: tool, impl: ./look.py, writes: [findings, summary] }
    - id: write
      kind: agent
      prompt: "PROMPT"
      reads: [findings, summary]
      writes: [text]
    - id: each
      kind: cli-agent
      provider: claude-code
      prompt: "Check {{$item.name}} ({{$index}})"
      model: opus
      for_each: { source: $.findings }
      writes: [verdicts]
    - id: judge
      kind: skill
      impl: ./skills/judge
      system: Be brief.
      model: claude-haiku-4-5
      reads: [findings]
      inputs: { for: $args.city, first: "$.findings[0].name" }
      schema: { properties: { summary: { type: object } }, required: [summary] }
      writes: [summary]
  edges: [{ from: look, to: write }, { from: look, to: each }, { from: look, to: judge }]
"""
FINDINGS: Json = [{"name": "river"}, {"name": "hill"}]
BEGAN = replace(STARTED, args={"city": "Oslo"}, state={"findings": []}, settings={"llm": "openai"})
LOOKED = NodeCompleted(node_id="look", output=Output({"findings": FINDINGS}, ["edge"]), duration_ms=1)


class Bench:
    """An experience in a folder, and the previews of its nodes with the values of a written log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("look.py", "skills/judge/SKILL.md"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("---\nname: judge\n---\nJudge well.\n")

    def preview(self, node_id: str, *events: Event, prompt: str = "", text: str = TEXT) -> PromptPreview:
        text = text.replace("PROMPT", prompt)
        experience = analyse(text, None, DiskFiles(self.folder, "experience.yaml")).experience
        assert experience is not None
        node = next(node for node in experience.nodes if node.id == node_id)
        return prompt_preview(experience, node, self.folder, self._lines(*events) if events else None)

    def _lines(self, *events: Event) -> LogLines:
        store = RunStore(self.folder)
        lines = LogLines(store.log(write_log(store, *events)))
        lines.update()
        return lines


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_values_are_those_that_the_node_last_received(bench: Bench) -> None:
    started = NodeStarted(
        node_id="write", attempt_id="1", input=Input(reads={"findings": {"$at": "1/stateDelta/findings"}})
    )
    later = replace(LOOKED, output=Output({"findings": ["later"]}))

    found = bench.preview("write", BEGAN, LOOKED, started, later, prompt="{{findings}} {{ findings[1].name }}")

    assert found.prompt == '[{"name":"river"},{"name":"hill"}] hill'
    assert found.warnings == ()


def test_a_node_that_has_not_run_gets_the_last_values_of_the_run(bench: Bench) -> None:
    found = bench.preview("write", BEGAN, LOOKED, prompt="{{findings[0].name}} {{$args.city}} {{look}} {{$args.tone}}")

    assert found.prompt == 'river Oslo ["edge"] dry'


def test_what_nobody_knows_yet_is_marked_and_what_is_no_input_stays(bench: Bench) -> None:
    found = bench.preview("write", prompt="{{findings}} {{$args.city.name}} {{look.x}} {{nothing}} {{summary}}")

    assert found.prompt == (
        "⟨unknown: findings⟩ ⟨unknown: $args.city⟩ ⟨unknown: $edges.look⟩ {{nothing}} ⟨unknown: summary⟩"
    )
    assert found.warnings == ("{{nothing}} is not an input of the node and stays as it is",)


def test_a_field_that_an_earlier_node_left_unwritten_inserts_nothing(bench: Bench) -> None:
    found = bench.preview("write", BEGAN, LOOKED, prompt="<{{summary}}>")

    assert found.prompt == "<>"
    assert found.warnings == ("{{summary}} inserts nothing: no earlier node has written that field",)


def test_secret_args_are_masked(bench: Bench) -> None:
    masked = replace(BEGAN, args={"city": "Oslo"}, masked_args=("key",))
    marked_since = replace(BEGAN, args={"city": "Oslo", "key": "sesame"})

    assert bench.preview("write", masked, prompt="{{$args.key}}").prompt == "***"
    assert bench.preview("write", marked_since, prompt="{{$args.key}}").prompt == "***"


def test_of_a_fan_out_the_first_item_is_shown_and_named(bench: Bench) -> None:
    def item(index: int, name: str) -> NodeStarted:
        scope = (Scope(ScopeKind.FANOUT, "each", Item(index, f"k{index}")),)
        return NodeStarted(node_id="each", scope=scope, attempt_id=f"{index}", input=Input(item={"name": name}))

    ran = bench.preview("each", BEGAN, NodeStarted(node_id="each", items=2), item(1, "hill"), item(0, "river"))
    coming = bench.preview("each", BEGAN, LOOKED)
    unknown = bench.preview("each", BEGAN)

    assert (ran.prompt, ran.item) == ("Check river (0)", "item 0 of `$.findings`")
    assert (coming.prompt, coming.item) == (ran.prompt, ran.item)
    assert (unknown.prompt, unknown.item) == (
        "Check ⟨unknown: $item⟩ (0)",
        "an item of `$.findings`, which is not known yet",
    )
    assert ran.settings["command"] == "claude -p --output-format text --model opus"


def test_a_skill_shows_its_instructions_its_input_and_its_schema(bench: Bench) -> None:
    found = bench.preview("judge", BEGAN, LOOKED)

    assert found.system == "Judge well.\n\nBe brief."
    assert '"for": "Oslo",\n  "first": "river"' in found.prompt
    assert '"look": [\n    "edge"\n  ]' in found.prompt
    assert found.tool is not None
    assert found.tool.input_schema["required"] == ["summary"]
    assert found.settings == {"provider": "openai", "model": "claude-haiku-4-5", "max_tokens": 4096}
    assert found.tokens > 20


def test_what_a_run_would_refuse_is_refused(bench: Bench) -> None:
    with pytest.raises(NodeError, match=r"prompts/gone.md does not exist"):
        bench.preview("write", prompt="prompts/gone.md")
    with pytest.raises(NoPromptError, match="look is of kind tool, which sends no prompt"):
        bench.preview("look")


def test_a_value_whose_blob_is_gone_is_unknown(bench: Bench) -> None:
    lost: Json = {"$blob": "sha256:" + "0" * 64, "bytes": 100_000}
    started = NodeStarted(node_id="write", attempt_id="1", input=Input(reads={"findings": lost, "summary": {"a": 1}}))

    found = bench.preview("write", BEGAN, started, SUCCESS, prompt="{{findings}} {{summary}}")

    assert found.prompt == '⟨unknown: findings⟩ {"a":1}'


def test_a_group_that_has_ended_gives_no_unknown_edge_output(bench: Bench) -> None:
    group = NodeCompleted(node_id="look", counts=Counts(completed=2), duration_ms=1)

    assert bench.preview("write", BEGAN, group, prompt="{{look}}").prompt == "{{look}}"


AROUND = """\
name: around
version: 1.0.0
state:
  schema:
    rows: { type: array, default: [a, b] }
    draft: { type: string, default: first }
    labels: { type: array, merge: array_append, default: [] }
    checks: { type: array, merge: array_append, default: [] }
graph:
  nodes:
    - { id: label, kind: agent, prompt: "{{$pipeline}} {{$item}} {{$index}}", writes: [labels] }
    - { id: check, kind: agent, prompt: "{{$item}} {{label}} {{labels}}", reads: [labels], writes: [checks] }
    - { id: polish, kind: agent, prompt: "{{$loop}} {{$iter}} {{draft}}", reads: [draft], writes: [draft] }
  edges: []
  pipelines: [{ id: each_row, items: $.rows, stages: [label, check] }]
  loops: [{ id: refine, body: polish, max_iters: 3 }]
"""


@pytest.mark.parametrize(
    ("node_id", "prompt"),
    [
        ("label", "each_row a 0"),
        ("check", "a ⟨unknown: $edges.label⟩ ⟨unknown: labels⟩"),
        ("polish", "refine 0 first"),
    ],
)
def test_a_stage_gets_the_first_item_and_a_body_the_first_iteration(bench: Bench, node_id: str, prompt: str) -> None:
    assert bench.preview(node_id, text=AROUND).prompt == prompt


def test_a_body_that_has_run_gets_its_last_iteration(bench: Bench) -> None:
    def started(iteration: int) -> NodeStarted:
        scope = (Scope(ScopeKind.LOOP, "refine", iteration=iteration),)
        received = Input(reads={"draft": f"draft {iteration}"})
        return NodeStarted(node_id="polish", scope=scope, attempt_id=f"{iteration}", input=received)

    assert bench.preview("polish", BEGAN, started(0), started(1), text=AROUND).prompt == "refine 1 draft 1"
