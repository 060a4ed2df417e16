"""The pages of docs/diagnostics are true: their wrong example has the mistake and no other, the right one has none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.spec.analyse import analyse
from engine.spec.disk import DiskFiles
from engine.spec.problems import Code

PAGES = Path(__file__).parents[3] / "docs" / "diagnostics"
_EXAMPLE = re.compile(r"^## (Wrong|Right)\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


_TOOL = re.compile(r"impl: (\S+?\.py)(?::(\w+))?$", re.MULTILINE)


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_every_code_has_a_page_whose_examples_do_what_it_says(code: Code, tmp_path: Path) -> None:
    examples = dict(_EXAMPLE.findall((PAGES / f"{code.value}.md").read_text(encoding="utf-8")))
    folder = tmp_path / "example"
    elsewhere = re.findall(r"impl: (\.\./\S+)()$", examples["Wrong"], re.MULTILINE)
    for name, function in [*_TOOL.findall(examples["Right"]), *elsewhere]:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"def {function or 'run'}(given): ...\n", encoding="utf-8")
    files = DiskFiles(folder)

    assert [problem.code for problem in analyse(examples["Wrong"], files=files).problems] == [code]
    assert analyse(examples["Right"], files=files).problems == ()


def test_the_index_lists_exactly_the_codes_there_are() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| \[(OE\d+)\]", index, re.MULTILINE) == [code.value for code in Code]
    assert {page.stem for page in PAGES.glob("OE*.md")} == {code.value for code in Code}
