"""`oe trust`: allows code in a folder to run, for editors that cannot ask."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import OeError, examples, experience_folder
from engine.cli.output.printing import print_text
from engine.trusted_folders import TrustedFolders
from engine.user_folder import state_folder


@click.command(
    "trust",
    epilog=examples(
        ("oe trust", "the experience in this folder"),
        ("oe trust examples/city-report", "an experience in another folder"),
        ("oe trust --list", "all trusted folders"),
        ("oe trust --remove .", "ask again before code here runs"),
    ),
)
@click.argument("path", type=click.Path(path_type=Path), required=False, metavar="[PATH]")
@click.option("--list", "lists", is_flag=True, help="Print the trusted folders, one per line.")
@click.option("--remove", type=click.Path(path_type=Path), metavar="PATH", help="Trust the folder PATH no longer.")
def command(path: Path | None, lists: bool, remove: Path | None) -> int:
    """Allow language servers to run code in the folder PATH (default: this folder).

    An experience runs code: its tools, and programs that it names. Editors
    ask before the first run in a folder; this answers yes for one that
    cannot ask. It covers the folder itself, not the folders below it. `oe
    run` and `oe resume` need no trust: whoever calls them has decided.

    Exit code 1 if the folder does not exist, or was not trusted (--remove).
    """
    if sum((path is not None, lists, remove is not None)) > 1:
        raise click.UsageError("give only one of PATH, --list and --remove")
    folders = TrustedFolders(state_folder())
    if lists:
        listed = folders.all()
        for folder in listed:
            print_text(folder)
        if not listed:
            print_text("oe: no folder is trusted. To trust this one: oe trust", err=True)
    elif remove is not None:
        _remove(folders, remove)
    else:
        _add(folders, experience_folder(path or Path()).resolve())
    return 0


def _add(folders: TrustedFolders, folder: Path) -> None:
    folders.add(folder)
    print_text(f"trusted: {folder}. Editors run its experience without asking. Undo with: oe trust --remove PATH")


def _remove(folders: TrustedFolders, path: Path) -> None:
    folder = (path.parent if path.is_file() else path).resolve()
    if not folders.remove(folder):
        raise OeError(f"{folder} is not trusted. `oe trust --list` shows what is.")
    print_text(f"no longer trusted: {folder}")
