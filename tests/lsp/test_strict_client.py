"""A client of VS Code's own library, which fails on any byte on stdout that is not LSP."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.conftest import Weather

CLIENT = Path(__file__).parent / "strict_client"

NOISY_SERVER = textwrap.dedent("""
    import os
    from oe_lsp.server.features import text_sync
    from oe_lsp.server.main import main

    did_open = text_sync.did_open

    async def noisy(*arguments):
        print("a print")
        os.write(1, b"written to the descriptor\\n")
        os.system("echo from a child; cat")
        await did_open(*arguments)

    text_sync.did_open = noisy
    main([])
    """)


def drive(folder: Path, *server: str) -> dict[str, Any]:
    assert (CLIENT / "node_modules").is_dir(), f"Run `npm ci` in {CLIENT} first; `make test` does."
    client = ["node", str(CLIENT / "client.mjs"), str(folder), *server]
    seen = subprocess.run(client, capture_output=True, text=True, timeout=60, check=False)
    assert seen.returncode == 0, seen.stderr
    told: dict[str, Any] = json.loads(seen.stdout)
    return told


@pytest.fixture
def failed(weather: Weather) -> str:
    """A run that failed, and whose cause is mended."""
    run_id = weather.oe("run")
    weather.mend()
    return run_id


def test_every_byte_on_stdout_is_lsp(weather: Weather, failed: str) -> None:
    seen = drive(weather.folder, sys.executable, "-m", "oe_lsp.server")

    assert seen["diagnostics"] == []
    assert seen["lenses"][1].startswith(f"▶ Resume run {failed[:8]} · failed at compare")
    assert seen["events"][:2] == ["run.started", "node.cached measure"]
    assert "node.completed report" in seen["events"]
    assert seen["events"][-1] == "run.finished"
    assert (seen["progress"][0], seen["exitCode"], seen["encoding"]) == ("begin", 0, "utf-16")


def test_other_output_does_not_reach_stdout(weather: Weather, failed: str) -> None:
    seen = drive(weather.folder, sys.executable, "-c", NOISY_SERVER)

    assert seen["events"][-1] == "run.finished"


def test_the_strict_client_fails_on_a_byte_that_is_not_lsp(tmp_path: Path) -> None:
    (tmp_path / "experience.yaml").touch()

    with pytest.raises(AssertionError, match="not LSP"):
        drive(tmp_path, sys.executable, "-c", "import sys; print('hello', flush=True); sys.stdin.read()")
