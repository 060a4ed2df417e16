"""A node that failed in the shown run is a diagnostic at the node and in its tool's file, while it would fail again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from lsprotocol import types
from msgspec.structs import replace

from engine.log.events.events import ErrorInfo, ExperienceRef, Location
from engine.log.storage.run_store import RunStore
from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor
from tests.support.written_logs import FAILED as NODE_FAILED
from tests.support.written_logs import FAILURE, STARTED, write_log

FAILED = "FileNotFoundError: [Errno 2] No such file or directory: "


def pulling() -> types.ClientCapabilities:
    return types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(
            diagnostic=types.DiagnosticClientCapabilities(related_information=True)
        ),
        workspace=types.WorkspaceClientCapabilities(
            diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
        ),
    )


Diagnostics = Sequence[types.Diagnostic]


async def problems(editor: Editor, uri: str, holds: Callable[[Diagnostics], object]) -> Diagnostics:
    """The problems of a document once `holds`, pulled or pushed as this client does."""

    def pushed() -> list[Diagnostics]:
        found = [params.diagnostics for params in editor.published if params.uri == uri]
        return [each for each in found[-1:] if holds(each)]

    if not editor.pulls_diagnostics:
        return (await editor.until(pushed))[0]  # type: ignore[no-any-return]
    while True:
        refreshes = editor.diagnostic_refresh_count
        if holds(found := await editor.problems_of(uri)):
            return found
        await editor.until(lambda before=refreshes: editor.diagnostic_refresh_count > before)


def in_file(editor: Editor, uri: str) -> Diagnostics:
    """What was pushed last for a file that is no experience; nothing if nothing was."""
    found = [params for params in editor.published if params.uri == uri]
    assert all(params.version is None for params in found)
    return found[-1].diagnostics if found else ()


@pytest.mark.parametrize("capabilities", [None, pulling()], ids=["push", "pull"])
async def test_a_failure_is_shown_where_it_belongs_until_its_inputs_change(
    weather: Weather, capabilities: types.ClientCapabilities | None
) -> None:
    failed = weather.oe("run")
    text = weather.file.read_text()

    async with Editor(weather.folder, capabilities=capabilities) as editor:
        uri, tools = editor.open(), editor.uri("tools.py")
        (found,) = await problems(editor, uri, bool)
        assert (found.code, found.severity, found.source) == ("OE701", types.DiagnosticSeverity.Error, "oe")
        assert found.message.startswith(f"Failed in run {failed[:8]}: {FAILED}")
        assert text.splitlines()[found.range.start.line] == "    - id: compare"

        await editor.until(lambda: in_file(editor, tools))
        (same,) = in_file(editor, tools)
        line = (weather.folder / "tools.py").read_text().splitlines()[same.range.start.line]
        assert line[same.range.start.character : same.range.end.character].startswith(
            'return {"state_delta": {"warmest"'
        )
        assert same.message == found.message.replace("Failed", "compare failed")

        raised, attempt = found.related_information or ()
        assert (raised.location.uri, raised.location.range) == (tools, same.range)
        assert attempt.location.uri == editor.uri(f"state/documents/attempt-{failed[:8]}-compare.md")
        written = (weather.folder / "state" / "documents" / f"attempt-{failed[:8]}-compare.md").read_text()
        assert "Last attempt of `compare`" in written
        assert "Traceback" in written
        node, again = same.related_information or ()
        assert (node.location.uri, node.location.range) == (uri, found.range)
        assert again.location == attempt.location

        editor.change(uri, text.replace("uses: [stations.txt]", "uses: [tools.py]"))
        await problems(editor, uri, lambda found: not found)
        await editor.until(lambda: not in_file(editor, tools))

        editor.change(uri, "# one line more\n" + text)
        (moved,) = await problems(editor, uri, bool)
        assert moved.range.start.line == found.range.start.line + 1
        await editor.until(lambda: in_file(editor, tools))

        editor.change(uri, text)
        weather.mend()
        resumed = (await editor.execute("oe.resumeRun", uri, failed))["runId"]
        await problems(editor, uri, lambda found: not found)
        await editor.until(lambda: not in_file(editor, tools))
        await editor.until_event(resumed, "run.finished")


async def test_a_file_shows_the_failures_of_all_open_experiences_that_use_it(weather: Weather) -> None:
    error = ErrorInfo("ValueError", "no bread", Location("tools.py", 1_000))
    failed = replace(NODE_FAILED, node_id="compare", error=error)
    for name in ("experience.yaml", "experience.yml"):
        (weather.folder / name).write_text(EXPERIENCE)
        started = replace(STARTED, experience=ExperienceRef("weather", "1.0.0", f"/x/{name}"), nodes=("compare",))
        write_log(RunStore(weather.folder), started, failed, FAILURE)

    async with Editor(weather.folder, trusted=False) as editor:  # no plan, so what a run says is all that is known
        tools, last = editor.uri("tools.py"), len((weather.folder / "tools.py").read_text().splitlines())
        first, second = editor.open(), editor.open("experience.yml")
        await editor.until(lambda: len(in_file(editor, tools)) == 2)
        assert {(each.message.partition(" ")[0], each.range.start.line) for each in in_file(editor, tools)} == {
            ("compare", last)
        }

        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(second)))
        await editor.until(lambda: len(in_file(editor, tools)) == 1)

        settings = {"oe": {"diagnostics": {"severity": {"OE701": "off"}}}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await editor.until(lambda: not in_file(editor, tools))
        await problems(editor, first, lambda found: not found)
