"""What is kept of an attempt (engine/log/reading/attempt_files.py), as documents for people."""

from __future__ import annotations

from pathlib import Path

from engine.log.events.events import ErrorInfo, Item, Scope, ScopeKind
from engine.log.reading.attempt_files import AttemptFiles, read_attempt
from engine.log.secrets.masking import Secrets
from engine.log.writing.attempt_outputs import Outputs
from engine.report.node_failures import FailedExecution
from oe_lsp.ide.runs.attempt_documents import attempt_result, sent_prompt

RUN_ID = "4f3a1b2c-1111-4222-8333-444455556666"
FAILED = FailedExecution(
    "review", (Scope(ScopeKind.FANOUT, "review", Item(3, "0" * 16 + "#0")),), ErrorInfo("E", "no answer\x07"), "ab12"
)


def kept(folder: Path, output: bytes = b"") -> AttemptFiles:
    """The files of an attempt that asked twice, as an engine writes and this reads them."""
    outputs = Outputs(folder / "out", Secrets(["hunter22"]))
    (folder / "out").mkdir()
    with outputs.exchange("ab12", str) as exchange, outputs.of("ab12", str) as file:
        exchange.sent({"model": "m", "messages": [{"role": "user", "text": "first"}]})
        exchange.failed("overloaded")
        turns = [("user", "Review ```hunter22```."), ("assistant", "{}"), ("user", "Repair it.")]
        messages = [{"role": role, "text": text} for role, text in turns]
        exchange.sent({"model": "m", "system": "Be brief.", "messages": messages, "tool": {"input_schema": {"a": 1}}})
        exchange.received({"content": "café"})
        file.write(output)
    return read_attempt(folder / "out", "ab12")


def test_the_prompt_is_that_of_the_last_request_with_secrets_masked(tmp_path: Path) -> None:
    text = sent_prompt(RUN_ID, FAILED, kept(tmp_path))

    assert text is not None
    assert text.startswith("# Prompt of `review[3]`\n")
    assert "- model: `m`" in text
    assert "## System\n\n```text\nBe brief.\n```" in text
    assert "## Prompt\n\n````text\nReview ```***```.\n````\n\n## Answer so far" in text
    assert '## Schema of the answer\n\n```json\n{\n  "a": 1\n}' in text
    assert "first" not in text


def test_the_result_is_the_answer_and_the_end_of_what_was_printed(tmp_path: Path) -> None:
    text = attempt_result(RUN_ID, FAILED, kept(tmp_path, b"x" * 70_000 + b"\nthe end \xff\x1b[1m\n"))

    assert text is not None
    assert "no answer␇" in text
    assert '"content": "café"' in text
    assert "The end of it:\n\n```text\nxxx" in text
    assert text.endswith("the end \N{REPLACEMENT CHARACTER}␛[1m\n```\n")
    assert len(text) < 67_000


def test_an_attempt_of_which_nothing_is_kept_has_no_documents(tmp_path: Path) -> None:
    (tmp_path / "secret.log").write_text("of somebody else")
    (tmp_path / "ab12.exchange.jsonl").write_text('{"sent": 1}\nnot JSON\n[]\n')

    for attempt_id in ("../secret", "secret", "ab12"):
        files = read_attempt(tmp_path, attempt_id)
        assert (sent_prompt(RUN_ID, FAILED, files), attempt_result(RUN_ID, FAILED, files)) == (None, None)
