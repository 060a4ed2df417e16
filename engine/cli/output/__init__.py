"""The output of commands: tables, live progress, JSON lines."""
