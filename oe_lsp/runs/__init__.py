"""Run logs followed as they grow, and engine processes started. Nothing here knows LSP."""
