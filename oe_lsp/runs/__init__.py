"""Follows the logs of runs, starts engines, remembers trust. Nothing here knows LSP."""
