"""Compares what an isolated run put out with the node's earlier outcome, as a Markdown document. Reads logs."""

from __future__ import annotations

from engine.log.events.events import RunStarted
from engine.log.reading.reader import UnreadableLogError, read_log
from engine.log.storage.run_store import RunStore
from engine.report.executions import history
from engine.report.isolated import isolated_lines, whole_output
from engine.runner.find_run import RunRefusedError, find_logs
from engine.runner.secrets import environment_secrets
from engine.visible import visible
from oe_lsp.ide import markdown


def isolated_result(store: RunStore, run_id: str, started: RunStarted) -> str | None:
    """The comparison for the isolated run `run_id`, which began with `started`; None if a log is gone. Blocking."""
    original = started.original_run_id or ""
    try:
        now = history(read_log(store.log(run_id)).records)
        before = [history(log.records) for log in find_logs(store, original, force=True)]
    except (RunRefusedError, UnreadableLogError, OSError):
        return None
    compared = "\n".join(isolated_lines(now, before, whole_output(store.blobs.read)))
    shown = markdown.block(visible(environment_secrets((), str(store.directory)).masked(compared)))
    name = markdown.code(visible(started.address or ""))
    about = f"On what it last received in run {original[:8]}. Nothing before it and nothing after it ran."
    return f"# Only {name}\n\n{about}\n\n{shown}\n"
