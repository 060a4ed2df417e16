"""Reuse of outcomes: fingerprints and the input hash, restore or run, the plan."""
