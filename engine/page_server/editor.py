"""What an editor tells the server over stdin, a JSON object a line (docs/protocol.md, The page of a run)."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct, UnsetType

from engine.canonical import hash_bytes
from engine.experience.load import InvalidExperienceError, load_text_alone
from engine.file_names import as_on_disk
from engine.page_server.live_run import TypedText
from engine.page_server.served_runs import ServedRuns
from engine.report.drawing.disk_picture import picture_with_nested

log = logging.getLogger(__name__)

_LONGEST_LINE = 64 * 1024 * 1024


class EditorMessage(Struct, frozen=True, rename="camel"):
    """A line. `text` is that of the experience `file`, null once it is closed; `select` the node under the cursor, null
    for none; `may_act` whether code may run, and pages have buttons. What is left out stays as it was.
    """

    file: str = "experience.yaml"
    text: str | UnsetType | None = UNSET
    select: str | UnsetType | None = UNSET
    may_act: bool | UnsetType = UNSET


async def read_editor(runs: ServedRuns) -> None:
    """Show what the lines of stdin tell, until it is closed."""
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    decode = msgspec.json.Decoder(EditorMessage).decode
    while line := await _line(reader):
        try:
            message = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("a line of the editor cannot be read: %s", error)
            continue
        await show(message, runs)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:  # longer than any text that an experience may have
        return b"null"


async def show(message: EditorMessage, runs: ServedRuns) -> None:
    """Let pages show what a message tells."""
    if not isinstance(message.may_act, UnsetType):
        runs.allow(may_act=message.may_act)
    if not isinstance(message.text, UnsetType):
        before = runs.typed.get(message.file)
        path = runs.store.directory / as_on_disk(message.file)
        typed = await asyncio.to_thread(typed_text, path, message.text, before)
        runs.show_text(message.file, typed)
    if not isinstance(message.select, UnsetType):
        runs.select(message.select)


def typed_text(path: Path, text: str | None, before: TypedText | None) -> TypedText | None:
    """The graph of `text`, or that of the last good one where this has errors; None if there is none of either."""
    if text is None:
        return None
    digest = hash_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return TypedText(picture_with_nested(load_text_alone(path, text)), digest)
    except InvalidExperienceError:
        return None if before is None else TypedText(before.picture, digest, is_broken=True)
