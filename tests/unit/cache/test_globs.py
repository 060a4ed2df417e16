"""Files that `uses` and `produces` match (docs/format.md, `uses` and `produces`; engine/cache/keys/globs.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cache.keys.globs import matching

FILES = ("experience.yaml", "rules/a.yaml", "rules/deep/b.yaml", ".openexpertise/runs/x.jsonl", "__pycache__/x.pyc")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("rules/*.yaml", ["rules/a.yaml"]),
        ("./rules/*.yaml", ["rules/a.yaml"]),
        ("**/*.yaml", ["experience.yaml", "rules/a.yaml", "rules/deep/b.yaml"]),
        ("rules", ["rules/a.yaml", "rules/deep/b.yaml"]),
        (".", ["experience.yaml", "rules/a.yaml", "rules/deep/b.yaml"]),
        ("./", ["experience.yaml", "rules/a.yaml", "rules/deep/b.yaml"]),
        ("missing/*", []),
        ("../*", []),
        ("/etc/*", []),
    ],
)
def test_a_glob_names_files_in_the_folder_and_a_folder_all_in_it(folder: Path, glob: str, names: list[str]) -> None:
    assert list(matching(folder, [glob]).all) == names
