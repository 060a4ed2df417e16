"""The command `oe.previewPrompt`: what would be sent now for a node, as a document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from engine.log.reading.log_lines import LogLines
from engine.log.reading.reader import UnreadableLogError
from engine.log.storage.run_store import RunStore
from engine.nodes.kind import NodeError
from engine.report.preview.prompt import NoPromptError, prompt_preview
from engine.unsaved_texts import unsaved_texts
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.ide.runs.prompt_document import prompt_document
from oe_lsp.runs.run_histories import LogCache
from oe_lsp.server.features.command_arguments import read_node
from oe_lsp.server.features.command_targets import find_experience
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.present_secrets import present_secrets
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import ShownDocument
from oe_lsp.server.transport.errors import RequestFailedError

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


async def preview_prompt(session: Session, arguments: Sequence[Any]) -> ShownDocument:
    """Show the prompt of a node with the values of the shown run, and with the texts in the editor.

    Raises JsonRpcInvalidParams, and RequestFailedError where the node has no prompt that could be sent.
    """
    given, node_id = read_node(arguments)
    uri = find_experience(session, given)
    shown, texts = session.shown.get(uri), session.documents.open_texts_for(uri)
    run_id = None if shown is None else shown.summary.run_id
    path = experience_path(uri)
    preview = partial(_preview, node_id, run_id, session.state(LogCache), path, texts)
    text = await session.documents.ask(uri, preview)
    if text is None:
        raise RequestFailedError("The prompt cannot be previewed: open the experience, and try again.")
    name = _NOT_IN_NAMES.sub("-", f"prompt-{path.parent.name}-{node_id}")
    return ShownDocument(await session.virtual_documents.show(f"{name}.md", text))


def _preview(
    node_id: str, run_id: str | None, cache: LogCache, path: Path, texts: Mapping[Path, str], snapshot: Snapshot
) -> str:
    """The document. Raises RequestFailedError."""
    experience = snapshot.analysis.experience
    node = next((node for node in experience.nodes if node.id == node_id), None) if experience is not None else None
    if experience is None or node is None:
        raise RequestFailedError(f"There is no node {node_id}, or it has errors.")
    typed = {str(file): text.encode("utf-8", "surrogatepass") for file, text in texts.items()}

    def with_values_of(lines: LogLines | None) -> str:
        preview = prompt_preview(experience, node, path.parent, lines)
        document = prompt_document(preview, run_id if lines is not None else None)
        return present_secrets(snapshot, path.parent).masked(document)

    try:
        with unsaved_texts(typed):
            if run_id is None:
                return with_values_of(None)
            with cache.opened(RunStore(path.parent).log(run_id)) as lines:
                return with_values_of(lines)
    except (NodeError, NoPromptError, UnreadableLogError, OSError) as error:
        raise RequestFailedError(str(error)) from error
