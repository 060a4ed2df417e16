"""`oe schema`: prints or writes the JSON Schema of experience.yaml, for editors without oe-lsp."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.options import OeError, examples
from engine.cli.output.printing import print_text
from schemas import event_schema, experience_schema

_FILE = Path("experience.schema.json")
_MODELINE = "# yaml-language-server: $schema=./{name}"


@click.command(
    "schema",
    epilog=examples(
        ("oe schema --write", "writes experience.schema.json to this folder"),
        ("oe schema | jq '.properties | keys'", "the top-level keys"),
        ("oe schema --log -o event.schema.json", "the schema of the run logs"),
    ),
)
@click.option("--write", is_flag=True, help=f"Write {_FILE} to this folder.")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file.")
@click.option("--log", "of_log", is_flag=True, help="Print the schema of run logs instead.")
def command(write: bool, out: Path | None, of_log: bool) -> int:
    """Print the JSON Schema of experience.yaml.

    The oe language server does not need it. Other YAML language servers use
    it if experience.yaml starts with the line that --write prints.
    """
    text = json.dumps(event_schema() if of_log else experience_schema(), indent=2, ensure_ascii=False) + "\n"
    file = out or (_FILE if write else None)
    if file is None:
        click.echo(text, nl=False)
        return 0
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OeError(f"{file} cannot be written: {error.strerror or error}") from error
    print_text(f"wrote {file}")
    if not of_log:
        print_text(f"For editors without oe-lsp, start experience.yaml with: {_MODELINE.format(name=file.name)}")
    return 0
