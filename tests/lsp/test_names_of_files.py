"""Files and folders whose names are not UTF-8, or contain characters special to URIs, terminals and shells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.visible import visible
from tests.lsp.conftest import Weather
from tests.lsp.editor import Editor

NAMES = [b"caf\xe9", b"\xff\xfe", b"a b#c?d%41;e", b"line\nbreak\ttab\x1b[31m", "\u202ecod.exe\u00e9e\u0301".encode()]


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.long if at else (), id=ascii(name)) for at, name in enumerate(NAMES)]
)
def weather(tmp_path: Path, request: pytest.FixtureRequest) -> Weather:
    """An experience in a folder with such a name."""
    folder = tmp_path / os.fsdecode(request.param)
    folder.mkdir()
    return Weather(folder)


async def test_an_experience_in_an_oddly_named_folder_is_checked_run_and_resumed(weather: Weather) -> None:
    failed = weather.oe("run")
    weather.mend()
    async with Editor(weather.folder, env={"OE_STATE_DIR": str(weather.folder.parent / "state")}) as editor:
        uri = editor.open(text=weather.file.read_text() + "colour: red\n")
        assert [problem.code for problem in await editor.problems_of(uri)] == ["OE204"]
        editor.change(uri, weather.file.read_text())

        lens = await editor.lens(uri, f"▶ Resume run {failed[:8]} · failed at compare · ")
        run_id = (await editor.click(lens))["runId"]
        end = await editor.until_progress_ends(run_id)

        assert end.message.startswith("succeeded: 1 cached, 2 completed · ")
        assert {event["uri"] for event in editor.events} == {uri}
        await editor.until_lens(uri, f"▶ Resume run {run_id[:8]} · succeeded · just now")


async def test_the_question_for_permission_names_the_folder_and_works_without_a_state_folder(
    weather: Weather,
) -> None:
    weather.mend()
    async with Editor(weather.folder, trusted=None, answer="Run", env={"OE_STATE_DIR": "/dev/null/nowhere"}) as editor:
        run_id = (await editor.execute("oe.runExperience", editor.open()))["runId"]
        await editor.until_progress_ends(run_id)

    (question,) = editor.questions
    assert visible(str(weather.folder)) in question
