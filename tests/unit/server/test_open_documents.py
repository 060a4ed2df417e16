"""Open experiences are analysed in the background, the newest text only (oe_lsp/server/session/documents.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest

from engine.experience import Analysis, analyse
from engine.experience.files.port import Files
from engine.experience.problems import Code
from oe_lsp.ide.document.snapshot import Snapshot
from oe_lsp.server.session import documents
from oe_lsp.server.session.documents import Documents
from oe_lsp.server.session.experience_files import experience_folders, is_experience
from oe_lsp.server.transport.uris import path_of, uri_of

URI = "file:///x/experience.yaml"
SECONDS = 10


class Opened:
    """Documents, and the snapshots that they published."""

    def __init__(self) -> None:
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()
        self.documents = Documents()
        self.documents.subscribe(self.snapshots.put)

    async def next(self) -> Snapshot:
        return await asyncio.wait_for(self.snapshots.get(), SECONDS)


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    opened = Opened()
    yield opened
    opened.documents.close_all()


async def test_a_snapshot_has_the_text_that_was_analysed(opened: Opened) -> None:
    opened.documents.update(URI, 1, "name: [\n")

    snapshot = await opened.next()

    assert (snapshot.version, snapshot.text, snapshot.analysis.text) == (1, "name: [\n", "name: [\n")
    assert snapshot.analysis.problems


async def test_of_many_texts_in_a_row_only_the_last_is_published(opened: Opened) -> None:
    for version in range(1, 50):
        opened.documents.update(URI, version, f"name: x{version}\n")

    assert (await opened.next()).version == 49
    assert opened.snapshots.empty()


async def test_nothing_is_published_for_a_document_that_was_closed_meanwhile(opened: Opened) -> None:
    opened.documents.update(URI, 1, "name: x\n")
    opened.documents.close(URI)
    opened.documents.update("file:///witness/experience.yaml", 1, "name: y\n")

    assert (await opened.next()).uri == "file:///witness/experience.yaml"
    assert opened.documents.text(URI) is None


async def test_a_subscriber_that_fails_does_not_keep_the_snapshot_from_others() -> None:
    async def fail(_: Snapshot) -> None:
        raise ValueError("a mistake")

    documents, published = Documents(), asyncio.Queue[Snapshot]()
    documents.subscribe(fail)
    documents.subscribe(published.put)
    documents.update(URI, 1, "name: x\n")
    await asyncio.wait_for(published.get(), SECONDS)

    snapshot = await asyncio.wait_for(documents.snapshot(URI), SECONDS)

    assert snapshot is not None and snapshot.text == "name: x\n"
    documents.close_all()


class Nested:
    """An experience, sound on disk, in the folder of another one; and what is found in that."""

    def __init__(self, opened: Opened, folder: Path) -> None:
        self._documents = opened.documents
        self.outer, self.inner = (uri_of(folder / name) for name in ("experience.yaml", "inner/experience.yaml"))
        (folder / "inner").mkdir()
        for name in ("tool.py", "inner/tool.py"):
            (folder / name).write_text("def run(given): ...\n")
        (folder / "inner" / "experience.yaml").write_text(self.text("kind: tool, impl: ./tool.py"))

    def text(self, node: str) -> str:
        return f"name: x\nversion: 1.0.0\nstate: {{schema: {{}}}}\ngraph: {{nodes: [{{id: a, {node}}}], edges: []}}\n"

    async def codes(self) -> list[Code]:
        snapshot = await asyncio.wait_for(self._documents.snapshot(self.outer), SECONDS)
        assert snapshot is not None
        return [problem.code for problem in snapshot.analysis.problems]


@pytest.fixture
def nested(opened: Opened, tmp_path: Path) -> Nested:
    return Nested(opened, tmp_path)


async def test_a_nested_experience_opened_at_the_same_time_has_its_unsaved_text(opened: Opened, nested: Nested) -> None:
    """As when a window is restored, with changes that were never saved."""
    opened.documents.update(nested.outer, 1, nested.text("kind: experience, impl: ./inner"))
    opened.documents.update(nested.inner, 1, nested.text("kidn: tool, impl: ./tool.py"))

    assert await nested.codes() == [Code.BROKEN_NESTED]


async def test_a_nested_text_that_changes_during_the_outer_analysis_counts(
    opened: Opened, nested: Nested, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = Event(), Event()

    def slowly(text: str, previous: Analysis | None, files: Files) -> Analysis:
        begun.set()
        assert goes_on.wait(SECONDS)
        return analyse(text, previous, files)

    monkeypatch.setattr(documents, "analyse", slowly)
    opened.documents.update(nested.outer, 1, nested.text("kind: experience, impl: ./inner"))
    assert await asyncio.to_thread(begun.wait, SECONDS)
    opened.documents.update(nested.inner, 1, nested.text("kidn: tool, impl: ./tool.py"))
    goes_on.set()

    assert await nested.codes() == [Code.BROKEN_NESTED]


async def test_a_newly_nested_experience_has_its_unsaved_text(opened: Opened, nested: Nested) -> None:
    opened.documents.update(nested.outer, 1, nested.text("kind: tool, impl: ./tool.py"))
    assert await nested.codes() == []

    opened.documents.update(nested.inner, 1, nested.text("kidn: tool, impl: ./tool.py"))
    opened.documents.update(nested.outer, 2, nested.text("kind: experience, impl: ./inner"))

    assert await nested.codes() == [Code.BROKEN_NESTED]


async def test_a_document_that_was_closed_can_be_opened_again_with_a_lower_version(opened: Opened) -> None:
    opened.documents.update(URI, 7, "name: x\n")
    opened.documents.close(URI)
    opened.documents.update(URI, 1, "name: y\n")

    assert (await opened.next()).text == "name: y\n"


@pytest.mark.parametrize(
    ("uri", "language", "concerns"),
    [
        ("file:///a/experience.yaml", "yaml", True),
        ("file:///a/experience.yml", "", True),
        ("untitled:Untitled-1", "oe-experience", True),
        ("file:///a/Experience.yaml", "yaml", False),
        ("file:///experience.yaml/other.yaml", "yaml", False),
    ],
)
def test_an_experience_is_known_by_its_name_or_its_language(uri: str, language: str, concerns: bool) -> None:
    assert is_experience(uri, language) is concerns


@pytest.mark.parametrize("name", ["experience.yaml", "with space/ü ß.yaml", "100%/a#b?c.yaml"])
def test_a_path_round_trips_through_a_uri(name: str) -> None:
    assert path_of(uri_of(Path("/x") / name)) == Path("/x") / name


def test_an_untitled_document_has_no_path() -> None:
    assert path_of("untitled:Untitled-1") is None


def test_experiences_are_found_below_a_folder_but_not_in_dependencies(tmp_path: Path) -> None:
    for name in ("experience.yaml", "a/b/experience.yml", "node_modules/x/experience.yaml", ".git/experience.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert experience_folders(tmp_path) == {tmp_path, tmp_path / "a" / "b"}


async def test_an_overdue_analysis_is_one_warning_until_the_text_changes() -> None:
    def slowly(text: str, previous: Analysis | None, files: Files) -> Analysis:
        while "endless" in text:
            pass
        return analyse(text, previous, files)

    published: asyncio.Queue[Snapshot] = asyncio.Queue()
    documents = Documents(slowly, limit=0.1)
    documents.subscribe(published.put)
    documents.update(URI, 1, "name: endless\nversion: 1.0.0\n")
    documents.update("file:///y/experience.yaml", 1, "name: [\n")

    first = await asyncio.wait_for(published.get(), SECONDS)
    second = await asyncio.wait_for(published.get(), SECONDS)
    documents.update(URI, 2, "name: x\n")
    third = await asyncio.wait_for(published.get(), SECONDS)

    [problem] = next(shot for shot in (first, second) if shot.uri == URI).analysis.problems
    assert problem.code is Code.LIMIT_EXCEEDED
    assert problem.message.startswith("Checking took over 0.1 s and was stopped")
    assert (third.version, third.analysis.problems) == (2, analyse("name: x\n").problems)


async def test_an_overdue_request_finds_nothing() -> None:
    documents = Documents(limit=0.1)
    documents.update(URI, 1, "name: x\n")

    def never_finds(snapshot: Snapshot) -> int:
        while True:
            pass

    assert await documents.ask(URI, never_finds) is None
    assert await documents.ask(URI, lambda snapshot: snapshot.version) == 1
