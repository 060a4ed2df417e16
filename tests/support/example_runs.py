"""The ten examples run in copies of their own, with stand-ins for models and coding agents, as their tests run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.json_types import Json
from tests.examples.test_cli_examples import APPROVES, REVIEWS
from tests.examples.test_data_examples import TYPES
from tests.examples.test_data_examples import Model as Triage
from tests.examples.test_flow_examples import Editor
from tests.examples.test_oncall_runbook import CAUSE
from tests.examples.test_oncall_runbook import Model as Diagnosis
from tests.standins.messages_api import MessagesApi, text, tool_use
from tests.support.coding_agents import CodingAgents
from tests.support.worlds import World

EXAMPLES = Path(__file__).parents[2] / "examples"
_IGNORED = shutil.ignore_patterns("out", ".openexpertise", "__pycache__")


async def run_examples(folder: Path) -> dict[str, list[str]]:
    """Run every example in `folder`, and the ids of its runs, the oldest first: of city-report, whose first run fails,
    there is a resume, too.
    """
    runs: dict[str, list[str]] = {}
    for example in sorted(path.name for path in EXAMPLES.iterdir()):
        world = World(Path(shutil.copytree(EXAMPLES / example, folder / example, ignore=_IGNORED)))
        with _surroundings(example, world, folder / "agents") as args:
            ended = await world.run(args)
            runs[example] = [ended.run_id]
        if example == "city-report":
            shutil.copy(world.folder / "fixtures/normals.csv", world.folder / "data")
            runs[example].append((await world.resume()).run_id)
    return runs


@contextmanager
def _surroundings(example: str, world: World, agents: Path) -> Iterator[Mapping[str, Json]]:
    """What a run of the example needs; gives its args."""
    with pytest.MonkeyPatch.context() as patch, MessagesApi(_model(example)) as api:
        patch.setenv("ANTHROPIC_BASE_URL", api.url)
        patch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-kept-by-nobody-7Qd2")
        answers = {"code-review": REVIEWS, "release-gates": [APPROVES]}
        proposed = {"when": CAUSE, "answer": "pool_size is 45 now. Set it to 30 to undo it."}
        CodingAgents(agents / example, patch).answers(*answers.get(example, [proposed]))
        if example != "oncall-runbook":
            yield {}
            return
        patch.setenv("MONITORING_TOKEN", "a-token-of-the-test")
        patch.setenv("ONCALL", "Ada")
        with _monitoring(world) as address:
            yield {"service": "checkout", "monitoring": address}


def _model(example: str) -> Any:
    models = {"issue-triage": Triage(dict(TYPES)), "oncall-runbook": Diagnosis(), "review-agents": _review}
    return models.get(example) or Editor()


def _review(request: dict[str, Any]) -> Any:
    """One finding in each file, and what to say about all."""
    said = request["messages"][0]["content"]
    if "tools" not in request:
        summary = "Mend the retries first: a failed call is repeated for ever (retry.js:4)."
        return text(summary, tokens=(len(said) // 4, 60))(request)  # type: ignore[operator]
    found = re.search(r"Review the file `(.+?)`", said)
    finding = {"path": found and found[1], "line": 4, "severity": "high", "problem": "The last one is left out."}
    return tool_use({"findings": [finding]}, tokens=(len(said) // 4, 90))(request)  # type: ignore[operator]


@contextmanager
def _monitoring(world: World) -> Iterator[str]:
    command = [sys.executable, str(world.folder / "monitoring.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as monitoring:
        assert monitoring.stdout is not None
        yield monitoring.stdout.readline().strip()
        monitoring.terminate()
