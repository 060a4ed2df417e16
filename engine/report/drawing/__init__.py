"""Drawings of graphs and runs: layout, Mermaid, SVG, terminal."""
