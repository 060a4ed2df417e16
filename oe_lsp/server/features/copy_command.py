"""The command `oe.copyCommand`: the command line of `oe` that does what a command of the server would do."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from lsprotocol import types

from engine.runner.launch_options import engine_options
from oe_lsp.server.features.command_arguments import LATEST, read_new_run, read_resume
from oe_lsp.server.features.command_targets import find_experience
from oe_lsp.server.session.experience_files import experience_path
from oe_lsp.server.session.session import Session
from oe_lsp.server.transport.custom_messages import CopiedCommand

_RESUMES = 2


async def copy_command(session: Session, arguments: Sequence[Any]) -> CopiedCommand:
    """`[uri?, runId?, options?]`: the command that resumes the run; without a run, the one that starts a new run.

    It is also shown, unless the client says that it copies it. Raises JsonRpcInvalidParams, and RequestFailedError
    where no experience is meant.
    """
    text = shlex.join(_words(session, arguments))
    if not session.capabilities.options.copies_text:
        session.client.show(types.MessageType.Info, text)
    return CopiedCommand(text)


def _words(session: Session, arguments: Sequence[Any]) -> list[str]:
    if len(arguments) < _RESUMES or arguments[1] is None:
        new = read_new_run([*arguments[:1], *arguments[2:]])
        return ["oe", "run", str(experience_path(find_experience(session, new.uri))), *engine_options(new.options)]
    given = read_resume(arguments)
    path = experience_path(find_experience(session, given.uri))
    return ["oe", "resume", given.run_id or LATEST, "--experience", str(path), *engine_options(given.options)]
