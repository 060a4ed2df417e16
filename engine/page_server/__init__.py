"""Serves the pages of runs to browsers on this machine (docs/design.md, The served page)."""
