"""Problems with severity warning fail at most their own node; files created by earlier nodes are found."""

from __future__ import annotations

import pytest

from engine.experience.load import InvalidExperienceError, load
from engine.experience.problems import Severity
from engine.log.events.events import RunStatus
from engine.log.reading.view import fold
from tests.support.worlds import World

FIELDS = "topic: {type: string}\ngreeting: {type: string}\nrows: {type: array}"
OTHER = "- {id: other, kind: tool, impl: other.py, writes: [greeting]}\n"
MAKE = "- {id: make, kind: tool, impl: make.py, writes: [topic]}\n"
MADE_TOOL = "def run(given):\n    return {'state_delta': {'greeting': 'made'}}\n"


@pytest.fixture
def made(world: World) -> World:
    """`make` writes gen/tool.py and gen/rows.json."""
    world.tool(
        "make",
        "from pathlib import Path\n"
        "folder = Path(__file__).parent / 'gen'\n"
        "folder.mkdir(exist_ok=True)\n"
        f"(folder / 'tool.py').write_text({MADE_TOOL!r})\n"
        "(folder / 'rows.json').write_text('[1]')\n"
        "return {'state_delta': {'topic': 'owls'}}",
    )
    world.tool("other", "return {'state_delta': {'greeting': 'hi'}}")
    return world


def severities(world: World) -> list[tuple[str, str]]:
    loud = (Severity.ERROR, Severity.WARNING)
    problems = load(world.folder).analysis.problems
    return [(each.code.value, each.severity.value) for each in problems if each.severity in loud]


@pytest.mark.parametrize(
    ("use", "edges"),
    [
        ("kind: tool, impl: gen/tool.py, writes: [greeting]", "[{from: make, to: use}]"),
        ("kind: tool, impl: gen/tool.py, reads: [topic], writes: [greeting]", "[]"),
        ("kind: tool, impl: gen/tool.py, args: {about: $.topic}, writes: [greeting]", "[]"),
    ],
    ids=["by an edge", "by a read", "by a reference"],
)
async def test_a_tool_that_an_earlier_node_makes_is_a_warning_runs_and_is_restored(
    made: World, use: str, edges: str
) -> None:
    made.graph(f"{MAKE}- {{id: use, {use}}}", edges, FIELDS)
    assert severities(made) == [("OE601", "warning")]

    ended = await made.run()
    resumed = await made.resume(ended.run_id)

    assert ended.finished.status is RunStatus.SUCCESS
    assert ended.final_state["greeting"] == "made"
    assert resumed.finished.counts.cached == 2


async def test_a_tool_that_is_gone_again_is_planned_and_run_by_who_makes_it(made: World) -> None:
    use = "- {id: use, kind: tool, impl: gen/tool.py, writes: [greeting]}"
    made.graph(MAKE.replace("writes", "produces: [gen/tool.py], writes") + use, "[{from: make, to: use}]", FIELDS)
    ended = await made.run()
    (made.folder / "gen/tool.py").unlink()

    planned = made.plan(ended.run_id)
    resumed = await made.resume(ended.run_id)

    assert planned.entries[0].answer.value == "will run"
    assert resumed.finished.status is RunStatus.SUCCESS


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ("- {id: use, kind: tool, impl: gen/tool.py, writes: [greeting]}\n" + MAKE, "[{from: use, to: make}]"),
        (MAKE + "- {id: use, kind: tool, impl: gen/tool.py, writes: [greeting]}", "[]"),
        (
            "- {id: make, kind: agent, prompt: Hi., produces: [elsewhere/*], writes: [topic]}\n"
            "- {id: use, kind: tool, impl: gen/tool.py, writes: [greeting]}",
            "[{from: make, to: use}]",
        ),
    ],
    ids=["before the maker", "beside the maker", "after one that makes something else"],
)
async def test_a_tool_that_nothing_before_it_could_make_stops_the_run_before_it_begins(
    made: World, nodes: str, edges: str
) -> None:
    made.graph(nodes, edges, FIELDS)

    with pytest.raises(InvalidExperienceError, match=r"error OE601 There is no `gen/tool\.py`"):
        await made.run()
    assert not made.store.data.exists()


@pytest.mark.parametrize("glob", ["gen", "gen/*.py", "**/tool.*", ".", "gen/tool.py"])
def test_what_produces_names_may_be_made_by_any_kind_of_node(world: World, glob: str) -> None:
    world.graph(
        f"- {{id: make, kind: agent, prompt: Hi., produces: ['{glob}'], writes: [topic]}}\n"
        "- {id: use, kind: tool, impl: ./gen/tool.py, writes: [greeting]}",
        "[{from: make, to: use}]",
        FIELDS,
    )

    assert severities(world) == [("OE601", "warning")]


@pytest.mark.parametrize(
    ("node", "codes", "said"),
    [
        ("kind: tool, impl: other.py, for_each: {source: $.items}", ["OE401"], "$.items names nothing"),
        ("kind: tool, impl: other.py, for_each: {source: items}", ["OE502"], "must be a reference to a list"),
        ("kind: dataset, source: {type: file, uri: ./x.txt}, writes: [rows]", ["OE605"], "add `source.format`"),
        ("kind: dataset, source: {type: file, uri: ./x.csv}, writes: [rows]", ["OE601"], "x.csv"),
        ("kind: dataset, source: {type: flie, uri: ./x.csv}, writes: [rows]", ["OE203"], "did you mean `file`?"),
        ("kind: dataset, source: {uri: ./x.csv}, writes: [rows]", ["OE201"], "`source.type` is missing"),
        ("kind: dataset, source: {}, writes: [rows]", ["OE201"], "`source.type` is missing"),
        ("kind: dataset, source: {type: sqlite, uri: 5}, writes: [rows]", ["OE201", "OE202"], "`source.uri` must be"),
        ("kind: dataset, source: {type: mcp-resource, server: s, uri: u}, writes: [rows]", ["OE601"], "mcp.json"),
        ("kind: experience, impl: ./none", ["OE601"], "none does not exist"),
        ("kind: experience, impl: ./other.py", ["OE606"], "other.py, which has 5 errors, the first: "),
    ],
)
async def test_what_is_wrong_with_data_or_a_nested_experience_fails_only_its_node(
    made: World, node: str, codes: list[str], said: str
) -> None:
    made.graph(f"- {{id: bad, {node}}}\n{OTHER}", state=FIELDS)
    assert severities(made) == [(code, "warning") for code in codes]

    ended = await made.run()

    error = fold(made.records(ended.run_id)).nodes["bad"].error
    assert error is not None
    assert said in error.message
    assert ended.finished.status is RunStatus.FAILURE
    assert ended.final_state == {"greeting": "hi"}


async def test_a_pipeline_without_a_list_fails_alone(made: World) -> None:
    made.graph(f"{OTHER}- {{id: stage, kind: tool, impl: make.py}}", state=FIELDS)
    with (made.folder / "experience.yaml").open("a") as file:
        file.write("  pipelines: [{id: lines, items: $.items, stages: [stage]}]\n")
    assert severities(made) == [("OE401", "warning")]

    ended = await made.run()

    assert fold(made.records(ended.run_id)).nodes["lines"].error is not None
    assert ended.final_state == {"greeting": "hi"}


@pytest.mark.parametrize("schema", ["null", "true"])
@pytest.mark.parametrize("kind", ["agent, prompt: Hi", "cli-agent, provider: codex, prompt: Hi", "skill, impl: skill"])
def test_a_schema_that_asks_for_nothing_is_as_if_absent(world: World, schema: str, kind: str) -> None:
    world.write("skill/SKILL.md", "Be good.")
    world.graph(f"- {{id: a, kind: {kind}, schema: {schema}, args: null, writes: [greeting]}}", state=FIELDS)

    assert severities(world) == []
    assert getattr(load(world.folder).experience.nodes[0].spec, "schema", "") is None


@pytest.mark.parametrize(
    ("args", "told"), [("{topic: owls}", False), ("{topic: $.topic}", True), ("{about: owls}", True)]
)
def test_a_read_that_an_arg_of_the_same_name_supplies_is_not_missed(world: World, args: str, told: bool) -> None:
    prompt = "kind: agent, prompt: 'On {{topic}}.'"
    world.graph(f"- {{id: a, {prompt}, reads: [topic], args: {args}, writes: [greeting]}}", state=FIELDS)

    codes = [problem.code.value for problem in load(world.folder).analysis.problems]

    assert ("OE404" in codes) is told
