"""Errors in a nested experience are reported once, at the node that nests it, with their places."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.problems import Problem, Severity

HEAD = "name: x\nversion: 1.0.0\nstate: {schema: {rows: {type: array}}}\n"
TOOL = "{id: a, kind: tool, impl: ./a.py, writes: [rows]}"


def experience(*nodes: str, edges: str = "[]") -> str:
    return f"{HEAD}graph:\n  nodes:\n" + "".join(f"    - {node}\n" for node in nodes) + f"  edges: {edges}\n"


def nesting(path: str, id_: str = "n") -> str:
    return f"{{id: {id_}, kind: experience, impl: {path}, writes: [rows]}}"


def put(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    (file.parent / "a.py").write_text("def run(given): ...\n")


def look(folder: Path, text: str, own: str = "experience.yaml") -> Analysis:
    return analyse(text, files=DiskFiles(folder, own))


def only_error(analysis: Analysis) -> Problem:
    loud = [each for each in analysis.problems if each.severity in (Severity.ERROR, Severity.WARNING)]
    (problem,) = loud
    return problem


def marked(analysis: Analysis, problem: Problem) -> tuple[str, str]:
    return problem.code.value, analysis.text[problem.span.start : problem.span.end]


def places(problem: Problem) -> list[tuple[str, str]]:
    """Each related place: its file and the text there."""
    return [
        (place.file.path, place.file.text[place.span.start : place.span.end]) for place in problem.related if place.file
    ]


def test_all_mistakes_in_a_nested_file_are_one_problem_at_its_path_that_leads_to_each_of_them(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(TOOL, edges="[{from: a, to: b}, {from: c, to: a}]"))

    analysis = look(tmp_path, experience(nesting("./inner")))
    problem = only_error(analysis)

    assert marked(analysis, problem) == ("OE606", "./inner")
    assert places(problem) == [("inner/experience.yaml", "b"), ("inner/experience.yaml", "c")]
    assert problem.message.startswith("`inner/experience.yaml` has 2 errors, the first on line 7: There is no node `b`")


def test_warnings_in_a_nested_file_are_not_reported_outside_it(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(TOOL.replace("writes", "retries: 3, writes")))

    assert look(tmp_path, experience(nesting("inner/experience.yaml"))).problems == ()


def test_a_mistake_two_files_down_says_through_which_file(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(nesting("../deep")))
    put(tmp_path, "deep/experience.yaml", experience(TOOL.replace("./a.py", "./b.py")))

    problem = only_error(look(tmp_path, experience(nesting("./inner"))))

    assert problem.code.value == "OE606"
    assert places(problem) == [("deep/experience.yaml", "./b.py")]
    assert "`deep/experience.yaml`, which is nested in `inner/experience.yaml`, has an error" in problem.message


def test_paths_in_a_nested_file_start_at_its_own_folder(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(TOOL))

    assert look(tmp_path, experience(nesting("./inner"))).problems == ()


def test_each_node_that_nests_a_faulty_file_is_marked_and_others_are_not(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", "name: [")

    analysis = look(tmp_path, experience(nesting("./inner"), nesting("./inner", "m"), "{id: z, kind: tool}"))

    assert [each.code.value for each in analysis.problems] == ["OE606", "OE606", "OE201"]
    assert [each.code.value for each in analysis.errors] == ["OE201"]


def test_errors_inside_do_not_hide_problems_of_the_data_flow(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", "name: [")
    late = "{id: late, kind: tool, impl: ./inner/a.py, writes: [rows]}"
    early = "{id: early, kind: tool, impl: ./inner/a.py, reads: [rows]}"
    alone = "{id: n, kind: experience, impl: ./inner}"

    analysis = look(tmp_path, experience(alone, early, late, edges="[{from: early, to: late}]"))

    assert {each.code.value for each in analysis.problems} >= {"OE606", "OE404"}


@pytest.mark.parametrize("files", [["experience.yaml"], ["b/experience.yaml"], ["b/experience.yaml", "c/x.yaml"]])
def test_experiences_that_nest_each_other_are_an_error_that_shows_the_cycle(tmp_path: Path, files: list[str]) -> None:
    circle = ["experience.yaml", *(file for file in files if file != "experience.yaml"), "experience.yaml"]
    for here, there in pairwise(circle[1:]):
        put(tmp_path, here, experience(nesting(f"../{there}")))
    put(tmp_path, "experience.yaml", experience(nesting(circle[1])))

    analysis = look(tmp_path, experience(nesting(circle[1])))
    problem = only_error(analysis)

    assert marked(analysis, problem) == ("OE307", circle[1])
    assert " → ".join(circle) in problem.message
    assert [file for file, _ in places(problem)] == circle[1:-1]


@pytest.mark.parametrize("itself", [".", "./", "./experience.yaml", "inner/..", "../home"])
def test_an_experience_is_recognised_however_its_path_is_written(tmp_path: Path, itself: str) -> None:
    home = tmp_path / "home"
    put(home, "inner/note.yaml", "")
    put(home, "experience.yaml", experience(nesting(itself)))

    errors = look(home, experience(nesting(itself))).errors

    assert [each.code.value for each in errors] == ["OE307"]


def test_a_cycle_further_in_is_an_error_at_its_entry(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(nesting("./experience.yaml")))

    problem = only_error(look(tmp_path, experience(nesting("./inner"))))

    assert problem.code.value == "OE307"
    assert "experience.yaml → inner/experience.yaml → inner/experience.yaml" in problem.message


def chain(folder: Path, length: int) -> str:
    """Experiences nested in one another, `length` below the text that is returned."""
    for level in range(1, length + 1):
        node = nesting(f"./e{level + 1}.yaml") if level < length else TOOL
        put(folder, f"e{level}.yaml", experience(node))
    return experience(nesting("./e1.yaml"))


def test_eight_experiences_deep_is_allowed(tmp_path: Path) -> None:
    assert look(tmp_path, chain(tmp_path, 8)).problems == ()


def test_nine_experiences_deep_is_an_error(tmp_path: Path) -> None:
    problem = only_error(look(tmp_path, chain(tmp_path, 9)))

    assert problem.code.value == "OE307"
    assert "more than 8 levels deep" in problem.message
    assert problem.message.count("→") == 9


def test_experiences_that_many_others_nest_are_each_analysed_once(tmp_path: Path) -> None:
    """Ten nodes in each of eight levels: a hundred million ways, and eight files."""
    for level in range(1, 9):
        nodes = [nesting(f"./e{level + 1}.yaml", f"n{at}") for at in range(10)] if level < 8 else [TOOL]
        put(tmp_path, f"e{level}.yaml", experience(*nodes).replace("type: array", "merge: array_append"))

    assert look(tmp_path, experience(nesting("./e1.yaml"))).errors == ()


def test_a_fixed_nested_file_is_read_again_through_a_new_view_and_others_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", "name: [")
    put(tmp_path, "other/experience.yaml", experience(TOOL))
    text = experience(nesting("./inner"), nesting("./other", "m").replace(", writes: [rows]", ""))
    old = DiskFiles(tmp_path)
    before = analyse(text, files=old)
    put(tmp_path, "inner/experience.yaml", experience(TOOL))

    same = analyse(text + "\n", before, old)
    after = analyse(text, before, old.again())

    assert [each.code.value for each in same.problems] == ["OE606"]
    assert same.nested["other/experience.yaml"] is before.nested["other/experience.yaml"]
    assert after.problems == ()


def test_a_file_is_checked_again_if_one_that_it_nests_declares_something_else(tmp_path: Path) -> None:
    put(tmp_path, "leaf/experience.yaml", experience(TOOL))
    put(tmp_path, "inner/experience.yaml", experience(nesting("../leaf")))
    text = experience(nesting("./inner"))
    before = look(tmp_path, text)
    put(tmp_path, "leaf/experience.yaml", "args: {required: [topic]}\n" + experience(TOOL))

    after = analyse(text, before, DiskFiles(tmp_path))

    inner = [analysis.nested["inner/experience.yaml"].analysis for analysis in (before, after)]
    missing = [[each.data["key"] for each in one.problems if each.code.value == "OE201"] for one in inner]
    assert missing == [[], ["topic"]]


def test_a_problem_in_a_nested_file_can_be_suppressed(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", "name: [")

    assert look(tmp_path, experience(nesting("./inner") + "  # oe: ignore OE606")).problems == ()


def test_without_a_disk_nothing_is_reported_of_nested_files() -> None:
    assert analyse(experience(nesting("./inner"))).problems == ()


def test_places_in_other_files_stay_if_the_text_above_the_node_grows(tmp_path: Path) -> None:
    put(tmp_path, "inner/experience.yaml", experience(TOOL, edges="[{from: a, to: b}]"))
    before = look(tmp_path, experience(nesting("./inner")))

    after = analyse("# a comment\n" + before.text, before, DiskFiles(tmp_path))

    assert places(only_error(after)) == places(only_error(before))


def test_files_with_a_shared_state_are_each_read_once_however_many_ways_lead_there(tmp_path: Path) -> None:
    for level in range(1, 9):
        nodes = [nesting(f"./e{level + 1}.yaml", f"n{at}").replace("writes: [rows]", "state_scope: shared")
                 for at in range(10)] if level < 8 else [TOOL]  # fmt: skip
        put(tmp_path, f"e{level}.yaml", experience(*nodes).replace("type: array", "merge: array_append"))
    outer = experience(nesting("./e1.yaml").replace("writes: [rows]", "state_scope: shared"))

    assert look(tmp_path, outer.replace("type: array", "merge: array_append")).errors == ()


ARGS = (
    "args: {required: [topic], additionalProperties: false,"
    " properties: {topic: {type: string}, most: {type: integer, default: 3}}}\n"
)
CHILD_FIELDS = "state: {schema: {rows: {type: array}, title: {type: string}, notes: {merge: array_append}}}\n"
OUTER_FIELDS = "state: {schema: {rows: {type: array}, title: {type: array}, notes: {}, any: {default: 1}}}\n"


def of_node(folder: Path, node: str, args: str = ARGS) -> list[tuple[str, str, str]]:
    child = experience(TOOL).replace(HEAD, f"name: x\nversion: 1.0.0\n{args}{CHILD_FIELDS}")
    put(folder, "inner/experience.yaml", child)
    outer = experience(f"{{id: n, kind: experience, impl: ./inner, {node}}}")
    analysis = look(folder, outer.replace(HEAD, f"name: x\nversion: 1.0.0\n{OUTER_FIELDS}"))
    return [
        (each.code.value, each.severity.value, analysis.text[each.span.start : each.span.end])
        for each in analysis.problems
        if each.severity is not Severity.HINT
    ]


@pytest.mark.parametrize(
    ("node", "code", "severity", "text"),
    [
        ("args: {}", "OE201", "warning", "args"),
        ("args: {topic: x, mots: 1}", "OE204", "warning", "mots"),
        ("args: {topic: 3}", "OE203", "warning", "3"),
        ("args: {topic: x, most: [1]}", "OE203", "warning", "[1]"),
        ("args: {topic: x}, writes: [any]", "OE408", "warning", "any"),
        ("args: {topic: x}, writes: [title]", "OE408", "warning", "title"),
        ("args: {topic: x}, writes: [rows], outputs: {rows: title}", "OE408", "warning", "title"),
        ("args: {topic: x}, writes: [rows], outputs: {rows: $.rows.length}", "OE408", "warning", "$.rows.length"),
        ("args: {topic: x}, state_scope: shared", "OE407", "error", "./inner"),
    ],
)
def test_args_and_fields_that_a_nested_experience_does_not_declare_are_marked(
    tmp_path: Path, node: str, code: str, severity: str, text: str
) -> None:
    if code == "OE407":
        assert (code, severity, text) in of_node(tmp_path, node)
    else:
        assert of_node(tmp_path, node) == [(code, severity, text)]


@pytest.mark.parametrize(
    "node",
    [
        "args: {topic: x, most: 4}, writes: [rows]",
        "args: {topic: $.any, most: $args.most}, writes: [rows]",
        "args: {topic: $$x}, writes: [rows]",
        "args: {topic: x}, writes: [any], outputs: {any: title}",
        "args: {topic: x}, writes: [rows], outputs: {rows: $.notes}",
    ],
)
def test_matching_and_unknowable_args_and_fields_are_not_reported(tmp_path: Path, node: str) -> None:
    assert of_node(tmp_path, node) == []


def test_an_arg_that_an_open_declaration_does_not_name_is_a_note(tmp_path: Path) -> None:
    found = of_node(tmp_path, "args: {tipoc: x}", "args: {properties: {topic: {type: string}}}\n")

    assert found == [("OE204", "information", "tipoc")]


def test_an_experience_without_declared_args_allows_any(tmp_path: Path) -> None:
    assert of_node(tmp_path, "args: {anything: 1}", args="") == []
