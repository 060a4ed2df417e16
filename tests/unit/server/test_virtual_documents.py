"""Documents for clients without virtual documents: files in the user's state folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from oe_lsp.server.session.virtual_documents import VirtualDocuments


async def test_only_the_newest_files_are_kept(tmp_path: Path) -> None:
    documents = VirtualDocuments(cast(Any, None), tmp_path, is_virtual=False)
    for number in range(205):
        (tmp_path / f"old-{number}.md").touch()
        os.utime(tmp_path / f"old-{number}.md", (number, number))

    uri = await documents.put("new.md", "text")

    assert uri == (tmp_path / "new.md").as_uri()
    assert names_in(tmp_path) == {"new.md", *(f"old-{number}.md" for number in range(6, 205))}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
