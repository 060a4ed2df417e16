"""Several windows on a folder, runs of other folders, and logs that are cut, replaced or deleted while shown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from engine.log.events.events import NodeStarted, RunStatus
from engine.log.events.timestamps import moment
from engine.log.reading.reader import read_log
from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor
from tests.support.written_runs import WrittenRun

NODES = ("measure", "compare", "report")
GARBAGE = b'\xff\x00garbage\n{"type": "run.started"}\n' * 200


class Runs:
    """Runs that a test writes, which fit no plan; those that it does not end are interrupted at its end."""

    def __init__(self) -> None:
        self._runs: list[WrittenRun] = []

    def begin(self, folder: Path) -> WrittenRun:
        """Up to the start of the second node."""
        run = WrittenRun(folder)
        self._runs.append(run)
        return run.begin(*NODES).complete("measure").write(NodeStarted(node_id="compare", attempt_id="a"))

    def fail(self, folder: Path) -> WrittenRun:
        return self.begin(folder).fail("compare", "no stations").finish(RunStatus.FAILURE)

    def close(self) -> None:
        for run in self._runs:
            run.die()


@pytest.fixture
def runs() -> Iterator[Runs]:
    written = Runs()
    yield written
    written.close()


def signs(hints: list[str]) -> str:
    return "".join(hint[0] for hint in hints)


async def until_signs(editor: Editor, uri: str, expected: str) -> None:
    await editor.until_hints(uri, lambda hints: signs(hints) == expected)


async def test_every_window_shows_a_run_and_only_the_one_that_started_it_announces_its_end(weather: Weather) -> None:
    weather.mend().hold()

    async with Editor(weather.folder, events=False) as one, Editor(weather.folder, events=False) as two:
        uri = one.open()
        assert two.open() == uri

        # A run that was started in a terminal is shown in both, live, and neither announces its end
        terminal = asyncio.create_task(asyncio.to_thread(weather.oe, "run"))
        for window in (one, two):
            await until_signs(window, uri, "✓⟳")
            await window.until_lens(uri, "■ Cancel run")
        weather.release()
        ended = await terminal
        for window in (one, two):
            await until_signs(window, uri, "✓✓✓")
            await window.until_lens(uri, f"▶ Resume run {ended[:8]} · succeeded")

        # One that was started in a window is shown in both, and announced there
        started = (await one.execute("oe.runExperience"))["runId"]
        for window in (one, two):
            await until_signs(window, uri, "✓⟳")
            await window.until_lens(uri, f"■ Cancel run {started[:8]}")
        weather.release()
        for window in (one, two):
            await until_signs(window, uri, "✓✓✓")
            await window.until_progress_ends(started)
        await one.until(lambda: one.messages)
        assert [message.message[:12] for message in one.messages] == [f"Run {started[:8]}"]
        assert two.messages == []


async def test_a_run_of_another_folder_disturbs_nothing(weather: Weather, tmp_path: Path, runs: Runs) -> None:
    other, third = tmp_path / "other", tmp_path / "third"
    for folder in (other, third):
        folder.mkdir()
        (folder / "experience.yaml").write_text(EXPERIENCE)
    runs.fail(weather.folder)

    async with Editor(weather.folder, trusted=False) as editor:
        uri = editor.open()
        await until_signs(editor, uri, "✓✗")
        await editor.until_lens(uri, "▶ Resume run", "failed at compare")
        refreshes, hint_refreshes = editor.refreshes, editor.hint_refreshes

        # One that is not open is followed, and nothing is drawn again for it
        run = runs.begin(other)
        for number in range(30):
            run.write(NodeStarted(node_id=f"{number}", attempt_id="a"))
            await editor.until_event(run.run_id, f"node.started {number}")
        run.fail("compare", "no stations").finish(RunStatus.FAILURE)
        await editor.until_progress_ends(run.run_id)
        assert editor.refreshes - refreshes <= 2  # one was under way, and one due, before it began
        assert editor.hint_refreshes - hint_refreshes <= 2

        # One that is open has hints of its own
        beside = editor.open("third/experience.yaml")
        run = runs.begin(third)
        await until_signs(editor, beside, "✓⟳")
        assert signs(await editor.hints(uri)) == "✓✗"
        run.complete("compare").complete("report").finish(RunStatus.SUCCESS)
        await until_signs(editor, beside, "✓✓✓")
        assert signs(await editor.hints(uri)) == "✓✗"


async def test_a_log_that_is_cut_replaced_or_deleted_while_it_is_shown_is_no_error(
    weather: Weather, runs: Runs
) -> None:
    failed = runs.fail(weather.folder)

    async with Editor(weather.folder, events=False, trusted=False) as editor:
        uri = editor.open()
        await until_signs(editor, uri, "✓✗")

        async def hover() -> None:
            place = types.TextDocumentPositionParams(types.TextDocumentIdentifier(uri), types.Position(9, 11))
            params = types.HoverParams(place.text_document, place.position)
            assert await editor.text_document_hover_async(params) is not None

        # Cut while it runs, in the middle of a line: then the log has what is left, and what came after
        cut = runs.begin(weather.folder)
        log = weather.log(cut.run_id)
        await until_signs(editor, uri, "✓⟳")
        os.truncate(log, log.stat().st_size - 20)
        await hover()
        cut.complete("compare").complete("report").finish(RunStatus.FAILURE)
        await editor.until_lens(uri, f"▶ Resume run {cut.run_id[:8]} · failed")
        await until_signs(editor, uri, "✓✓")

        # Cut after it has ended: it was interrupted
        lines = log.read_bytes().splitlines(keepends=True)
        log.write_bytes(b"".join(lines[:2]) + lines[2][:10])
        await editor.until_lens(uri, f"▶ Resume run {cut.run_id[:8]} · interrupted")
        await until_signs(editor, uri, "✓")

        # Replaced by garbage while it runs: it is shown to its end, and then the one before it
        replaced = runs.begin(weather.folder)
        await until_signs(editor, uri, "✓⟳")
        weather.log(replaced.run_id).write_bytes(GARBAGE)
        await hover()
        replaced.fail("compare", "no stations").finish(RunStatus.FAILURE)
        await until_signs(editor, uri, "✓")
        await editor.until_lens(uri, f"▶ Resume run {cut.run_id[:8]} · interrupted")

        # Replaced by garbage after it has ended
        log.write_bytes(GARBAGE)
        await until_signs(editor, uri, "✓✗")
        await editor.until_lens(uri, f"▶ Resume run {failed.run_id[:8]} · failed")

        # Deleted while it runs, and the last one after it has ended
        deleted = runs.begin(weather.folder)
        await until_signs(editor, uri, "✓⟳")
        weather.log(deleted.run_id).unlink()
        await hover()
        deleted.die()
        await until_signs(editor, uri, "✓✗")
        weather.log(failed.run_id).unlink()
        await until_signs(editor, uri, "")
        await editor.until(lambda: editor.progress_of(deleted.run_id)[-1].kind == "end")
        await hover()

        assert [lens.command.title for lens in await editor.lenses(uri) if lens.command] == [
            "▶ Run (not in an untrusted workspace)"
        ]
        assert (editor.messages, editor.questions) == ([], [])


async def test_hundreds_of_events_a_second_refresh_the_hints_four_times_a_second(weather: Weather, runs: Runs) -> None:
    async with Editor(weather.folder, events=False, progress=False, trusted=False) as editor:
        uri = editor.open()
        await editor.hints(uri)
        run = runs.begin(weather.folder)
        await until_signs(editor, uri, "✓⟳")

        # Each refresh is the cue for a hundred events more
        before = editor.hint_refreshes
        for _ in range(10):
            seen = editor.hint_refreshes
            for _ in range(50):
                run.write(NodeStarted(node_id="compare", attempt_id="b")).complete("compare")
            await editor.until(lambda before=seen: editor.hint_refreshes > before)
        refreshes = editor.hint_refreshes - before
        run.finish(RunStatus.SUCCESS)
        await until_signs(editor, uri, "✓✓")

    records = read_log(weather.log(run.run_id)).records[3:]
    seconds = (moment(records[-1].ts) - moment(records[0].ts)).total_seconds()
    assert len(records) / seconds > 100
    assert refreshes <= 2 + 4 * seconds
