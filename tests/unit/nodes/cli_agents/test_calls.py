"""How a coding agent is called: its command line, prompt, folder and environment."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.nodes.cli_agents.conftest import Bench

KEYS = {
    "ANTHROPIC_API_KEY": "claude-code",
    "CLAUDE_CODE_OAUTH_TOKEN": "claude-code",
    "OPENAI_API_KEY": "codex",
    "CODEX_API_KEY": "codex",
    "GEMINI_API_KEY": "gemini",
}

COMMANDS = [
    ("claude-code", {}, "claude", ["-p", "--output-format", "text"]),
    (
        "claude-code",
        {"output_format": "json", "model": "opus", "extra_args": ("--max-turns", "5")},
        "claude",
        ["-p", "--output-format", "json", "--model", "opus", "--max-turns", "5"],
    ),
    ("codex", {}, "codex", ["exec", "--skip-git-repo-check", "-"]),
    (
        "codex",
        {"output_format": "json", "model": "o", "extra_args": ("--sandbox", "read-only")},
        "codex",
        ["exec", "--skip-git-repo-check", "--model", "o", "--sandbox", "read-only", "-"],
    ),
    ("gemini", {}, "gemini", ["--yolo", "--skip-trust"]),
    (
        "gemini",
        {"output_format": "json", "model": "pro", "extra_args": ("--output-format", "json")},
        "gemini",
        ["--yolo", "--skip-trust", "--model", "pro", "--output-format", "json"],
    ),
]


@pytest.mark.parametrize(("provider", "keys", "program", "argv"), COMMANDS)
async def test_a_program_is_called_with_its_public_flags_and_the_prompt_on_stdin(
    bench: Bench, provider: str, keys: dict[str, Any], program: str, argv: list[str]
) -> None:
    bench.agents.answers({"answer": {"answer": "yes"}})

    await bench.ask(provider, prompt="{{city}}, {{notes}}, {{before}}?", **keys)

    (call,) = bench.agents.calls
    assert (call.program, call.argv, call.prompt) == (program, argv, "Oslo, read, [1]?")
    assert call.folder == call.environment["PWD"] == str(bench.folder)


async def test_gemini_is_called_so_that_it_trusts_the_folder(bench: Bench) -> None:
    bench.agents.write("gemini", '#!/bin/sh\ncase " $* " in *" --skip-trust "*) echo ok;; *) exit 55;; esac\n')

    assert (await bench.ask("gemini")).output.state_delta == {"answer": "ok\n"}


@pytest.mark.parametrize("provider", ["claude-code", "codex", "gemini"])
async def test_a_program_sees_the_keys_of_its_own_provider_only(
    bench: Bench, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, "secret")
    bench.agents.answers({"answer": "yes"})

    await bench.ask(provider)

    (call,) = bench.agents.calls
    assert {name for name in KEYS if name in call.environment} == {n for n, owner in KEYS.items() if owner == provider}


async def test_text_for_several_fields_is_refused_before_anything_is_started(bench: Bench) -> None:
    error = await bench.fail(writes=("a", "b"))

    assert "writes its text to one field, but `writes` names a, b" in error.info.message
    assert "`output_format: json`" in error.info.message
    assert bench.agents.calls == []


MISSING = [
    ("claude-code", "claude", "npm install -g @anthropic-ai/claude-code"),
    ("codex", "codex", "npm install -g @openai/codex"),
    ("gemini", "gemini", "npm install -g @google/gemini-cli"),
]


@pytest.mark.parametrize(("provider", "program", "install"), MISSING)
async def test_a_missing_program_is_an_error_that_says_how_to_install_it(
    bench: Bench, provider: str, program: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    error = await bench.fail(provider)

    assert error.info.type == "NoProgram"
    assert error.info.message.startswith(f"{program}, which {provider} needs, is not on PATH; install ")
    assert install in error.info.message


async def test_a_program_that_cannot_be_started_is_an_error_that_says_why(bench: Bench) -> None:
    program = bench.agents.write("claude", "#!/nowhere/sh\n")

    error = await bench.fail()

    assert error.info.type == "NoProgram"
    assert error.info.message == f"{program} could not be started: No such file or directory"


async def test_the_program_runs_in_its_workdir(bench: Bench) -> None:
    (bench.folder / "repo").mkdir()
    bench.agents.answers({"answer": "yes"})

    await bench.ask(workdir="./repo")

    assert bench.agents.calls[0].folder == str(bench.folder / "repo")
    assert bench.watcher.warnings == []


async def test_a_workdir_elsewhere_is_a_warning(bench: Bench) -> None:
    bench.agents.answers({"answer": "yes"})

    await bench.ask(workdir="..")

    assert bench.watcher.warnings == [".. lies outside the experience's folder"]


async def test_a_workdir_that_is_missing_is_an_error(bench: Bench) -> None:
    error = await bench.fail(workdir="./rpeo")

    assert error.info.message == "rpeo is not a folder; create it or correct `workdir`"


async def test_the_files_of_a_node_are_its_prompt_and_its_schema(bench: Bench) -> None:
    node = bench.node(prompt="./prompts/a.md", schema="b.json")

    assert bench.kind.files(node, {}) == {
        "prompt prompts/a.md": bench.folder / "prompts/a.md",
        "schema b.json": bench.folder / "b.json",
    }
    assert bench.kind.files(bench.node(), {}) == bench.kind.settings(node, {}) == {}


async def test_a_prompt_longer_than_any_argument_or_pipe_arrives(bench: Bench) -> None:
    bench.agents.answers({"answer": "yes"})
    prompt = "é" * 2_000_000

    await bench.ask(prompt=prompt)

    assert bench.agents.calls[0].prompt == prompt


async def test_a_program_that_does_not_read_a_long_prompt_does_not_block(bench: Bench) -> None:
    bench.agents.write("claude", "#!/bin/sh\nprintf done\n")

    assert (await bench.ask(prompt="x" * 1_000_000)).output.state_delta == {"answer": "done"}
