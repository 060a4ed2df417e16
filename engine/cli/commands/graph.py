"""`oe graph`: the graph of an experience, for a page or for the terminal."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.loading import load_drawable
from engine.cli.options import examples, path_argument
from engine.cli.output.echo import say
from engine.experience.graph import build_graph
from engine.experience.load import Loaded
from engine.experience.source.locate import as_json
from engine.report.drawing.diagram import Picture, picture_of
from engine.report.drawing.lane_graph import terminal_lines
from engine.report.drawing.mermaid import mermaid


@click.command(
    "graph",
    epilog=examples(
        ("oe graph --terminal", "drawn with lines, here"),
        ("oe graph > graph.mmd", "GitHub draws it in Markdown, between ```mermaid and ```"),
        ("oe graph --direction LR", "from left to right"),
    ),
)
@path_argument
@click.option("--terminal", is_flag=True, help="Draw it here, with lines.")
@click.option("--direction", type=click.Choice(["TD", "LR"]), default="TD", help="Mermaid: down or right.  [TD]")
def command(path: Path, terminal: bool, direction: str) -> int:
    """Print the graph of the experience at PATH (a folder or an experience.yaml; default: this folder) as Mermaid.

    Phases, pipelines and loops are drawn as groups, conditions stand on
    their edges.
    """
    picture = picture_of_loaded(load_drawable(path))
    say("\n".join(terminal_lines(picture)) if terminal else mermaid(picture, direction), end="\n" if terminal else "")
    return 0


def picture_of_loaded(loaded: Loaded) -> Picture:
    """The picture of an experience that was loaded, with the titles of its phases."""
    root = loaded.analysis.tree.root
    document = as_json(root.value) if root is not None else None
    phases = document.get("phases") if isinstance(document, dict) else None
    titles = {
        str(phase["id"]): str(phase.get("title") or phase["id"])
        for phase in (phases if isinstance(phases, list) else ())
        if isinstance(phase, dict) and "id" in phase
    }
    return picture_of(loaded.experience, build_graph(loaded.experience), titles)
