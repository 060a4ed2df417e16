"""Runs as large, long, short and hostile as people have them: their logs are real, and each has its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.pages.make_pages import page_of_run
from tests.support.generated_runs import GENERATED, written
from tests.support.log_schema import schema_errors_of

QUICK = sorted(GENERATED.keys() - {"items-10000", "nodes-500", "nodes-1000"})


@pytest.mark.parametrize("name", QUICK)
def test_a_generated_log_is_one_that_an_engine_could_have_written(tmp_path: Path, name: str) -> None:
    run = written(GENERATED[name], tmp_path)

    lines = [json.loads(line) for line in run.store.log(run.run_id).read_bytes().splitlines()]

    assert [(line["type"], error) for line in lines for error in schema_errors_of(line)] == []
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert lines == sorted(lines, key=lambda line: line["ts"])
    assert name in page_of_run(run.store, run.run_id)


def test_the_page_of_a_thousand_nodes_is_smaller_than_2_mb(tmp_path: Path) -> None:
    run = written(GENERATED["nodes-1000"], tmp_path)

    page = page_of_run(run.store, run.run_id)

    assert len(page.encode()) < 2_000_000
    assert 'id="node-1000"' in page
