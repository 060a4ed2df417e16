"""docs/messages.md lists the texts that users can see as they are now."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_lists_every_message_as_it_is_now() -> None:
    page = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")

    listed = runpy.run_path(str(ROOT / "scripts" / "list_messages.py"))["page"]()

    assert page == listed, "docs/messages.md is out of date: run `make messages`"
