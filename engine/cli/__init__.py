"""The `oe` command: one file per command, loaded when it is called."""

from engine.cli.main import main

__all__ = ["main"]
