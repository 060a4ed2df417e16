"""`oe.openRunPage` and `oe/graph`: the page of a run from any editor, and the graph as data."""

from __future__ import annotations

import httpx2
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import client_capabilities

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor
from tests.support.page_readers import PageReader


async def test_the_page_follows_the_run_and_the_text_and_ends_with_the_editor(weather: Weather) -> None:
    async with Editor(weather.folder, capabilities=client_capabilities("visual_studio_code@v1.65.2")) as editor:
        uri = editor.open()
        action = await editor.action(uri, "Open the page of the run")
        url = (await editor.click(action))["url"]
        shown = editor.shown_documents[-1]
        assert (shown.uri, shown.external) == (url, True)
        reader = PageReader(url)
        assert "No runs yet" in (await reader.get()).text

        # A run that is started from the editor reaches its page
        run_id = (await editor.execute("oe.runExperience", uri))["runId"]
        page = (await reader.get(f"runs/{run_id}")).text
        async with reader.events(page, "0-0") as events:
            await events.until("failed", "page")

            # So does the text, as it is typed
            editor.change(uri, EXPERIENCE.replace("id: report", "id: summary").replace("to: report", "to: summary"))
            await events.until("summary", "graph")
            editor.change(uri, EXPERIENCE + "\n  nodes: [")
            await events.until("has errors", "notice")

            # And the node under the cursor
            editor.change(uri, EXPERIENCE)
            at = types.Position(EXPERIENCE.splitlines().index("      reads: [readings]"), 6)
            await editor.text_document_document_highlight_async(
                types.DocumentHighlightParams(types.TextDocumentIdentifier(uri), at)
            )
            while events.selected != "compare":
                await events.next()

        # The same server serves the page of another run, and refuses one that is not there
        again = await editor.execute("oe.openRunPage", uri, run_id)
        assert again["url"] == f"{url}runs/{run_id}"
        with pytest.raises(JsonRpcException, match="was not found"):
            await editor.execute("oe.openRunPage", uri, "00000000-0000-4000-8000-000000000000")

    with pytest.raises(httpx2.ConnectError):
        await reader.get()
    await reader.close()


async def test_an_untrusted_folder_has_a_page_without_buttons_and_the_address_is_told(weather: Weather) -> None:
    weather.oe("run")

    async with Editor(weather.folder, trusted=False) as editor:
        url = (await editor.execute("oe.openRunPage", editor.open()))["url"]
        reader = PageReader(url)
        page = (await reader.get()).text
        await reader.close()

    assert "failure" in page and "data-action=" not in page
    assert f"The page of the run: {url}" in [message.message for message in editor.messages]


async def test_a_client_that_embeds_pages_opens_them_itself(weather: Weather) -> None:
    async with Editor(weather.folder, options={"embedsPages": True}) as editor:
        assert (await editor.execute("oe.openRunPage", editor.open()))["url"].startswith("http://127.0.0.1:")

        assert editor.shown_documents == []
        assert editor.messages == []


async def test_the_graph_is_that_of_the_last_good_text_with_the_statuses_of_a_run(weather: Weather) -> None:
    run_id = weather.oe("run")
    async with Editor(weather.folder) as editor:
        uri = editor.open()
        graph = await editor.ask("oe/graph", uri=uri, runId=run_id)
        assert [(each.id, each.kind, each.status) for each in graph.vertices] == [
            ("measure", "tool", "completed"),
            ("compare", "tool", "failed"),
            ("report", "tool", "skipped"),
        ]
        assert [edge.to for edge in graph.edges] == ["compare", "report"]
        line = EXPERIENCE.splitlines().index("    - id: compare")
        assert graph.vertices[1].range.start.line == line
        assert graph.isOutdated is False

        editor.change(uri, EXPERIENCE.replace("id: report", "id: [report"))
        broken = await editor.ask("oe/graph", uri=uri)
        assert ([each.id for each in broken.vertices], broken.isOutdated) == (["measure", "compare", "report"], True)
        with pytest.raises(JsonRpcException, match="not open"):
            await editor.ask("oe/graph", uri=editor.uri("other.yaml"))
