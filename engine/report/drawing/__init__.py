"""Pictures of a graph or a run: layout, Mermaid, SVG, lines for a terminal."""
