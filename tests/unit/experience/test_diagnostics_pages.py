"""The pages of docs/diagnostics are true: their wrong example has the mistake and no other, the right one has none."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from engine.experience.analyse import Analysis, analyse
from engine.experience.files.disk import DiskFiles
from engine.experience.problems import Code
from oe_lsp.ide.runs.failures import NODE_FAILED

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
_EXAMPLE = re.compile(r"^## (Wrong|Right)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    r"^(?:`(\S+\.json)`:\n\n)?```(?:yaml|json)\n(?:# (\S+\.yaml)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL
)
_TOOL = re.compile(r"impl: (\S+?\.py)(?::(\w+))?$", re.MULTILINE)
_ELSEWHERE = re.compile(r"impl: (\.\./\S+)()$", re.MULTILINE)


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_every_code_has_a_page_whose_examples_do_what_it_says(code: Code, tmp_path: Path) -> None:
    page = (PAGES / f"{code.value}.md").read_text(encoding="utf-8")
    examples = {title: list(_blocks(section)) for title, section in _EXAMPLE.findall(page)}
    tools = dict([*_tools(examples["Right"], _TOOL), *_tools(examples["Wrong"], _ELSEWHERE)])

    wrong = _check(tmp_path / "wrong" / "example", examples["Wrong"], tools)
    right = _check(tmp_path / "right" / "example", examples["Right"], tools)

    assert [problem.code for problem in wrong.problems] == [code]
    assert right.problems == ()


def _blocks(section: str) -> Iterator[tuple[str, str]]:
    """The files of an example, the experience's own without a name."""
    for json_name, yaml_name, text in _BLOCK.findall(section):
        yield json_name or yaml_name, text


def _tools(files: Iterable[tuple[str, str]], pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The tools that the texts of an example name: their path, from the folder of its own file, and their code."""
    for name, text in files:
        for tool, function in pattern.findall(text):
            yield posixpath.join(posixpath.dirname(name), tool), f"def {function or 'run'}(given): ...\n"


def _check(folder: Path, files: Iterable[tuple[str, str]], tools: Mapping[str, str]) -> Analysis:
    """The analysis of an example's own file, the one without a name, beside its other files and its tools."""
    named = {name or "experience.yaml": text for name, text in files}
    for name, text in {**tools, **named}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return analyse(named["experience.yaml"], files=DiskFiles(folder))


def test_the_index_lists_exactly_the_codes_there_are() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")

    codes = [*(code.value for code in Code), NODE_FAILED]  # which only runs can show
    assert re.findall(r"^\| \[(OE\d+)\]", index, re.MULTILINE) == codes
    assert {page.stem for page in PAGES.glob("OE*.md")} == set(codes)
