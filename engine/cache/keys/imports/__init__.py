"""The local modules that a tool imports."""
