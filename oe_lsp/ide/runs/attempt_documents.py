"""Documents about an attempt that failed: the prompt that was sent, and what came back or was printed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from engine.json_types import Json
from engine.log.humanize import place_text
from engine.log.reading.attempt_files import AttemptFiles
from engine.report.node_failures import FailedExecution
from engine.visible import visible
from oe_lsp.ide import markdown

_LONGEST_BLOCK = 64 * 1024
_TEXTS = frozenset({"prompt", "system", "messages", "tool"})


def sent_prompt(run_id: str, failed: FailedExecution, files: AttemptFiles) -> str | None:
    """The prompt of the last request of an attempt, as Markdown; None where it sent none."""
    if files.exchange is None:
        return None
    return markdown.paragraphs(_prompt(run_id, failed, files.exchange.sent)) + "\n"


def attempt_result(run_id: str, failed: FailedExecution, files: AttemptFiles) -> str | None:
    """What an attempt answered and printed, as Markdown; None where nothing is kept of it."""
    parts = list(_result(files))
    if not parts:
        return None
    head = [f"# Last attempt of {_name(failed)}", f"It failed in run {run_id[:8]}:", _block(failed.error.message)]
    return markdown.paragraphs([*head, *parts]) + "\n"


def _prompt(run_id: str, failed: FailedExecution, sent: Mapping[str, Json]) -> Iterator[str]:
    yield f"# Prompt of {_name(failed)}"
    yield f"What the last attempt sent in run {run_id[:8]}, with secrets masked."
    yield "\n".join(
        f"- {name}: {markdown.code(_text(value))}"
        for name, value in sent.items()
        if name not in _TEXTS and value is not None
    )
    if isinstance(system := sent.get("system"), str):
        yield "## System"
        yield _block(system)
    if isinstance(prompt := sent.get("prompt"), str):
        yield "## Prompt"
        yield _block(prompt)
    messages = sent.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict):
            yield "## Prompt" if message.get("role") == "user" else "## Answer so far"
            yield _block(str(message.get("text", "")))
    if isinstance(tool := sent.get("tool"), dict):
        yield "## Schema of the answer"
        yield _block(json.dumps(tool.get("input_schema"), indent=2, ensure_ascii=False), "json")


def _result(files: AttemptFiles) -> Iterator[str]:
    if files.exchange is not None and files.exchange.received is not None:
        yield "## Answer"
        yield _block(json.dumps(files.exchange.received, indent=2, ensure_ascii=False), "json")
    if files.output.strip():
        yield "## Output"
        yield "The end of it:" if files.is_cut else ""
        yield _block(files.output)


def _name(failed: FailedExecution) -> str:
    return markdown.code(visible(place_text(failed.node_id, failed.scope)))


def _text(value: Json) -> str:
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _block(text: str, language: str = "text") -> str:
    shown = visible(text).strip("\n")
    cut = shown if len(shown) <= _LONGEST_BLOCK else f"{shown[:_LONGEST_BLOCK]}\n… {len(shown) - _LONGEST_BLOCK:,} more"
    return markdown.block(cut, language)
