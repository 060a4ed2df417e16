"""`oe runs` as it is mostly asked, answered from the index alone, without what makes a command line: importing that
takes far longer than the answer. What is asked or found otherwise, engine.cli.commands.runs answers, in the same words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timezone

from engine.cli.output.columns import PIPED_WIDTH
from engine.cli.output.run_list import list_for_machines, list_for_people
from engine.log.reading.index_file import runs_that_stand
from engine.log.storage.run_files import RUNS_FOLDER, newest_runs
from engine.log.storage.safe_open import DATA_FOLDER

LIMIT = 20
"""How many runs are listed where nobody says."""

_DEFAULT_WIDTH = 80


def known_answer(arguments: Sequence[str]) -> str | None:
    """What `oe runs ARGUMENTS` prints. None where it takes more than the index to tell, or to understand them."""
    question = _understood(arguments)
    if question is None:
        return None
    folder, limit, for_machines = question
    data = os.path.join(folder, DATA_FOLDER)
    try:
        runs = runs_that_stand(data, newest_runs(os.path.join(data, RUNS_FOLDER))[:limit])
    except OSError:
        return None
    if not runs:
        return None
    return list_for_machines(runs) if for_machines else list_for_people(runs, datetime.now(timezone.utc), room())


def room() -> int:
    """How many characters stdout shows in a line."""
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _DEFAULT_WIDTH
    except OSError:
        return _DEFAULT_WIDTH


def _understood(arguments: Sequence[str]) -> tuple[str, int, bool] | None:
    """The folder, how many runs, and whether for machines; None where anything else is asked, or asked wrongly."""
    folder, limit, for_machines = ".", LIMIT, False
    left = iter(arguments)
    for argument in left:
        option, equals, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        if argument == "--json":
            for_machines = True
        elif option in ("-n", "--limit") and (number := value if equals else next(left, "")).isdecimal():
            limit = int(number)
        elif option == "--experience":
            folder = value if equals else next(left, "")
        else:
            return None
    return (folder, limit, for_machines) if limit > 0 and os.path.isdir(folder) else None
