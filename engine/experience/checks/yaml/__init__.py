"""Mistakes in legal YAML that means something other than its author intended, and follow-ups of YAML errors."""
