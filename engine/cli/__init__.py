"""The command `oe`. It starts in entrypoint.py; commands are imported when they are called."""
