"""The `oe` command: one file per command, loaded when it is called. It starts in start.py."""
