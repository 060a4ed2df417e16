"""`oe init`: creates an experience from a template."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import click

from engine.cli.options import OeError, examples
from engine.cli.output.printing import print_text
from engine.cli.output.shell_commands import shell_word

TEMPLATES: Mapping[str, str] = {
    "tool-only": "two tools in sequence, Python and JavaScript; needs no key",
    "fan-out": "one item for each file of a folder; needs no key",
    "agent": "an agent with structured output, then a tool; needs ANTHROPIC_API_KEY",
    "cli-agent": "Claude Code as a node; needs `claude`",
}
_PLACEHOLDER = "my-experience"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LISTED = "\n".join(f"  {name:<10} {text}" for name, text in TEMPLATES.items())
_HELP = f"""Create an experience in the folder NAME, which must be new or empty.

\b
Templates:
{_LISTED}
"""


@click.command(
    "init",
    help=_HELP,
    epilog=examples(
        ("oe init hello", "then: cd hello, oe run"),
        ("oe init word-count --template fan-out", "from the template fan-out"),
    ),
)
@click.argument("folder", metavar="[NAME]", type=click.Path(path_type=Path), default=Path(_PLACEHOLDER), required=False)
@click.option("--template", type=click.Choice(list(TEMPLATES)), default="tool-only", show_default=True)
@click.option("--list-templates", is_flag=True, help="List the templates; create nothing.")
def command(folder: Path, template: str, list_templates: bool) -> int:
    """Create the folder and print the next steps."""
    if list_templates:
        click.echo(_LISTED)
        return 0
    name = folder.absolute().resolve().name
    if not _NAME.fullmatch(name):
        raise click.UsageError(f"'{name}' is not a valid name: use letters, digits, `-`, `_` and `.`")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OeError(f"{folder} exists and is not an empty folder; choose another name")
        _copy(template, folder, name)
    except OSError as error:
        raise OeError(f"{folder} cannot be created: {error.strerror or error}") from error
    steps = "\n  ".join([f"cd {shell_word(str(folder))}", "oe validate", "oe run", "oe inspect latest"])
    print_text(f"created {folder} from the template {template} ({TEMPLATES[template]}). Next:\n\n  {steps}")
    return 0


def _copy(template: str, folder: Path, name: str) -> None:
    with resources.as_file(resources.files("engine.templates").joinpath(template)) as source:
        shutil.copytree(
            source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".openexpertise")
        )
    for file in (folder / "experience.yaml", folder / "README.md"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(_PLACEHOLDER, name, 1), encoding="utf-8")
    (folder / ".gitignore").write_text(".openexpertise/\n__pycache__/\n", encoding="utf-8")
