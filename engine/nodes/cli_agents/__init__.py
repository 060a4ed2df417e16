"""Coding agents' command lines: how they are called, and what they print."""
