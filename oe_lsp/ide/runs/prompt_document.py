"""The document that shows what would be sent now for a node."""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.expressions import Json
from engine.report.preview.prompt import PromptPreview
from oe_lsp.ide import markdown


def prompt_document(preview: PromptPreview, run_id: str | None) -> str:
    """Return the prompt as Markdown; `run_id` is the run whose values are in it, None where there is none."""
    return markdown.paragraphs(_parts(preview, run_id)) + "\n"


def _parts(preview: PromptPreview, run_id: str | None) -> Iterator[str]:
    yield f"# Prompt of {markdown.code(preview.node.id)}"
    source = "without a run: only defaults are known" if run_id is None else f"with the values of run {run_id[:8]}"
    yield f"What would be sent now, {source}. Nothing was sent."
    yield "\n".join(_settings(preview))
    if preview.warnings:
        yield "A run would warn:"
        yield "\n".join(f"- {warning}" for warning in preview.warnings)
    if preview.system:
        yield "## System"
        yield markdown.block(preview.system)
    yield "## Prompt"
    yield markdown.block(preview.prompt)
    if preview.tool is not None:
        yield "## Schema of the answer"
        yield f"The answer is given by a call of the tool {markdown.code(preview.tool.name)}."
        yield markdown.block(json.dumps(preview.tool.input_schema, indent=2, ensure_ascii=False), "json")


def _settings(preview: PromptPreview) -> Iterator[str]:
    yield f"- kind: {markdown.code(preview.node.kind.value)}"
    for name, value in preview.settings.items():
        yield f"- {name}: {markdown.code(_text(value))}"
    if preview.item:
        yield f"- for {preview.item}"
    yield f"- about {preview.tokens:,} tokens: an estimate, one for every 3 bytes"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
