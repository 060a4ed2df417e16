"""Reads the client's initializationOptions and the user's settings, section `oe`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

from engine.experience.problems import Severity

_OFF = "off"
SECTION = "oe"
"""The name of the settings section."""


class OnEditorClose(Enum):
    """What happens to the runs started here when the editor closes (docs/design.md, The house)."""

    CONTINUE = "continue"
    CANCEL = "cancel"


class OnUnsavedFiles(Enum):
    """What happens to files with unsaved changes before a run, which reads the saved ones."""

    SAVE = "save"
    ASK = "ask"
    REFUSE = "refuse"


class Settings(Struct, frozen=True):
    """The section `oe` (docs/protocol.md, Settings)."""

    lens_runs: int = 5
    lens_prompts: bool = True
    on_editor_close: OnEditorClose = OnEditorClose.CONTINUE
    on_unsaved_files: OnUnsavedFiles = OnUnsavedFiles.SAVE
    confirm_calls: int = 20
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    """Severity overrides by problem code; None hides the problem."""


class ClientOptions(Struct, frozen=True):
    """initializationOptions (docs/protocol.md). `trusted` is None where the client has no workspace trust."""

    trusted: bool | None = None
    wants_events: bool = False
    wants_run_changes: bool = False
    serves_documents: bool = False
    shows_command_errors: bool = False
    saves_files: bool = False
    notifies_run_end: bool = False
    copies_text: bool = False
    embeds_pages: bool = False
    settings: Settings | None = None


def read_settings(section: object) -> Settings:
    """The settings of the section `oe`. A value that is absent or of the wrong type has its default."""
    default = Settings()
    runs = _at(section, "codeLens", "runs")
    on_close = _at(section, "run", "onEditorClose")
    on_unsaved = _at(section, "run", "unsavedFiles")
    calls = _at(section, "run", "confirmCalls")
    return Settings(
        lens_runs=_read_count(runs, default.lens_runs),
        lens_prompts=_at(section, "codeLens", "prompts") is not False,
        on_editor_close=OnEditorClose.CANCEL if on_close == OnEditorClose.CANCEL.value else default.on_editor_close,
        on_unsaved_files=next((each for each in OnUnsavedFiles if each.value == on_unsaved), default.on_unsaved_files),
        confirm_calls=_read_count(calls, default.confirm_calls),
        severities=_read_severities(_at(section, "diagnostics", "severity")),
    )


def read_client_options(options: object) -> ClientOptions:
    """The initializationOptions of `initialize`, which may be any JSON."""
    trusted = _at(options, "trusted")
    section = _at(options, "settings")
    return ClientOptions(
        trusted=trusted if isinstance(trusted, bool) else None,
        wants_events=_at(options, "oeEvents") is True,
        wants_run_changes=_at(options, "runsChanged") is True,
        serves_documents=_at(options, "virtualDocuments") is True,
        saves_files=_at(options, "savesFiles") is True,
        copies_text=_at(options, "copiesText") is True,
        embeds_pages=_at(options, "embedsPages") is True,
        notifies_run_end=_at(options, "notifiesRunEnd") is True,
        shows_command_errors=_at(options, "showsCommandErrors") is True,
        settings=None if section is None else read_settings(section),
    )


def _read_count(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _read_severities(section: object) -> dict[str, Severity | None]:
    known: dict[object, Severity | None] = {severity.value: severity for severity in Severity} | {_OFF: None}
    overrides = section.items() if isinstance(section, Mapping) else ()
    return {str(code): known[name] for code, name in overrides if isinstance(name, str) and name in known}


def _at(value: object, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
