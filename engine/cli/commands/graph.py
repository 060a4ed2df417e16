"""`oe graph`: draws the graph of an experience, as Mermaid or in the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.loading import load_drawable
from engine.cli.options import examples, path_argument
from engine.cli.output.printing import print_text
from engine.report.drawing.diagram import picture_of_loaded
from engine.report.drawing.lane_graph import terminal_lines
from engine.report.drawing.mermaid import mermaid


@click.command(
    "graph",
    epilog=examples(
        ("oe graph --terminal", "drawn in the terminal"),
        ("oe graph > graph.mmd", "for a ```mermaid block in Markdown"),
        ("oe graph --direction LR", "from left to right"),
    ),
)
@path_argument
@click.option("--terminal", is_flag=True, help="Draw the graph in the terminal.")
@click.option(
    "--direction",
    type=click.Choice(["TD", "LR"]),
    default="TD",
    help="Mermaid: down or right.  [default: TD]",
)
def command(path: Path, terminal: bool, direction: str) -> int:
    """Print the graph of the experience at PATH (a folder or an experience.yaml; default: this folder) as Mermaid.

    Phases, pipelines and loops are drawn as groups, conditions as labels
    of their edges.
    """
    picture = picture_of_loaded(load_drawable(path))
    print_text(
        "\n".join(terminal_lines(picture)) if terminal else mermaid(picture, direction), end="\n" if terminal else ""
    )
    return 0
