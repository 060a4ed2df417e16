"""Coding agents: their command lines and the formats of their output."""
