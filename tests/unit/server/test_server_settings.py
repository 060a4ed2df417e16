"""Settings and client options are read from any JSON (oe_lsp/server/session/settings.py)."""

from __future__ import annotations

from typing import Any

import pytest

from engine.experience.problems import Severity
from oe_lsp.server.session.settings import (
    ClientOptions,
    OnEditorClose,
    OnUnsavedFiles,
    Settings,
    read_client_options,
    read_settings,
)


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        (None, Settings()),
        ("rubbish", Settings()),
        ({}, Settings()),
        ({"codeLens": {"runs": 2}}, Settings(lens_runs=2)),
        ({"codeLens": {"runs": 0}}, Settings(lens_runs=0)),
        ({"codeLens": {"runs": -1}}, Settings()),
        ({"codeLens": {"runs": True}}, Settings()),
        ({"codeLens": {"runs": "3"}}, Settings()),
        ({"codeLens": 3}, Settings()),
        ({"run": {"onEditorClose": "cancel"}}, Settings(on_editor_close=OnEditorClose.CANCEL)),
        ({"run": {"onEditorClose": "continue"}}, Settings()),
        ({"run": {"onEditorClose": "explode"}}, Settings()),
        ({"run": {"unsavedFiles": "ask"}}, Settings(on_unsaved_files=OnUnsavedFiles.ASK)),
        ({"run": {"unsavedFiles": "burn"}}, Settings()),
        ({"run": {"confirmCalls": 0}}, Settings(confirm_calls=0)),
        ({"run": {"confirmCalls": -1}}, Settings()),
        ({"run": {"confirmCalls": True}}, Settings()),
        (
            {"diagnostics": {"severity": {"OE305": "off", "OE406": "error", "OE405": "loud", "OE404": 3}}},
            Settings(severities={"OE305": None, "OE406": Severity.ERROR}),
        ),
        ({"diagnostics": {"severity": "off"}}, Settings()),
    ],
)
def test_settings_of_the_wrong_type_have_their_defaults(section: Any, settings: Settings) -> None:
    assert read_settings(section) == settings


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, ClientOptions()),
        ([], ClientOptions()),
        ({"trusted": False}, ClientOptions(trusted=False)),
        ({"trusted": True, "oeEvents": True}, ClientOptions(trusted=True, wants_events=True)),
        (
            {"showsCommandErrors": True, "savesFiles": True, "notifiesRunEnd": True, "copiesText": True},
            ClientOptions(shows_command_errors=True, saves_files=True, notifies_run_end=True, copies_text=True),
        ),
        ({"trusted": "yes", "oeEvents": 1, "showsCommandErrors": "yes"}, ClientOptions()),
        ({"settings": {"codeLens": {"runs": 1}}}, ClientOptions(settings=Settings(lens_runs=1))),
    ],
)
def test_absent_and_wrong_options_have_their_defaults(options: Any, expected: ClientOptions) -> None:
    assert read_client_options(options) == expected
