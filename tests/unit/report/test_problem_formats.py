"""Problems for SARIF readers and for GitHub."""

from __future__ import annotations

from typing import Any

from engine.experience.analyse import analyse
from engine.report.problem_formats import github_annotations, sarif

BROKEN = """\
name: x
version: 1.0.0
state: {schema: {}}
graph:
  nodes:
    - {id: ä, kind: tool, impl: t.py}
  edges: []
"""


def test_sarif_points_at_the_code_points_of_each_problem() -> None:
    document: Any = sarif(analyse(BROKEN), "sub/experience.yaml")

    (run,) = document["runs"]
    (result,) = run["results"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    location = result["locations"][0]["physicalLocation"]
    assert document["version"] == "2.1.0"
    assert (result["ruleId"], result["level"]) == ("OE203", "error")
    assert rules[result["ruleIndex"]] == "OE203"
    assert location["artifactLocation"] == {"uri": "sub/experience.yaml"}
    assert location["region"] == {"startLine": 6, "startColumn": 12, "endLine": 6, "endColumn": 13}
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_of_a_valid_file_has_no_results() -> None:
    document: Any = sarif(analyse(BROKEN.replace("ä", "a")), "experience.yaml")

    assert document["runs"][0]["results"] == []


def test_github_gets_a_command_a_problem() -> None:
    (line,) = github_annotations(analyse(BROKEN), "a,b:c%/experience.yaml")

    start = "::error file=a%2Cb%3Ac%25/experience.yaml,line=6,endLine=6,col=12,endColumn=13,title=OE203::"
    assert line.startswith(start)
    assert "\n" not in line
