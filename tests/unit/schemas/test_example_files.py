"""The bundled examples are valid, hold together, and city-report fails for the reason its README gives."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from engine.experience.checks.named_files import split_impl
from schemas import experience_schema

EXAMPLES = Path(__file__).parents[3] / "examples"
EXPERIENCES = sorted(EXAMPLES.glob("*/experience.yaml"))


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def python_tool(experience: Path, name: str, /, **inputs: Any) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(name, experience / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    output: dict[str, Any] = module.run(inputs)
    return output


def javascript_tool(experience: Path, name: str, /, **inputs: Any) -> dict[str, Any]:
    call = """
        const { default: tool } = await import(process.argv[1]);
        console.log(JSON.stringify(await tool(JSON.parse(process.argv[2]))));
    """
    tool = (experience / "tools" / f"{name}.mjs").as_uri()
    done = subprocess.run(
        ["node", "--input-type=module", "-e", call, tool, json.dumps(inputs)],
        check=True,
        capture_output=True,
        text=True,
    )
    output: dict[str, Any] = json.loads(done.stdout)
    return output


@pytest.fixture
def city_report(tmp_path: Path) -> Path:
    """Return a copy of city-report as it is in a clean checkout."""
    ignored = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")
    folder = Path(shutil.copytree(EXAMPLES / "city-report", tmp_path / "city-report", ignore=ignored))
    (folder / "data/normals.csv").unlink(missing_ok=True)
    return folder


@pytest.mark.parametrize("path", EXPERIENCES, ids=lambda path: path.parent.name)
def test_an_example_is_valid_and_uses_no_unknown_key(path: Path) -> None:
    document = load(path)
    schema = experience_schema()

    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    for node in document["graph"]["nodes"]:
        definition = schema["$defs"]["node"]["x-discriminator"]["mapping"][node["kind"]].removeprefix("#/$defs/")
        assert node.keys() <= schema["$defs"][definition]["properties"].keys()
    for field in document["state"]["schema"].values():
        assert field.keys() <= schema["$defs"]["stateField"]["properties"].keys()


@pytest.mark.parametrize("path", EXPERIENCES, ids=lambda path: path.parent.name)
def test_what_an_example_names_is_there(path: Path) -> None:
    document = load(path)
    nodes = document["graph"]["nodes"]
    groups = [*document["graph"].get("pipelines", []), *document["graph"].get("loops", [])]
    ids = [vertex["id"] for vertex in (*nodes, *groups)]

    for node in nodes:
        named = node.get("impl", node.get("prompt"))  # a dataset names neither
        assert named is None or (path.parent / split_impl(named)[0]).exists()
        assert {*node.get("reads", []), *node.get("writes", [])} <= document["state"]["schema"].keys()
    assert {end for edge in document["graph"]["edges"] for end in (edge["from"], edge["to"])} <= set(ids)


def test_the_fourth_node_of_city_report_says_which_file_is_missing_and_what_to_do(city_report: Path) -> None:
    fourth = load(city_report / "experience.yaml")["graph"]["nodes"][3]

    with pytest.raises(FileNotFoundError) as raised:
        python_tool(city_report, Path(fourth["impl"]).stem, **fourth["args"], _state={"summaries": []})

    assert "cp fixtures/normals.csv data/normals.csv" in str(raised.value)
    assert "cp fixtures/normals.csv data/normals.csv" in (city_report / "README.md").read_text(encoding="utf-8")


def test_city_report_writes_its_page_once_the_missing_file_is_there(city_report: Path) -> None:
    shutil.copy(city_report / "fixtures/normals.csv", city_report / "data/normals.csv")

    cities = python_tool(city_report, "load_readings", file="data/readings.csv")["state_delta"]["cities"]
    each = [python_tool(city_report, "summarise", **{"$item": city})["state_delta"]["summaries"] for city in cities]
    state: dict[str, Any] = {"summaries": [summary for summaries in each for summary in summaries]}
    state |= javascript_tool(city_report, "rank", _state=state)["state_delta"]
    state |= python_tool(city_report, "compare", file="data/normals.csv", _state=state)["state_delta"]
    state |= python_tool(city_report, "alert", direction="warmer", threshold=3, _state=state)["state_delta"]
    javascript_tool(city_report, "report", file="out/report.html", _state=state)

    assert state["largest_deviation"] >= 3
    page = (city_report / "out/report.html").read_text(encoding="utf-8")
    assert [page.count(f"<td>{city['name']}<td>") for city in cities] == [1] * 5
    assert "Rome was 5.1 °C warmer than usual." in page


def test_review_agents_collects_its_samples_and_publishes_the_worst_first(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "review-agents", tmp_path / "review-agents"))
    finding = {"path": "sample/pages.py", "line": 6, "problem": "Page 1 is the second one."}
    findings = [{**finding, "severity": "low"}, {**finding, "severity": "high"}]

    files = python_tool(folder, "collect", folder="sample")["state_delta"]["files"]
    python_tool(folder, "publish", file="out/review.md", _state={"findings": findings, "summary": "Mend it."})

    assert [file["path"] for file in files] == ["sample/basket.js", "sample/pages.py", "sample/retry.js"]
    page = (folder / "out/review.md").read_text(encoding="utf-8")
    assert page.index("Mend it.") < page.index("**high**") < page.index("**low**")
