"""What an editor asks for before a run: the declared args, their last values, and whether a value is allowed."""

from __future__ import annotations

import pytest
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import EXPERIENCE, Weather
from tests.lsp.editor import Editor, plain

ARGS = """\
args:
  type: object
  required: [city]
  properties:
    city: { type: string, minLength: 2, description: The city to report on. }
    days: { type: integer, default: 3, maximum: 14 }
    token: { type: string, writeOnly: true, default: public }
    names: { type: array }
"""


async def test_they_come_with_defaults_and_last_values_but_secrets_without(weather: Weather) -> None:
    async with Editor(weather.folder) as editor:
        (weather.folder / "experience.yaml").write_text(EXPERIENCE + ARGS)
        uri = editor.open()

        # Before the first run, there are defaults
        asked = plain(await editor.ask("oe/args", uri=uri))["args"]
        assert [(arg["name"], arg.get("default"), arg.get("last")) for arg in asked] == [
            ("city", None, None),
            ("days", 3, None),
            ("token", None, None),
            ("names", None, None),
        ]
        assert [(arg["isRequired"], arg["isSecret"]) for arg in asked] == [
            (True, False),
            (False, False),
            (False, True),
            (False, False),
        ]
        assert asked[0]["schema"] == {"type": "string", "minLength": 2, "description": "The city to report on."}

        # After it, what was given, except what the log masks
        args = {"city": "Oslo", "days": 5, "token": "sesame-open", "names": ["about sesame-open"]}
        run_id = (await editor.execute("oe.runExperience", uri, {"args": args}))["runId"]
        await editor.until_progress_ends(run_id)
        asked = plain(await editor.ask("oe/args", uri=uri))["args"]
        assert {arg["name"]: arg.get("last") for arg in asked} == {
            "city": "Oslo",
            "days": 5,
            "token": None,
            "names": None,
        }


async def test_a_typed_value_is_read_and_checked_as_the_engine_does(weather: Weather) -> None:
    async with Editor(weather.folder) as editor:
        (weather.folder / "experience.yaml").write_text(EXPERIENCE + ARGS)
        uri = editor.open()

        async def check(name: str, text: str) -> tuple[object, str | None]:
            checked = plain(await editor.ask("oe/checkArg", uri=uri, name=name, text=text))
            return checked["value"], checked.get("problem")

        assert await check("city", "Oslo") == ("Oslo", None)
        assert await check("days", "7") == (7, None)
        assert await check("names", '["a"]') == (["a"], None)
        for name, text, reason in (("city", "O", "minLength"), ("days", "15", "14"), ("days", "NaN", "integer")):
            _, problem = await check(name, text)
            assert problem is not None
            assert reason in problem
        _, problem = await check("names", "[sesame")
        assert problem is not None

        with pytest.raises(JsonRpcException, match="not open"):
            await editor.ask("oe/args", uri=uri.replace("experience", "other"))
